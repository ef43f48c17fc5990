/* The table of report commands and what is read off it, see commands_table.h. */
#include "driver/commands_table.h"

static const bool yes = true;
static const bool no = false;

#define TEXT_OUT(name, format, usage, nodecount, summary)                                          \
	{                                                                                          \
		name, format, false, NULL, false, COMMAND_STDOUT, NULL, NULL, usage, false,        \
		    nodecount, NULL, NULL, summary                                                 \
	}
#define DRAWN(name, dot, massage, show, viewer, summary)                                           \
	{                                                                                          \
		name, REPORT_DOT, false, dot, massage, show, dot, viewer, COMMAND_USAGE_GRAPH,     \
		    false, 80, NULL, NULL, summary                                                 \
	}

/* Sorted by name. */
const struct command commands[] = {
	{ "callgrind", REPORT_CALLGRIND, false, NULL, false, COMMAND_FILE, "callgraph.out", NULL,
	    COMMAND_USAGE_GRAPH, true, 80, "addresses", NULL, "Call graph for callgrind viewers" },
	TEXT_OUT(
	    "comments", REPORT_COMMENTS, COMMAND_USAGE_NONE, 80, "Comments stored in the profile"),
	{ "disasm", REPORT_DISASM, true, NULL, false, COMMAND_STDOUT, NULL, NULL,
	    COMMAND_USAGE_SYMBOL, true, 0, "addresses", &yes,
	    "Machine code of matching functions, with samples" },
	TEXT_OUT("dot", REPORT_DOT, COMMAND_USAGE_GRAPH, 80, "Call graph in Graphviz's language"),
	DRAWN("eog", "svg", false, COMMAND_VIEWER, "eog", "Call graph, shown by eog"),
	DRAWN("evince", "pdf", false, COMMAND_VIEWER, "evince", "Call graph, shown by evince"),
	{ "flamegraph", REPORT_FLAME, false, NULL, false, COMMAND_FILE, "html", NULL,
	    COMMAND_USAGE_GRAPH, true, 80, NULL, NULL,
	    "Flame graph as one HTML file that needs no server" },
	TEXT_OUT("folded", REPORT_FOLDED, COMMAND_USAGE_NONE, 80,
	    "One line per stack, for flame graph scripts"),
	DRAWN("gif", "gif", false, COMMAND_FILE, NULL, "Call graph as a GIF image"),
	DRAWN("gv", "ps", false, COMMAND_VIEWER, "gv --noantialias", "Call graph, shown by gv"),
	{ "kcachegrind", REPORT_CALLGRIND, false, NULL, false, COMMAND_VIEWER, "grind",
	    "kcachegrind", COMMAND_USAGE_GRAPH, true, 80, "addresses", NULL,
	    "Call graph, shown by KCachegrind" },
	{ "list", REPORT_LIST, true, NULL, false, COMMAND_STDOUT, NULL, NULL, COMMAND_USAGE_SYMBOL,
	    true, 0, "lines", NULL, "Source of matching functions, with samples" },
	DRAWN("pdf", "pdf", false, COMMAND_FILE, NULL, "Call graph as a PDF document"),
	{ "peek", REPORT_TREE, true, NULL, false, COMMAND_STDOUT, NULL, NULL, COMMAND_USAGE_PEEK,
	    true, 0, NULL, NULL, "Callers and callees of matching functions" },
	DRAWN("png", "png", false, COMMAND_FILE, NULL, "Call graph as a PNG image"),
	{ "proto", REPORT_PROTO, false, NULL, false, COMMAND_FILE, "pb.gz", NULL,
	    COMMAND_USAGE_NONE, true, 80, "addresses", NULL, "The profile itself, compressed" },
	DRAWN("ps", "ps", false, COMMAND_FILE, NULL, "Call graph in PostScript"),
	{ "raw", REPORT_RAW, false, NULL, false, COMMAND_STDOUT, NULL, NULL, COMMAND_USAGE_NONE,
	    true, 80, "addresses", NULL, "Everything in the profile, as text" },
	DRAWN("svg", "svg", true, COMMAND_FILE, NULL, "Call graph as an SVG image"),
	TEXT_OUT("tags", REPORT_TAGS, COMMAND_USAGE_TAGS, 80, "Labels of the samples"),
	TEXT_OUT("text", REPORT_TEXT, COMMAND_USAGE_SORTED, 0, "The heaviest entries"),
	TEXT_OUT("top", REPORT_TEXT, COMMAND_USAGE_SORTED, 0, "The heaviest entries"),
	{ "topproto", REPORT_TOPPROTO, false, NULL, false, COMMAND_FILE, "pb.gz", NULL,
	    COMMAND_USAGE_NONE, false, 0, NULL, NULL, "The heaviest entries as a profile" },
	TEXT_OUT("traces", REPORT_TRACES, COMMAND_USAGE_NONE, 80, "Every sample with its stack"),
	TEXT_OUT("tree", REPORT_TREE, COMMAND_USAGE_SORTED, 80, "Call graph as text"),
	DRAWN("web", "svg", true, COMMAND_BROWSER, NULL, "Call graph, shown by a browser"),
	{ "weblist", REPORT_WEBLIST, true, NULL, false, COMMAND_BROWSER, "html", NULL,
	    COMMAND_USAGE_SYMBOL, true, 0, "addresses", &no,
	    "Source and machine code of matching functions, shown by a browser" },
};
const size_t n_commands = sizeof commands / sizeof commands[0];

