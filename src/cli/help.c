/* `pprof -help`, see help.h. Called by cli.c. */
#include "cli/help.h"

#include "cli/subcommands.h"
#include "driver/options_table.h"
#include "driver/usage.h"

static const char head[] =
    "usage:\n"
    "  pprof <format> [options] [binary] <source>...    print one report\n"
    "  pprof [options] [binary] <source>...             ask for reports in a shell\n"
    "  pprof -http=[host]:[port] [options] [binary] <source>...\n"
    "                                                   show reports in a browser\n";

static const char sources[] =
    "\n"
    "  A source is a file or a URL such as http://host:port/debug/pprof/heap, or on a Unix socket\n"
    "  unix:/run/app.sock:/debug/pprof/heap; several are merged.\n"
    "  Files are profile.proto (plain, gzip or zstd), the older text and binary formats, Linux\n"
    "  perf's perf.data, or folded stacks (\"main;work 12\").\n"
    "  binary is the program the profile was taken from, when the profile does not name it.\n"
    "\n"
    "  Options are written -name=value or -name value and come before the sources; those\n"
    "  without a value also -name=false. Each is described in full by `help name` in the shell.\n";

void help_usage(struct buf *out)
{
	buf_printf(out, "%s", head);
	subcommands_list(out);
	buf_printf(out, "%s", sources);
	buf_printf(out, "\n  Formats (at most one):\n");
	usage_commands(out, "-");
	buf_printf(out, "\n  Report options:\n");
	usage_options(out, "-");
	usage_groups(out, request_options, n_request_options);
	BUF_LIT(out, "\n  Environment:\n");
	usage_environment(out);
}
