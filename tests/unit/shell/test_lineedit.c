/* The shell on a terminal: completion, interrupts and the history file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/lineedit.h"

#define PATIENCE_MS 20000

static char home[] = "/tmp/pprof-lineedit.XXXXXX";

/* The program on the terminal: says each line back until "bye". */
static int echo_lines(void)
{
	static struct driver d;
	struct lineedit *in;
	struct str line;
	struct err e;

	config_init(&d.config);
	if (lineedit_open(&in, &d, &e) != OK)
		return 1;
	while (lineedit_read(in, "ready> ", &line, &e) == OK && line.p) {
		fprintf(stderr, "<%.*s>\n", STR_ARG(line));
		if (str_is(line, "bye"))
			break;
	}
	lineedit_close(in);
	return 0;
}

static char seen[100000]; /* everything the terminal showed */
static size_t n_seen;
static size_t n_expected; /* up to here it was asked for */

/* Reads the terminal until `want` appears behind what was found before; false when it does not. */
static bool expect(int fd, const char *want)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	for (;;) {
		const char *at = strstr(seen + n_expected, want);
		ssize_t got;

		if (at) {
			n_expected = (size_t)(at - seen) + strlen(want);
			return true;
		}
		if (n_seen == sizeof seen - 1 || poll(&wait, 1, PATIENCE_MS) != 1)
			break;
		got = read(fd, seen + n_seen, sizeof seen - 1 - n_seen);
		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got; i++, n_seen++) /* zeroes pad a slow terminal's time */
			if (!seen[n_seen])
				seen[n_seen] = ' ';
	}
	print_message("no \"%s\" in \"%s\"\n", want, seen + n_expected);
	return false;
}

static void type(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void history_holds(const char *line)
{
	char text[1000] = "";
	char path[200];
	FILE *f;

	snprintf(path, sizeof path, "%s/.local/state/pprof/history", home);
	f = fopen(path, "r");
	assert_non_null(f);
	(void)!fread(text, 1, sizeof text - 1, f);
	fclose(f);
	assert_non_null(strstr(text, line));
}

static void lines_are_edited(void **state)
{
	int status = 0;
	int terminal;
	pid_t pid;

	(void)state;
	setenv("TERM", "vt100", 1);
	setenv("HOME", home, 1);
	unsetenv("XDG_STATE_HOME");
	pid = forkpty(&terminal, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(echo_lines());
	assert_true(expect(terminal, "ready> "));
	type(terminal, "weblis\t x\r");
	assert_true(expect(terminal, "<weblist x>"));
	assert_true(expect(terminal, "ready> "));
	type(terminal, "tagf\t=a\x01\x0b"
		       "other\r"); /* to the start, cut all */
	assert_true(expect(terminal, "<other>"));
	assert_true(expect(terminal, "ready> "));
	type(terminal, "half a line");
	assert_true(expect(terminal, "half a line")); /* read: the editor waits for more */
	type(terminal, "\x03");
	assert_true(expect(terminal, "<>"));
	assert_true(expect(terminal, "ready> "));
	type(terminal, "\x10\r"); /* the line before */
	assert_true(expect(terminal, "<other>"));
	type(terminal, "bye\r");
	assert_true(expect(terminal, "<bye>"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(terminal);
	history_holds("other");
}

static int start(void **state)
{
	(void)state;
	return mkdtemp(home) ? 0 : -1;
}

static int end(void **state)
{
	char command[200];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", home);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_edited),
	};

	return cmocka_run_group_tests(tests, start, end);
}
