/* Commands run with a stand-in for the runtime: messages, statuses, signals, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "fetch/run.h"
#include "fetch/run_check.h"

static struct buf said;

static void keep_line(void *ctx, bool is_error, struct str text)
{
	(void)ctx;
	(void)is_error;
	buf_add_str(&said, text);
	buf_char(&said, '\n');
}

static const struct ui ui = { .line = keep_line };

static int setup(void **state)
{
	(void)state;
	buf_clear(&said);
	unsetenv("PPROF_ADDR");
	unsetenv("PPROF_OUT");
	unsetenv("PPROF_HEAP_RATE");
	return setenv("PPROF_PRELOAD", FAKE_PRELOAD, 1);
}

static int run_shell(const char *script, const char *out, const char *rate)
{
	char sh[] = "sh";
	char c[] = "-c";
	char text[1000];
	char *argv[] = { sh, c, text, NULL };
	struct run_options o = { .argv = argv, .out = str_c(out), .heap_rate = str_c(rate) };
	struct err e;
	int status = -1;

	snprintf(text, sizeof text, "%s", script);
	assert_int_equal(run_command(&o, &ui, &status, &e), OK);
	return status;
}

static void test_status(void **state)
{
	(void)state;
	assert_int_equal(run_shell("exit 0", "", ""), 0);
	assert_int_equal(run_shell("exit 7", "", ""), 7);
	assert_int_equal(run_shell("kill -9 $$", "", ""), 137);
}

/* As some supervisors leave it to what they start. */
static void test_status_when_sigchld_is_ignored(void **state)
{
	struct sigaction now;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(run_shell("exit 7", "", ""), 7);
	assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
}

static void test_environment(void **state)
{
	(void)state;
	assert_int_equal(run_shell("exit 0", "/tmp/%p", "4096"), 0);
	assert_string_equal(buf_c(&said), "pprof: serving 127.0.0.1:0 out=/tmp/%p rate=4096\n");
	buf_clear(&said);
	setenv("PPROF_ADDR", "127.0.0.1:7", 1);
	assert_int_equal(run_shell("exit 0", "", ""), 0);
	assert_string_equal(buf_c(&said), "pprof: serving 127.0.0.1:7 out=- rate=-\n");
}

static void test_warning(void **state)
{
	(void)state;
	setenv("FAKE_WARNING", "something is odd", 1);
	assert_int_equal(run_shell("exit 0", "", ""), 0);
	unsetenv("FAKE_WARNING");
	assert_non_null(strstr(buf_c(&said), "rate=-\npprof: warning: something is odd\n"));
}

/* The profile at the end: where the command finds it from any folder, and what is said without. */
static void test_output(void **state)
{
	char dir[] = "/tmp/pprof-test-run-XXXXXX";
	char here[PATH_MAX];

	(void)state;
	assert_non_null(getcwd(here, sizeof here));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(run_shell("cd / && echo new >\"$PPROF_OUT\"", "a.pb.gz", ""), 0);
	assert_int_equal(access("a.pb.gz", F_OK), 0);
	assert_null(strstr(buf_c(&said), "no heap profile"));
	buf_clear(&said);
	assert_int_equal(run_shell("exit 3", "a.pb.gz", ""), 3);
	assert_non_null(strstr(buf_c(&said), "no heap profile was written to /"));
	assert_int_equal(unlink("a.pb.gz"), 0);
	assert_int_equal(chdir(here), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* A preloaded library of the user's stays, behind ours. */
static void test_preload_is_kept(void **state)
{
	(void)state;
	setenv("LD_PRELOAD", "libc.so.6", 1);
	assert_int_equal(run_shell("test \"$LD_PRELOAD\" = " FAKE_PRELOAD ":libc.so.6", "", ""), 0);
	unsetenv("LD_PRELOAD");
}

static void *send_term(void *ctx)
{
	(void)ctx;
	usleep(300000);
	kill(getpid(), SIGTERM);
	return NULL;
}

static void test_signal_is_forwarded(void **state)
{
	pthread_t thread;
	sigset_t term;

	(void)state;
	/* Held in every thread of this program, so that only run_command takes it. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, NULL);
	assert_int_equal(pthread_create(&thread, NULL, send_term, NULL), 0);
	pthread_sigmask(SIG_UNBLOCK, &term, NULL);
	assert_int_equal(
	    run_shell("trap 'exit 42' TERM; while :; do sleep 0.05; done", "", ""), 42);
	pthread_join(thread, NULL);
}

static void check_refused(const char *command, enum err_code code, const char *text)
{
	char name[200];
	char *argv[] = { name, NULL };
	struct run_options o = { .argv = argv };
	struct err e;
	int status;

	snprintf(name, sizeof name, "%s", command);
	assert_int_equal(run_command(&o, &ui, &status, &e), code);
	assert_non_null(strstr(e.msg, text));
}

static void check_output_refused(const char *out, const char *text)
{
	char sh[] = "sh";
	char *argv[] = { sh, NULL };
	struct run_options o = { .argv = argv, .out = str_c(out) };
	struct err e;
	int status;

	assert_int_equal(run_command(&o, &ui, &status, &e), ERR_IO);
	assert_string_equal(e.msg, text);
}

static void test_refused(void **state)
{
	(void)state;
	check_output_refused(
	    "/no/such/a.pb.gz", "open /no/such/a.pb.gz: no such file or directory");
	check_output_refused("/tmp", "open /tmp: is a directory");
	check_output_refused("/tmp/new/", "open /tmp/new/: is a directory");
	check_refused(
	    "/etc/passwd", ERR_NOT_FOUND, "exec: \"/etc/passwd\": not an executable file");
	check_refused("no-such-command-here", ERR_NOT_FOUND,
	    "exec: \"no-such-command-here\": executable file not found in $PATH");
	check_refused("/no/such", ERR_NOT_FOUND, "exec: \"/no/such\": no such program");
	check_refused(STATIC_PROGRAM, ERR_UNSUPPORTED, "is statically linked");
	check_refused(ASAN_PROGRAM, ERR_UNSUPPORTED, "is built with AddressSanitizer");
	setenv("PPROF_PRELOAD", "/no/library.so", 1);
	check_refused("sh", ERR_NOT_FOUND, "PPROF_PRELOAD: cannot read /no/library.so");
}

static int finish(void **state)
{
	(void)state;
	buf_release(&said);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_status, setup),
		cmocka_unit_test_setup(test_status_when_sigchld_is_ignored, setup),
		cmocka_unit_test_setup(test_warning, setup),
		cmocka_unit_test_setup(test_environment, setup),
		cmocka_unit_test_setup(test_output, setup),
		cmocka_unit_test_setup(test_preload_is_kept, setup),
		cmocka_unit_test_setup(test_signal_is_forwarded, setup),
		cmocka_unit_test_setup(test_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, finish);
}
