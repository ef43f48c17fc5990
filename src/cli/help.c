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
    "  A source is a file (profile.proto, gzipped or not, or one of the older text and binary\n"
    "  formats) or a URL such as http://host:port/debug/pprof/heap. Several are merged.\n"
    "  binary is the program the profile was taken from, when the profile does not name it.\n";

static const char environment[] =
    "\n"
    "  Environment:\n"
    "    PPROF_TMPDIR          Where fetched profiles are kept (else $HOME/pprof)\n"
    "    PPROF_BINARY_PATH     Where binaries are searched (else $HOME/pprof/binaries), by\n"
    "                          name, path and build id; directories separated by ':'\n"
    "    PPROF_TOOLS           Default of -tools\n"
    "    BROWSER               Browser for web, weblist and -http\n"
    "    NO_COLOR              When set, messages are never coloured\n";

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
	buf_printf(out, "%s", environment);
}
