/*
 * Delivery of reports, see output.h. The hard part is what users rely on: nothing binary reaches a
 * terminal, temporary files go away when the tool ends, and a viewer that is only a wrapper around
 * a running browser still finds its file.
 */
#include "driver/output.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"
#include "base/visible.h"
#include "driver/child.h"
#include "driver/outfile.h"
#include "report/svg.h"

/* dot and what it writes are UTF-8: of a name that is not, each bad byte becomes U+FFFD. */
static void add_utf8(struct buf *out, struct str s)
{
	while (s.n > 0) {
		size_t valid = utf8_valid_head(s);

		buf_add(out, s.p, valid);
		s = str_skip(s, valid);
		if (s.n > 0) {
			BUF_LIT(out, "\xef\xbf\xbd");
			s = str_skip(s, 1);
		}
	}
}

enum err_code output_draw(
    const char *format, bool massage, struct str dot, struct buf *out, struct err *e)
{
	struct arena arena = { 0 };
	struct str option = arena_printf(&arena, "-T%s", format);
	struct buf drawn = { 0 }, clean = { 0 };
	enum err_code code;

	if (!option.p)
		return FAIL_NOMEM(e);
	add_utf8(&clean, dot);
	code = buf_failed(&clean) ? FAIL_NOMEM(e)
				  : child_filter((const char *const[]){ "dot", option.p, NULL },
					buf_str(&clean), &drawn, e);
	buf_release(&clean);
	if (code == ERR_NOT_FOUND || code == ERR_IO)
		err_prefix(e, "failed to execute dot. Is Graphviz installed? Error");
	else if (code == OK && massage)
		code = svg_make_movable(buf_str(&drawn), out, e);
	else if (code == OK)
		buf_add_str(out, buf_str(&drawn));
	buf_release(&drawn);
	arena_release(&arena);
	if (code == OK && buf_failed(out))
		return FAIL_NOMEM(e);
	return code;
}

static struct str temporary_directory(void)
{
	const char *dir = getenv("TMPDIR");

	return str_c(dir && *dir ? dir : "/tmp");
}

static enum err_code show_stdout(struct str text, struct err *e)
{
	struct buf shown = { 0 };
	enum err_code code;

	if (!isatty(STDOUT_FILENO))
		return outfile_put(STDOUT_FILENO, "/dev/stdout", text, e);
	visible_add(&shown, text);
	code = buf_failed(&shown) ? FAIL_NOMEM(e)
				  : outfile_put(STDOUT_FILENO, "/dev/stdout", buf_str(&shown), e);
	buf_release(&shown);
	return code;
}

static bool take(struct buf_sink *sink, struct str bytes)
{
	struct output_stream *s = (struct output_stream *)sink;

	s->code = outfile_put(STDOUT_FILENO, "/dev/stdout", bytes, &s->error);
	return s->code == OK;
}

bool output_stream(struct output_stream *s, const struct driver *d, const struct command *command,
    struct str output)
{
	bool shown =
	    command->show == COMMAND_STDOUT || (command->show == COMMAND_FILE && !d->interactive);

	*s = (struct output_stream){ .sink.take = take };
	return shown && !output.n && !command->dot && !isatty(STDOUT_FILENO);
}

/* To a new file in the working directory when the bytes would hit a terminal. */
static MUST_USE enum err_code show_file(
    struct driver *d, const struct command *command, struct str text, struct err *e)
{
	struct str name;

	if (!d->interactive && !isatty(STDOUT_FILENO))
		return show_stdout(text, e);
	TRY(outfile_write_new(STR(""), "profile", command->suffix, text, &d->arena, &name, e));
	ui_print(&d->ui, "Generating report in %.*s", STR_ARG(name));
	return OK;
}

/* A wrapper may return before its browser has read the file: give it a second in any case. */
static enum err_code wait_for_viewer(struct driver *d, pid_t pid, struct err *e)
{
	struct timespec second = { .tv_sec = 1 };
	enum err_code code = d->interactive ? OK : child_wait(pid, e);

	nanosleep(&second, NULL);
	return code;
}

static MUST_USE enum err_code show_viewer(
    struct driver *d, const struct command *command, struct str text, struct err *e)
{
	struct str name;
	pid_t pid;

	TRY(outfile_write_new(
	    temporary_directory(), "pprof", command->suffix, text, &d->arena, &name, e));
	if (!VEC_PUSH(&d->temporaries, name))
		return FAIL_NOMEM(e);
	if (command->show == COMMAND_BROWSER)
		TRY(child_browse(name, &pid, e));
	else
		TRY(child_start(str_c(command->viewer), name, &pid, e));
	return wait_for_viewer(d, pid, e);
}

static MUST_USE enum err_code show(struct driver *d, const struct command *command,
    struct str output, struct str text, struct err *e)
{
	if (output.n) {
		ui_print(&d->ui, "Generating report in %.*s", STR_ARG(output));
		return outfile_write(output, text, e);
	}
	switch (command->show) {
	case COMMAND_STDOUT:
		return show_stdout(text, e);
	case COMMAND_FILE:
		return show_file(d, command, text, e);
	case COMMAND_BROWSER:
	case COMMAND_VIEWER:
		break;
	}
	return show_viewer(d, command, text, e);
}

enum err_code output_deliver(struct driver *d, const struct command *command, struct str output,
    struct str text, struct err *e)
{
	struct buf drawn = { 0 };
	enum err_code code;

	/* JSON is text for another program, whatever the format's own bytes are for. */
	if (d->request.json && !output.n)
		return show_stdout(text, e);
	if (!command->dot || d->request.json)
		return show(d, command, output, text, e);
	code = output_draw(command->dot, command->massage, text, &drawn, e);
	if (code == OK)
		code = show(d, command, output, buf_str(&drawn), e);
	buf_release(&drawn);
	return code;
}