const struct command *command_find(struct str name)
{
	for (size_t i = 0; i < n_commands; i++)
		if (str_is(name, commands[i].name))
			return &commands[i];
	return NULL;
}

void command_override(const struct command *c, struct config *config)
{
	if (c->granularity)
		config->granularity = str_c(c->granularity);
	else if (c->format == REPORT_FLAME && config->granularity.n == 0)
		config->granularity = STR("filefunctions");
	if (c->noinlines)
		config->noinlines = *c->noinlines;
	if (config->nodecount == -1)
		config->nodecount = c->nodecount;
	if (config->trim && !c->untrimmed)
		return;
	config->nodecount = 0;
	config->nodefraction = 0;
	config->edgefraction = 0;
}

static void graph_help(const struct command *c, const char *more, struct buf *out)
{
	bool redirect = c->show == COMMAND_STDOUT || c->show == COMMAND_FILE;

	buf_printf(
	    out, "    %s [n] [focus]* [-ignore]*%s%s\n", c->name, more, redirect ? " [>file]" : "");
	buf_printf(out,
	    "    At most n entries, of samples that match focus and do not match ignore\n"
	    "    (regular expressions).\n");
	if (*more)
		buf_printf(out, "    -cum orders by cumulative value.\n");
}

void command_help(const struct command *c, struct buf *out)
{
	buf_printf(out, "%s\n", c->summary);
	if (c->usage != COMMAND_USAGE_NONE)
		buf_printf(out, "  Usage:\n");
	switch (c->usage) {
	case COMMAND_USAGE_SORTED:
		graph_help(c, " [-cum]", out);
		break;
	case COMMAND_USAGE_GRAPH:
		graph_help(c, "", out);
		break;
	case COMMAND_USAGE_SYMBOL:
		buf_printf(out,
		    "    %s <function|address> [focus]* [-ignore]*%s\n"
		    "    Functions that match a regular expression, or the one at an address.\n",
		    c->name, c->show == COMMAND_STDOUT ? " [>file]" : "");
		break;
	case COMMAND_USAGE_PEEK:
		buf_printf(out, "    peek <function> [focus]* [-ignore]* [>file]\n"
				"    Functions that match a regular expression.\n");
		break;
	case COMMAND_USAGE_TAGS:
		buf_printf(out,
		    "    tags [focus]* [-ignore]* [>file]\n"
		    "    Of samples whose labels match focus and do not match ignore.\n");
		break;
	case COMMAND_USAGE_NONE:
		break;
	}
	buf_char(out, '\n');
}
