/*
 * libedit behind lineedit.h. What is hard: libedit hands its callbacks only the EditLine, so our
 * state travels as its client data; and a ^C while a line is typed should drop the line, whenever
 * it comes. So SIGINT is blocked while libedit works and let in only where read_char waits for a
 * key: with a handler around el_gets alone, one that came between two keys was lost.
 */
#include "shell/lineedit.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#include "base/visible.h"
#include "shell/complete.h"
#include "shell/history_file.h"

#define HISTORY_SIZE 1000

struct lineedit {
	struct driver *driver;
	struct arena arena; /* holds this struct too */
	struct buf line;    /* when there is no terminal */
	EditLine *el;       /* NULL: no terminal */
	History *history;
	const char *prompt;
	struct str history_file; /* "" none; NUL-terminated */
	mbstate_t state;         /* of a character of which not all bytes came yet */
	sigset_t before;         /* signals that were blocked before el_gets */
	bool interrupted;        /* by ^C, while the line was typed */
	struct sigaction interrupt_before;
};

static char *prompt_of(EditLine *el)
{
	struct lineedit *l;
	char *text;

	el_get(el, EL_CLIENTDATA, &l);
	memcpy(&text, &l->prompt, sizeof text); /* the callback's type is older than const */
	return text;
}

static void print_candidates(const struct completion *c)
{
	struct buf shown = { 0 };

	fputc('\n', stderr);
	for (size_t i = 0; i < c->n; i++) {
		visible_add(&shown, c->v[i]); /* a function's name, too */
		buf_add_str(&shown, i + 1 < c->n ? STR("  ") : STR("\n"));
	}
	if (c->n == COMPLETE_MAX)
		BUF_LIT(&shown, "...\n");
	fprintf(stderr, "%.*s", STR_ARG(buf_str(&shown)));
	buf_release(&shown);
}

static unsigned char on_tab(EditLine *el, int ch)
{
	const LineInfo *info = el_line(el);
	struct str line = str_range(info->buffer, info->cursor);
	struct arena arena = { 0 };
	unsigned char action = CC_REFRESH;
	struct completion c;
	struct lineedit *l;

	(void)ch;
	el_get(el, EL_CLIENTDATA, &l);
	complete_line(l->driver, line, &arena, &c);
	if (c.n > 1 && c.common.n <= line.n - c.start) {
		print_candidates(&c);
		action = CC_REDISPLAY;
	} else if (c.n == 0) {
		action = CC_ERROR;
	} else {
		struct str text = arena_str(&arena, c.common); /* NUL behind it */

		el_deletestr(el, (int)(line.n - c.start));
		if (text.p && el_insertstr(el, text.p) != 0)
			action = CC_ERROR;
	}
	arena_release(&arena);
	return action;
}

static void open_history(struct lineedit *l)
{
	HistEvent event;

	l->history = history_init();
	if (!l->history)
		return;
	history(l->history, &event, H_SETSIZE, HISTORY_SIZE);
	history(l->history, &event, H_SETUNIQUE, 1);
	l->history_file = history_file_path(&l->arena);
	if (l->history_file.n)
		history(l->history, &event, H_LOAD, l->history_file.p);
	/* Shells only append: the oldest lines go here, not at each start. */
	if (l->history_file.n && history_file_is_longer(l->history_file, 2 * HISTORY_SIZE))
		history(l->history, &event, H_SAVE, l->history_file.p);
	el_set(l->el, EL_HIST, history, l->history);
}

static volatile sig_atomic_t got_interrupt;

static void on_interrupt(int sig)
{
	(void)sig;
	got_interrupt = 1;
}

/* One byte of the terminal; -1 when ^C came first, 0 at the end. */
static int read_byte(struct lineedit *l, char *byte)
{
	struct pollfd key = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t n = -1;

	while (n < 0) {
		int ready = ppoll(&key, 1, NULL, &l->before);

		if (got_interrupt) {
			l->interrupted = true;
			return -1;
		}
		if (ready > 0)
			n = read(STDIN_FILENO, byte, 1);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -1;
	}
	return (int)n;
}

