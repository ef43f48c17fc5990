/*
 * The tables of options, see options_table.h, and nothing else: how values are read and printed
 * is in option_value.c.
 */
#include "driver/options_table.h"

#include "driver/config.h"
#include "driver/request.h"

#define AT(field)  offsetof(struct config, field)
#define REQ(field) offsetof(struct request, field)

static const struct option_choice sort_choices[] = {
	{ "cum", "Order by cumulative value" },
	{ "flat", "Order by own value" },
	{ NULL, NULL },
};

static const struct option_choice granularity_choices[] = {
	{ "functions", "One entry per function name" },
	{ "filefunctions", "One entry per function and its file" },
	{ "files", "One entry per source file" },
	{ "lines", "One entry per source line" },
	{ "addresses", "One entry per code address, with its function and line" },
	{ NULL, NULL },
};

const struct option config_options[] = {
	{ "output", OPTION_STRING, AT(output), "", NULL, false, NULL, "file", NULL,
	    "Write the report to this file" },

	{ "call_tree", OPTION_BOOL, AT(call_tree), "false", "calltree", true, NULL, NULL, NULL,
	    "Keep different call paths apart\n"
	    "A function reached in two ways becomes two nodes. Honoured by dot (and what is drawn\n"
	    "with it) and callgrind." },
	{ "relative_percentages", OPTION_BOOL, AT(relative_percentages), "false", "rel", true, NULL,
	    NULL, NULL,
	    "Take percentages of what the filters leave\n"
	    "Without it, percentages are of the whole profile, so that filtered and unfiltered\n"
	    "reports can be compared." },
	{ "unit", OPTION_STRING, AT(unit), "minimum", "unit", true, NULL, "unit", NULL,
	    "Unit of the printed values\n"
	    "minimum picks one unit for the whole report, auto one for each value; otherwise the\n"
	    "name of a unit: ns, us, ms, s, min, hrs, days; B, kB, MB, GB, TB, PB." },
	{ "compact_labels", OPTION_BOOL, AT(compact_labels), "false", "compact", true, NULL, NULL,
	    NULL, "Leave out the header lines about the profile" },
	{ "source_path", OPTION_STRING, AT(source_path), "", NULL, false, NULL, "path", NULL,
	    "Directories in which source files are searched, separated by ':'" },
	{ "trim_path", OPTION_STRING, AT(trim_path), "", "trim_path", false, NULL, "path", NULL,
	    "Prefixes cut off the source paths of the profile, separated by ':'" },
	{ "intel_syntax", OPTION_BOOL, AT(intel_syntax), "false", "intel", true, NULL, NULL, NULL,
	    "Print x86 assembly in Intel's syntax\n"
	    "Honoured by disasm and weblist." },
	{ "mean", OPTION_BOOL, AT(mean), "false", "mean", true, NULL, NULL, NULL,
	    "Divide values by the first value (the count) of each sample\n"
	    "Bytes per allocation for heap profiles, delay per event for contention profiles." },
	{ "sample_index", OPTION_STRING, AT(sample_index), "", "si", false, NULL, "type", NULL,
	    "Which value of the samples to report, by name or number\n"
	    "A profile may hold several values per sample; numbers start at 0." },
	{ "divide_by", OPTION_FLOAT, AT(divide_by), "1", "divide", false, NULL, "n", NULL,
	    "Divide all printed values by this number\n"
	    "For example the number of processors, or of jobs that were merged." },
	{ "normalize", OPTION_BOOL, AT(normalize), "false", "norm", true, NULL, NULL, NULL,
	    "Scale the profile to the total of the base profile" },
	{ "sort", OPTION_CHOICE, AT(sort), "flat", "sort", true, NULL, NULL, sort_choices,
	    "Order of the entries" },

	{ "tagroot", OPTION_STRING, AT(tagroot), "", "tagroot", true, NULL, "keys", NULL,
	    "Put the values of these labels above the stacks, as frames\n"
	    "A comma-separated list of label keys; the first one becomes the outermost frame." },
	{ "tagleaf", OPTION_STRING, AT(tagleaf), "", "tagleaf", true, NULL, "keys", NULL,
	    "Put the values of these labels below the stacks, as frames\n"
	    "A comma-separated list of label keys; the last one becomes the leaf." },

	{ "drop_negative", OPTION_BOOL, AT(drop_negative), "false", "dropneg", true, NULL, NULL,
	    NULL, "Leave out entries with negative values" },
	{ "nodecount", OPTION_INT, AT(nodecount), "-1", "n", true, NULL, "n", NULL,
	    "Show at most this many entries\n"
	    "-1 leaves the choice to the command, 0 shows all." },
	{ "nodefraction", OPTION_FLOAT, AT(nodefraction), "0.005", "nf", true, NULL, "f", NULL,
	    "Leave out entries below this fraction of the total" },
	{ "edgefraction", OPTION_FLOAT, AT(edgefraction), "0.001", "ef", true, NULL, "f", NULL,
	    "Leave out calls below this fraction of the total" },
	{ "trim", OPTION_BOOL, AT(trim), "true", "trim", true, NULL, NULL, NULL,
	    "Obey nodecount, nodefraction and edgefraction\n"
	    "With trim=false everything is shown." },
	{ "focus", OPTION_STRING, AT(focus), "", "f", true, NULL, "regex", NULL,
	    "Keep only samples with a frame that matches\n"
	    "Function, file and binary names are compared." },
	{ "ignore", OPTION_STRING, AT(ignore), "", "i", true, NULL, "regex", NULL,
	    "Drop samples with a frame that matches\n"
	    "Function, file and binary names are compared." },
	{ "prune_from", OPTION_STRING, AT(prune_from), "", "prunefrom", true, NULL, "regex", NULL,
	    "Drop the frames called from a matching one" },
	{ "hide", OPTION_STRING, AT(hide), "", "h", true, NULL, "regex", NULL,
	    "Leave out frames that match\n"
	    "The other frames of the samples stay. Function, file and binary names are compared." },
	{ "show", OPTION_STRING, AT(show), "", "s", true, NULL, "regex", NULL,
	    "Leave out frames that do not match\n"
	    "Function, file and binary names are compared." },
	{ "show_from", OPTION_STRING, AT(show_from), "", "sf", true, NULL, "regex", NULL,
	    "Drop the callers of the outermost frame that matches\n"
	    "Samples without such a frame are dropped." },
	{ "tagfocus", OPTION_STRING, AT(tagfocus), "", "tf", true, NULL, "filter", NULL,
	    "Keep only samples whose labels match\n"
	    "[key=]regex[,regex...] for text labels, [key=]range for numbers: 32kb, 32kb:, :64kb,\n"
	    "32kb:64kb." },
	{ "tagignore", OPTION_STRING, AT(tagignore), "", "ti", true, NULL, "filter", NULL,
	    "Drop samples whose labels match\n"
	    "Written as for tagfocus." },
	{ "tagshow", OPTION_STRING, AT(tagshow), "", "ts", true, NULL, "regex", NULL,
	    "Forget labels whose key does not match" },
	{ "taghide", OPTION_STRING, AT(taghide), "", "th", true, NULL, "regex", NULL,
	    "Forget labels whose key matches" },
	{ "noinlines", OPTION_BOOL, AT(noinlines), "false", "noinlines", true, NULL, NULL, NULL,
	    "Count inlined functions for the function they were inlined into" },
	{ "showcolumns", OPTION_BOOL, AT(showcolumns), "false", "showcolumns", true, NULL, NULL,
	    NULL, "Tell columns of a source line apart" },
	{ "granularity", OPTION_CHOICE, AT(granularity), "", "g", true, NULL, NULL,
	    granularity_choices, "What one entry stands for" },
};
const size_t n_config_options = sizeof config_options / sizeof config_options[0];

