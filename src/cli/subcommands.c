/* The verbs, see subcommands.h. Called by cli.c and help.c. */
#include "cli/subcommands.h"

#include <stdio.h>

#include "cli/flags.h"
#include "driver/explain_symbols.h"
#include "driver/launch.h"
#include "driver/usage.h"

static bool find_launch_flag(void *ctx, struct str name, struct flag *flag)
{
	return flags_find_option(launch_options, n_launch_options, ctx, name, flag);
}

static void run_usage(const struct ui *ui)
{
	struct buf out = { 0 };

	BUF_LIT(&out, "usage:\n  pprof run [options] [--] command [argument]...\n"
		      "  pprof run -state dir [-expire age] -list\n"
		      "\n  Starts the command with the profiler in it.\n");
	usage_groups(&out, launch_options, n_launch_options);
	BUF_LIT(&out, "\n  Environment of the command:\n");
	launch_environment(&out);
	ui_print(ui, "%s", buf_c(&out));
	buf_release(&out);
}

static enum err_code run_query(const struct launch *launch, const struct ui *ui, struct err *e)
{
	struct buf out = { 0 };
	enum err_code code = launch_query(launch, ui, &out, e);

	if (code == OK)
		fputs(buf_c(&out), stdout);
	buf_release(&out);
	return code;
}

static enum err_code run_program(
    int argc, char **argv, const struct ui *ui, int *status, struct err *e)
{
	struct launch launch;
	int used = 0;

	launch_init(&launch);
	*status = 0;
	switch (flags_read(argv, argc, find_launch_flag, &launch, &used, e)) {
	case FLAGS_HELP:
		run_usage(ui);
		return OK;
	case FLAGS_BAD:
		run_usage(ui);
		return e->code;
	case FLAGS_OK:
		break;
	}
	if (used == argc && launch_is_query(&launch))
		return run_query(&launch, ui, e);
	if (used == argc) {
		run_usage(ui);
		return FAIL(e, ERR_USAGE, "no command specified");
	}
	return launch_run(&launch, argv + used, ui, status, e);
}

static enum err_code run_symbols(
    int argc, char **argv, const struct ui *ui, int *status, struct err *e)
{
	struct str names[2];
	struct buf out = { 0 };
	enum err_code code;

	*status = 0;
	if (argc < 1 || argc > 2 || argv[0][0] == '-') {
		ui_print(ui, "usage:\n  pprof symbols [binary] profile\n\n  Says for each mapping "
			     "where its binary and debug information were looked for,\n  and why a "
			     "place was refused.");
		return argc >= 1 && argv[0][0] == '-' ? OK : FAIL(e, ERR_USAGE, "no profile given");
	}
	for (int i = 0; i < argc; i++)
		names[i] = str_c(argv[i]);
	code = explain_symbols(names, (size_t)argc, ui, &out, e);
	if (code == OK)
		fputs(buf_c(&out), stdout);
	buf_release(&out);
	return code;
}

static const struct subcommand subcommands[] = {
	{ "run", "[options] command [argument]...", "run a command and profile it", run_program },
	{ "symbols", "[binary] profile", "tell where names come from, or why not", run_symbols },
};

const struct subcommand *subcommand_find(struct str name)
{
	for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++)
		if (str_is(name, subcommands[i].name))
			return &subcommands[i];
	return NULL;
}

void subcommands_list(struct buf *out)
{
	for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++)
		buf_printf(out, "  pprof %s %-39s %s\n", subcommands[i].name,
		    subcommands[i].arguments, subcommands[i].summary);
}
