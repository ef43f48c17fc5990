/* `pprof run` between its flags and fetch/run.h, see launch.h. Called by cli/subcommands.c. */
#include "driver/launch.h"

#include <limits.h>
#include <stdlib.h>

#include "core/environment.h"
#include "driver/launch_state.h"
#include "fetch/run.h"

#define AT(field) offsetof(struct launch, field)

const struct option launch_options[] = {
	{ "o", OPTION_STRING, AT(out), "", NULL, false, "Options", "file", NULL,
	    "Write a heap profile to this file when the command exits (PPROF_OUT)" },
	{ "born", OPTION_BOOL, AT(born), "false", NULL, false, "Options", NULL, NULL,
	    "Note in it when its blocks were born, for pprof leaks (PPROF_BORN)" },
	{ "rate", OPTION_STRING, AT(rate), "", NULL, false, "Options", "bytes", NULL,
	    "Mean number of bytes between heap samples (PPROF_HEAP_RATE)" },
	{ "addr", OPTION_STRING, AT(addr), "", NULL, false, "Options", "address", NULL,
	    "Serve /debug/pprof/ there (PPROF_ADDR); a free port on 127.0.0.1 when left out" },
	{ "quiet", OPTION_BOOL, AT(quiet), "false", NULL, false, "Options", NULL, NULL,
	    "Do not say where the profiles are served" },
	{ "state", OPTION_STRING, AT(state), "", NULL, false, "Options", "dir", NULL,
	    "Keep the heap profile in dir/PID.state, to be read also after a kill or a crash "
	    "(PPROF_STATE)" },
	{ "list", OPTION_BOOL, AT(list), "false", NULL, false, "Options", NULL, NULL,
	    "List the state files in the -state directory; no command is run" },
	{ "expire", OPTION_STRING, AT(expire), "", NULL, false, "Options", "age", NULL,
	    "First remove state files of ended processes older than that: 90s, 12h, 7d" },
};
const size_t n_launch_options = sizeof launch_options / sizeof launch_options[0];

void launch_init(struct launch *l)
{
	option_set_defaults(launch_options, n_launch_options, l);
}

/* The directory of state files; "" when nobody named one. */
static struct str state_directory(const struct launch *l)
{
	const char *given = getenv("PPROF_STATE");

	return l->state.n || !given ? l->state : str_c(given);
}

bool launch_is_query(const struct launch *l)
{
	return l->list || l->expire.n;
}

enum err_code launch_query(
    const struct launch *l, const struct ui *ui, struct buf *out, struct err *e)
{
	struct str directory = state_directory(l);

	if (!directory.n)
		return FAIL(e, ERR_USAGE, "-list and -expire need -state dir");
	if (l->expire.n)
		TRY(launch_state_expire(directory, l->expire, ui, e));
	return l->list ? launch_state_list(directory, out, e) : OK;
}

enum err_code launch_run(
    const struct launch *l, char *const *argv, const struct ui *ui, int *status, struct err *e)
{
	struct str directory = state_directory(l);
	int64_t begun_ns = launch_state_now();
	char state[PATH_MAX] = "";
	struct run_options o = {
		.argv = argv,
		.out = l->out,
		.heap_rate = l->rate,
		.addr = l->addr,
		.quiet = l->quiet,
		.born = l->born,
	};

	if (directory.n)
		TRY(launch_state_directory(state, sizeof state, directory, e));
	if (directory.n && l->expire.n)
		TRY(launch_state_expire(directory, l->expire, ui, e));
	o.state = str_c(state);
	TRY(run_command(&o, ui, status, e));
	if (directory.n && !l->quiet)
		launch_state_tell(o.state, begun_ns, ui);
	return OK;
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
