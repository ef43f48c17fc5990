/* The places where binaries are looked for, and why candidates are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "object/find.h"
#include "unit/object/sample.h"

static char root[] = "/tmp/pprof-test-find-XXXXXX";
static char id[128]; /* of the sample that is looked for */

static int setup(void **state)
{
	struct object *o = sample_open("pie");

	(void)state;
	snprintf(id, sizeof id, "%.*s", STR_ARG(object_build_id(o)));
	object_close(o);
	return mkdtemp(root) ? 0 : 1;
}

static int teardown(void **state)
{
	char command[200];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", root);
	return system(command);
}

/* A link at root/place to a sample; folders are made. */
static void put(const char *place, const char *sample)
{
	char path[4096];
	char target[4096];

	snprintf(path, sizeof path, "%s/%s", root, place);
	for (char *p = path + strlen(root) + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		mkdir(path, 0755);
		*p = '/';
	}
	snprintf(target, sizeof target, SAMPLE_DIR "/%s", sample);
	unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

static void take_away(const char *place)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", root, place);
	assert_int_equal(unlink(path), 0);
}

/* Is exactly root/place found for the file and id? NULL: nothing is. */
static void check(const char *file, const char *build_id, const char *place)
{
	struct find_request r = {
		.file = str_c(file), .build_id = str_c(build_id), .search_path = str_c(root)
	};
	struct arena a = { 0 };
	char want[4096];
	struct str path;
	bool found = find_binary(&r, &a, &path, NULL, NULL, NULL);

	assert_int_equal(found, place != NULL);
	snprintf(want, sizeof want, "%s/%s", root, place ? place : "");
	if (found)
		assert_true(text_is(path, want));
	arena_release(&a);
}

static void check_place(const char *place, const char *file)
{
	put(place, "pie");
	check(file, id, place);
	take_away(place);
	check(file, id, NULL);
}

static void test_places(void **state)
{
	char place[512];

	(void)state;
	snprintf(place, sizeof place, "%s/app", id);
	check_place(place, "/opt/app");
	snprintf(place, sizeof place, "%s/renamed", id);
	check_place(place, "/opt/app");
	snprintf(place, sizeof place, "opt/app2/%s", id);
	check_place(place, "/opt/app2");
	snprintf(place, sizeof place, "%.2s/%s.debug", id, id + 2);
	check_place(place, "/opt/app");
	check_place("app", "/opt/app");
	check_place("opt/app", "/opt/app");
	check_place("opt/app.debug", "/opt/app");
	check_place("opt/.debug/app.debug", "/opt/app");
	check_place("usr/lib/debug/opt/app.debug", "/opt/app");
}

static void test_no_id(void **state)
{
	(void)state;
	put("app", "fixed");
	check("/opt/app", "", "app");
	check("", "", NULL);
	take_away("app");
}

struct seen {
	int n;
	char want[128], got[128];
};

static void on_mismatch(void *ctx, struct str path, struct str want, struct str got)
{
	struct seen *s = ctx;

	(void)path;
	s->n++;
	snprintf(s->want, sizeof s->want, "%.*s", STR_ARG(want));
	snprintf(s->got, sizeof s->got, "%.*s", STR_ARG(got));
}

static void test_mismatch(void **state)
{
	struct find_request r = {
		.file = STR("/opt/app"), .build_id = str_c(id), .search_path = str_c(root)
	};
	struct find_log log = { 0 };
	struct arena a = { 0 };
	struct seen seen = { 0 };
	bool told = false;
	struct str path;

	(void)state;
	put("app", "fixed");
	assert_false(find_binary(&r, &a, &path, &log, on_mismatch, &seen));
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.want, id);
	assert_string_not_equal(seen.got, id);
	for (size_t i = 0; i < log.tries.n; i++)
		told |= str_starts(log.tries.p[i].reason, STR("build-id mismatch"));
	assert_true(told);
	take_away("app");
	find_log_release(&log);
	arena_release(&a);
}

/* Files of a running process: by its root, and by what it runs although that was deleted. */
static void test_process(void **state)
{
	struct find_request r = { .build_id = str_c(id) };
	struct arena a = { 0 };
	char copy[128], proc[64], want[200];
	struct str path;
	pid_t pid;
	int ready[2];
	char c;

	(void)state;
	snprintf(copy, sizeof copy, "%s/runs", root);
	snprintf(want, sizeof want, "cp %s %s", SAMPLE_DIR "/sleeper", copy);
	assert_int_equal(system(want), 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ready[1], 1);
		close(ready[0]);
		close(ready[1]);
		execl(copy, copy, (char *)NULL);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	r.file = str_c(copy);
	snprintf(proc, sizeof proc, "/proc/%d/root", (int)pid);
	r.search_path = str_c(proc);
	r.build_id = STR("");
	assert_true(find_binary(&r, &a, &path, NULL, NULL, NULL));
	snprintf(want, sizeof want, "/proc/%d/root%s", (int)pid, copy);
	assert_true(text_is(path, want));

	struct object *o = sample_open("sleeper");
	r.build_id = object_build_id(o);
	assert_int_equal(unlink(copy), 0);
	strcat(copy, " (deleted)");
	r.file = str_c(copy);
	assert_true(find_binary(&r, &a, &path, NULL, NULL, NULL));
	snprintf(want, sizeof want, "/proc/%d/exe", (int)pid);
	assert_true(text_is(path, want));
	object_close(o);
	close(ready[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	arena_release(&a);
}

static void test_hostile_id(void **state)
{
	(void)state;
	put("outside", "pie");
	check("x", "../outside", NULL);
	check("x", "zz", NULL);
	take_away("outside");
}

/* A debug file whose checksum differs from the link's is not taken. */
static void test_debug_link(void **state)
{
	struct object *o = sample_open("stripped");
	struct arena a = { 0 };
	struct str path;

	(void)state;
	assert_true(find_debug_file(o, &a, &path, NULL));
	assert_true(text_is(path, SAMPLE_DIR "/stripped.debug"));
	object_close(o);
	o = sample_open("bare");
	assert_false(find_debug_file(o, &a, &path, NULL));
	object_close(o);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_no_id),
		cmocka_unit_test(test_mismatch),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_hostile_id),
		cmocka_unit_test(test_debug_link),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
