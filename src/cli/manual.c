/* The manual page, see manual.h. Lines are roff: a '.' or ''' at their start must be escaped. */
#include "cli/manual.h"

#include "cli/subcommands.h"
#include "driver/commands_table.h"
#include "driver/launch.h"
#include "driver/options_table.h"
#include "driver/usage.h"
#include "driver/verdicts.h"

static const char head[] =
    ".TH PPROF 1 \"\" \"libpprof " PPROF_VERSION "\" \"User Commands\"\n"
    ".SH NAME\n"
    "pprof \\- show where a program spends its time and memory\n"
    ".SH SYNOPSIS\n"
    ".B pprof\n.I format\n.RI [ options ]\n.RI [ binary ]\n.IR source ...\n.br\n"
    ".B pprof\n.RI [ options ]\n.RI [ binary ]\n.IR source ...\n.br\n"
    ".B pprof \\-http\n.RI [ host ]:[ port ]\n.RI [ options ]\n.RI [ binary ]\n.IR source ...\n"
    ".br\n"
    ".B pprof run\n.RI [ options ]\n.I command\n.RI [ argument ]...\n.br\n"
    ".B pprof leaks\n.RI [ options ]\n.RI [ binary ]\n.IR source ...\n"
    ".SH DESCRIPTION\n"
    "Reads profiles and prints reports: the heaviest functions, call graphs, annotated source.\n"
    "A source is a file or a URL such as http://localhost:6060/debug/pprof/heap, or on a Unix\n"
    "socket unix:/run/app.sock:/debug/pprof/heap; several are merged. Files are profile.proto\n"
    "(plain, gzip or zstd), the older text and binary formats, Linux perf's perf.data, or folded\n"
    "stacks.\n"
    ".PP\n"
    "With a format one report is printed. Without, commands are read in a shell, where\n"
    ".B help\nlists them; with\n.B \\-http\nreports are shown in a browser.\n"
    ".PP\n"
    ".I binary\nis the program the profile was taken from, when the profile does not name it.\n";

static const char tail[] =
    ".SH FILES\n"
    ".TP\n.I $HOME/pprof\nprofiles that were fetched, unless\n.B PPROF_TMPDIR\nsays otherwise\n"
    ".TP\n.I $HOME/.local/state/pprof/history\nlines typed into the shell\n"
    ".SH EXIT STATUS\n"
    "0 after success, 2 after an error; that of the command for\n.BR \"pprof run\" ;\nfor\n"
    ".B pprof leaks\n0 when there is no leak, 1 when there is one, 3 when that is undecided.\n"
    ".SH ENVIRONMENT\n";

/* Text without roff's own characters. */
static void add_roff(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		bool line_start = i == 0 || text.p[i - 1] == '\n';

		if (line_start && (text.p[i] == '.' || text.p[i] == '\''))
			BUF_LIT(out, "\\&");
		if (text.p[i] == '\\' || text.p[i] == '-')
			buf_char(out, '\\');
		buf_char(out, text.p[i]);
		if (text.p[i] == '\\')
			buf_char(out, 'e');
	}
	buf_char(out, '\n');
}

static void add_entry(struct buf *out, const char *name, const char *argument, const char *help)
{
	buf_printf(out, ".TP\n.BR \\-");
	for (const char *c = name; *c; c++)
		buf_printf(out, "%s%c", *c == '-' ? "\\" : "", *c);
	if (argument)
		buf_printf(out, " =\\fI%s\\fR", argument);
	buf_char(out, '\n');
	add_roff(out, str_c(help));
}

static void add_options(struct buf *out, const struct option *table, size_t n)
{
	const char *group = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct option *o = &table[i];

		if (o->group && (!group || strcmp(group, o->group) != 0))
			buf_printf(out, ".SS %s\n", o->group);
		group = o->group;
		for (const struct option_choice *c = o->choices; c && c->name; c++)
			add_entry(out, c->name, NULL, c->help);
		if (!o->choices)
			add_entry(out, o->name, o->argument, o->help);
	}
}

static void add_environment(struct buf *out)
{
	struct buf table = { 0 };

	for (size_t i = 0; i < n_usage_variables; i++) {
		buf_printf(out, ".TP\n.B %s\n", usage_variables[i].name);
		add_roff(out, str_c(usage_variables[i].help));
	}
	launch_environment(&table);
	BUF_LIT(out, ".PP\nA program that is linked with libpprof or started by\n"
		     ".B pprof run\nobeys:\n.nf\n");
	add_roff(out, buf_str(&table));
	BUF_LIT(out, ".fi\n");
	buf_release(&table);
}

void manual_page(struct buf *out)
{
	buf_printf(out, "%s", head);
	BUF_LIT(out, ".SH FORMATS\nAt most one.\n");
	for (size_t i = 0; i < n_commands; i++)
		add_entry(out, commands[i].name, commands[i].has_param ? "regex" : NULL,
		    commands[i].summary);
	BUF_LIT(out, ".SH OPTIONS\n.SS Reports\n");
	add_options(out, config_options, n_config_options);
	add_options(out, request_options, n_request_options);
	BUF_LIT(out, ".SH PPROF RUN\nStarts a command with the profiler in it.\n");
	add_options(out, launch_options, n_launch_options);
	BUF_LIT(out,
	    ".SH PPROF LEAKS\nSays whether a program leaks memory, where, how fast, and until "
	    "when it lasts.\nA source is the URL of a running program, which is watched, "
	    "or its saved heap profiles\nin order of time, a directory of them, or a state "
	    "file.\n");
	add_options(out, verdicts_options, n_verdicts_options);
	buf_printf(out, "%s", tail);
	add_environment(out);
}
