/* `pprof run` between its flags and fetch/run.h, see launch.h. Called by cli/subcommands.c. */
#include "driver/launch.h"

#include "core/environment.h"
#include "fetch/run.h"

#define AT(field) offsetof(struct launch, field)

const struct option launch_options[] = {
	{ "o", OPTION_STRING, AT(out), "", NULL, false, "Options", "file", NULL,
	    "Write a heap profile to this file when the command exits (PPROF_OUT)" },
	{ "rate", OPTION_STRING, AT(rate), "", NULL, false, "Options", "bytes", NULL,
	    "Mean number of bytes between heap samples (PPROF_HEAP_RATE)" },
	{ "addr", OPTION_STRING, AT(addr), "", NULL, false, "Options", "address", NULL,
	    "Serve /debug/pprof/ there (PPROF_ADDR); a free port on 127.0.0.1 when left out" },
	{ "quiet", OPTION_BOOL, AT(quiet), "false", NULL, false, "Options", NULL, NULL,
	    "Do not say where the profiles are served" },
};
const size_t n_launch_options = sizeof launch_options / sizeof launch_options[0];

void launch_init(struct launch *l)
{
	option_set_defaults(launch_options, n_launch_options, l);
}

enum err_code launch_run(
    const struct launch *l, char *const *argv, const struct ui *ui, int *status, struct err *e)
{
	struct run_options o = {
		.argv = argv,
		.out = l->out,
		.heap_rate = l->rate,
		.addr = l->addr,
		.quiet = l->quiet,
	};

	return run_command(&o, ui, status, e);
}

void launch_environment(struct buf *out)
{
	char text[4096];
	struct fmt_buf lines = fmt_buf_of(text, sizeof text);
	struct str rest;
	struct str line;

	environment_print(&lines);
	rest = fmt_text(&lines);
	while (rest.n > 0 && str_split(&rest, '\n', &line)) {
		size_t tab = str_find_char(line, '\t');

		buf_printf(out, "    %-28.*s %.*s\n", STR_ARG(str_head(line, tab)),
		    STR_ARG(str_skip(line, tab + 1)));
	}
}