/* libedit's way to the next character. */
static int read_char(EditLine *el, wchar_t *out)
{
	struct lineedit *l;

	el_get(el, EL_CLIENTDATA, &l);
	for (;;) {
		char byte = 0;
		int n = read_byte(l, &byte);
		size_t used;

		if (n <= 0)
			return n;
		used = mbrtowc(out, &byte, 1, &l->state);
		if (used == (size_t)-2) /* more bytes follow */
			continue;
		if (used == (size_t)-1) {
			l->state = (mbstate_t){ 0 };
			*out = (unsigned char)byte;
		}
		return 1;
	}
}

static void ignore_interrupts(struct lineedit *l)
{
	struct sigaction ignored = { .sa_handler = SIG_IGN };

	sigaction(SIGINT, &ignored, &l->interrupt_before);
}

static void open_editor(struct lineedit *l)
{
	setlocale(
	    LC_CTYPE, ""); /* for characters of more than one byte; numbers stay as they are */
	l->el = el_init("pprof", stdin, stderr, stderr);
	if (!l->el)
		return;
	el_set(l->el, EL_CLIENTDATA, l);
	el_set(l->el, EL_PROMPT, prompt_of);
	el_set(l->el, EL_GETCFN, read_char);
	el_set(l->el, EL_EDITOR, "emacs");
	el_set(l->el, EL_ADDFN, "pprof-complete", "complete commands and functions", on_tab);
	el_set(l->el, EL_BIND, "^I", "pprof-complete", NULL);
	el_set(l->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
	open_history(l);
	ignore_interrupts(l);
	el_source(l->el, NULL);
}

enum err_code lineedit_open(struct lineedit **out, struct driver *d, struct err *e)
{
	struct arena arena = { 0 };
	struct lineedit *l = ARENA_NEW(&arena, struct lineedit);

	if (!l)
		return FAIL_NOMEM(e);
	l->driver = d;
	l->arena = arena;
	l->history_file = STR("");
	if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
		open_editor(l);
	*out = l;
	return OK;
}

void lineedit_close(struct lineedit *l)
{
	struct arena arena;

	if (!l)
		return;
	if (l->history)
		history_end(l->history);
	if (l->el) {
		el_end(l->el);
		sigaction(SIGINT, &l->interrupt_before, NULL);
	}
	buf_release(&l->line);
	arena = l->arena;
	arena_release(&arena);
}

static MUST_USE enum err_code read_plain(struct lineedit *l, struct str *line, struct err *e)
{
	int c;

	buf_clear(&l->line);
	while ((c = getc_unlocked(stdin)) != EOF && c != '\n')
		buf_char(&l->line, (char)c);
	if (buf_failed(&l->line))
		return FAIL_NOMEM(e);
	if (c == EOF && ferror(stdin))
		return FAIL_SYS(e, errno, "read /dev/stdin");
	*line = c == EOF && l->line.n == 0 ? (struct str){ NULL, 0 } : buf_str(&l->line);
	return OK;
}

static void remember(struct lineedit *l, struct str line)
{
	HistEvent event;

	if (!l->history || !str_trim(line).n)
		return;
	history(l->history, &event, H_ENTER, line.p);
	if (l->history_file.n)
		history_file_add(l->history_file, str_trim(line));
}

/* el_gets, with ^C let in where it waits. */
static const char *edit(struct lineedit *l, int *n)
{
	struct sigaction caught = { .sa_handler = on_interrupt };
	struct sigaction before;
	sigset_t interrupt;
	const char *text;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &l->before);
	sigaction(SIGINT, &caught, &before);
	got_interrupt = 0;
	l->interrupted = false;
	text = el_gets(l->el, n);
	sigaction(SIGINT, &before, NULL); /* ignored: drops one that came too late */
	sigprocmask(SIG_SETMASK, &l->before, NULL);
	return text;
}

static MUST_USE enum err_code read_edited(struct lineedit *l, struct str *line, struct err *e)
{
	int n = 0;
	const char *text = edit(l, &n);

	(void)e;
	if (l->interrupted || !text || n <= 0) {
		fputc('\n', stderr);
		*line = l->interrupted ? STR("") : (struct str){ NULL, 0 };
		return OK;
	}
	*line = str_trim((struct str){ text, (size_t)n });
	remember(l, *line);
	return OK;
}

bool lineedit_is_terminal(const struct lineedit *l)
{
	return l->el != NULL;
}

enum err_code lineedit_read(struct lineedit *l, const char *prompt, struct str *line, struct err *e)
{
	l->prompt = prompt;
	return l->el ? read_edited(l, line, e) : read_plain(l, line, e);
}