static const char source[] = "Source options";
static const char web[] = "Web page options";
static const char tls[] = "TLS options";
static const char other[] = "Other options";
static const char value[] = "Value shorthands";

/* Flag of struct request without default: kind, field, heading, argument, help. */
#define FLAG(name, kind, field, initial, group, argument, help)                                    \
	{                                                                                          \
		name, kind, REQ(field), initial, NULL, false, group, argument, NULL, help          \
	}

const struct option request_options[] = {
	FLAG("base", OPTION_STRING, base, "", source, "source", "Subtract this profile"),
	FLAG("diff_base", OPTION_STRING, diff_base, "", source, "source",
	    "Compare with this profile: percentages are of its total"),
	FLAG("seconds", OPTION_INT, seconds, "-1", source, "n",
	    "Ask the server to profile for n seconds"),
	FLAG("timeout", OPTION_INT, timeout, "-1", source, "n", "Give up fetching after n seconds"),
	FLAG("symbolize", OPTION_STRING, symbolize, "", source, "mode",
	    "Where names of functions come from\n"
	    "none, local (binaries on this machine), fastlocal (their symbol tables only) or "
	    "remote\n"
	    "(the server), with :force to do it again and :demangle=none|full|templates|default"),
	FLAG("v", OPTION_BOOL, explain, "false", source, NULL,
	    "Tell for each mapping where its binary was looked for, and why not there\n"
	    "As `pprof symbols` does, on standard error and before the report."),
	FLAG("buildid", OPTION_STRING, build_id, "", source, "id",
	    "Build id of the main binary, when the profile has none"),
	FLAG("add_comment", OPTION_STRING, comment, "", source, "text",
	    "Put a comment into the profile"),
	FLAG("all_frames", OPTION_BOOL, all_frames, "false", source, NULL,
	    "Keep the frames that the profile asks to drop"),

	FLAG("http", OPTION_STRING, http, "", web, "host:port",
	    "Serve web pages there; host is localhost and port a free one when left out"),
	FLAG("no_browser", OPTION_BOOL, no_browser, "false", web, NULL, "Do not open a browser"),

	FLAG("tls_cert", OPTION_STRING, tls_cert, "", tls, "file",
	    "Client certificate for fetching, PEM"),
	FLAG("tls_key", OPTION_STRING, tls_key, "", tls, "file",
	    "Private key of that certificate, PEM"),
	FLAG("tls_ca", OPTION_STRING, tls_ca, "", tls, "file",
	    "Certificates of authorities to trust, PEM"),

	FLAG("reports", OPTION_STRING, reports, "", other, "commands",
	    "Several reports of one load: shell commands, separated by ';'\n"
	    "For example -reports='top; tree -cum; svg >graph.svg; list main >main.txt'."),
	FLAG("json", OPTION_BOOL, json, "false", other, NULL, "Print the report as JSON"),
	FLAG("tools", OPTION_STRING, tools, "", other, "path",
	    "Accepted and ignored: no other program is needed for symbols"),
	FLAG("version", OPTION_BOOL, version, "false", other, NULL, "Print the version and leave"),

	FLAG("total_delay", OPTION_BOOL, total_delay, "false", value, NULL, "-sample_index=delay"),
	FLAG("mean_delay", OPTION_BOOL, mean_delay, "false", value, NULL,
	    "-sample_index=delay -mean"),
	FLAG("contentions", OPTION_BOOL, contentions, "false", value, NULL,
	    "-sample_index=contentions"),
	FLAG("inuse_space", OPTION_BOOL, inuse_space, "false", value, NULL,
	    "-sample_index=inuse_space"),
	FLAG("inuse_objects", OPTION_BOOL, inuse_objects, "false", value, NULL,
	    "-sample_index=inuse_objects"),
	FLAG("alloc_space", OPTION_BOOL, alloc_space, "false", value, NULL,
	    "-sample_index=alloc_space"),
	FLAG("alloc_objects", OPTION_BOOL, alloc_objects, "false", value, NULL,
	    "-sample_index=alloc_objects"),
};
const size_t n_request_options = sizeof request_options / sizeof request_options[0];
