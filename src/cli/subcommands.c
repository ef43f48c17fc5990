/* The verbs, see subcommands.h. Called by cli.c and help.c. */
#include "cli/subcommands.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/visible.h"
#include "cli/flags.h"
#include "cli/progress.h"
#include "driver/explain_symbols.h"
#include "driver/launch.h"
#include "driver/usage.h"
#include "driver/verdicts.h"

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

/* Names come from profiles: on a terminal nothing in them is obeyed. */
static void print_report(struct str text)
{
	struct buf shown = { 0 };

	if (isatty(STDOUT_FILENO)) {
		visible_add(&shown, text);
		text = buf_str(&shown);
	}
	fwrite(text.p, 1, text.n, stdout);
	buf_release(&shown);
}

static enum err_code run_query(const struct launch *launch, const struct ui *ui, struct err *e)
{
	struct buf out = { 0 };
	enum err_code code = launch_query(launch, ui, &out, e);

	if (code == OK)
		print_report(buf_str(&out));
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

static bool find_leaks_flag(void *ctx, struct str name, struct flag *flag)
{
	return flags_find_option(verdicts_options, n_verdicts_options, ctx, name, flag);
}

static void leaks_usage(const struct ui *ui)
{
	struct buf out = { 0 };

	BUF_LIT(&out,
	    "usage:\n  pprof leaks [options] [binary] source...\n"
	    "\n  Says whether a program leaks memory, where, how fast, and until when it lasts.\n"
	    "  A source is the URL of a running program, which is watched, or its saved heap\n"
	    "  profiles in order of time, a directory of them, or a state file.\n"
	    "  Exit status: 0 no leak, 1 a leak, 3 undecided, 2 an error.\n");
	usage_groups(&out, verdicts_options, n_verdicts_options);
	ui_print(ui, "%s", buf_c(&out));
	buf_release(&out);
}

static void hold_interrupt(int how)
{
	sigset_t interrupt;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	pthread_sigmask(how, &interrupt, NULL);
}

/* Nothing is shown any more: ^C does what it always does. */
static void show_progress(void *ctx, struct str text)
{
	struct buf shown = { 0 };

	if (text.n == 0)
		hold_interrupt(SIG_UNBLOCK);
	visible_add(&shown, text);
	progress_show(ctx, buf_str(&shown));
	buf_release(&shown);
}

/*
 * Who presses ^C while a program is watched has seen enough, and wants to hear what is known. It is
 * held from the first wait on, and taken in the next: at once, but when a profile is being fetched.
 */
static bool wait_or_interrupt(void *ctx, double s)
{
	struct timespec t = { (time_t)s, (long)((s - (double)(time_t)s) * 1e9) };
	sigset_t interrupt;

	(void)ctx;
	hold_interrupt(SIG_BLOCK);
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	return sigtimedwait(&interrupt, NULL, &t) != SIGINT;
}

/* Only for someone who looks at it. */
static void set_watcher(struct verdicts *v, const struct ui *ui)
{
	if (!isatty(STDERR_FILENO))
		return;
	v->progress = show_progress;
	v->wait = wait_or_interrupt;
	v->progress_ctx = ui->ctx;
}

static enum err_code run_leaks(
    int argc, char **argv, const struct ui *ui, int *status, struct err *e)
{
	struct buf out = { 0 };
	struct verdicts v;
	enum err_code code;
	int used = 0;

	verdicts_init(&v);
	*status = 0;
	switch (flags_read(argv, argc, find_leaks_flag, &v, &used, e)) {
	case FLAGS_HELP:
		leaks_usage(ui);
		return OK;
	case FLAGS_BAD:
		leaks_usage(ui);
		return e->code;
	case FLAGS_OK:
		break;
	}
	if (used == argc) {
		leaks_usage(ui);
		return FAIL(e, ERR_USAGE, "no source specified");
	}
	set_watcher(&v, ui);
	code = verdicts_run(&v, argv + used, (size_t)(argc - used), ui, &out, status, e);
	if (code == OK)
		print_report(buf_str(&out));
	buf_release(&out);
	return code;
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
		print_report(buf_str(&out));
	buf_release(&out);
	return code;
}

/* Where a usage line's arguments end, from the verb on. */
#define ARGUMENTS_END 42

static const struct subcommand subcommands[] = {
	{ "leaks", "[options] source...", "say whether a program leaks, where, how fast",
	    run_leaks },
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
		buf_printf(out, "  pprof %s %-*s %s\n", subcommands[i].name,
		    ARGUMENTS_END - (int)strlen(subcommands[i].name), subcommands[i].arguments,
		    subcommands[i].summary);
}
