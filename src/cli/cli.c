/*
 * The command line, see cli.h. Everything for people goes to standard error, only reports go to
 * standard output; the driver writes those.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/visible.h"
#include "cli/flags.h"
#include "cli/help.h"
#include "cli/progress.h"
#include "cli/subcommands.h"

#define STATUS_ERROR 2

static void put_stderr(struct str text)
{
	while (text.n > 0) {
		ssize_t n = write(STDERR_FILENO, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		text = str_skip(text, (size_t)n);
	}
}

static bool use_color(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDERR_FILENO) && !(no_color && *no_color);
}

/* One message with a newline at its end; errors are red on a terminal. */
static void say(void *ctx, bool is_error, struct str text)
{
	struct buf out = { 0 };
	bool red = is_error && use_color();

	progress_hide(ctx);
	buf_reserve(&out, text.n + 16);
	buf_printf(&out, "%s", red ? "\033[0;31m" : "");
	if (isatty(STDERR_FILENO))
		visible_add(&out, text);
	else
		buf_add_str(&out, text);
	if (!str_ends(text, STR("\n")))
		buf_char(&out, '\n');
	buf_printf(&out, "%s", red ? "\033[0m" : "");
	put_stderr(buf_str(&out));
	buf_release(&out);
}

static void step(void *ctx, struct str text)
{
	struct buf shown = { 0 };

	visible_add(&shown, text);
	progress_step(ctx, buf_str(&shown));
	buf_release(&shown);
}

static int fail(const struct ui *terminal, const struct err *e)
{
	ui_error(terminal, "pprof: %s", e->msg);
	return STATUS_ERROR;
}

static void print_usage(void)
{
	struct buf out = { 0 };

	help_usage(&out);
	put_stderr(buf_str(&out));
	buf_release(&out);
}

static int run_subcommand(const struct subcommand *s, int argc, char **argv, const struct ui *ui)
{
	int status = 0;
	struct err e;

	return s->run(argc, argv, ui, &status, &e) == OK ? status : fail(ui, &e);
}

/* Reads the flags; false when there is nothing more to do than to return *status. */
static bool read_flags(struct driver *d, int argc, char **argv, int *status)
{
	const struct ui *ui = &d->ui;
	struct err e = { 0 };

	switch (flags_parse(d, argv, argc, &e)) {
	case FLAGS_BAD:
		ui_print(ui, "%s", e.msg);
		print_usage();
		*status = STATUS_ERROR;
		return false;
	case FLAGS_HELP:
		print_usage();
		*status = 0;
		return false;
	case FLAGS_OK:
		break;
	}
	if (d->request.version) {
		printf("pprof %s\n", PPROF_VERSION);
		*status = 0;
		return false;
	}
	if (d->request.n_sources > 0)
		return true;
	print_usage();
	err_set(&e, ERR_USAGE, 0, "no profile source specified");
	*status = fail(ui, &e);
	return false;
}

int cli_main(int argc, char **argv, const struct driver_faces *faces)
{
	const struct subcommand *sub = argc > 1 ? subcommand_find(str_c(argv[1])) : NULL;
	struct progress progress;
	const struct ui terminal = { &progress, say, step };
	const struct ui *ui = &terminal;
	struct driver d;
	int status = 0;
	struct err e;

	progress_init(&progress, isatty(STDERR_FILENO));
	if (sub)
		return run_subcommand(sub, argc - 2, argv + 2, ui);
	driver_init(&d, ui, faces);
	if (read_flags(&d, argc - 1, argv + 1, &status)) {
		driver_take_binary(&d);
		if (driver_run(&d, &e) != OK)
			status = fail(ui, &e);
	}
	driver_release(&d);
	progress_release(&progress);
	return status;
}
