/* Profiles of the program's own, through the public functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/heap_sums.h"
#include "process/stack_sums.h"

#define VISIBLE __attribute__((visibility("default"), noinline))

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static const struct pprof_profile *connections;
static char things[100000];

VISIBLE int connect_one(const void *value, unsigned skip)
{
	int result = pprof_profile_add(connections, value, skip);

	__asm__ volatile("" : "+r"(result));
	return result;
}

VISIBLE int outer(const void *value)
{
	int result = connect_one(value, 1);

	__asm__ volatile("" : "+r"(result));
	return result;
}

static void values_come_and_go(void **state)
{
	(void)state;
	assert_int_equal(pprof_profile_count(connections), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(connect_one(&things[i], 0), 0);
	assert_int_equal(outer(&things[50]), 0);
	assert_int_equal(pprof_profile_count(connections), 11);
	assert_int_equal(stack_sums("my.lib/connections", "connect_one").values[0], 10);
	assert_int_equal(stack_sums("my.lib/connections", "outer").values[0], 1);
	assert_int_equal(connect_one(&things[3], 0), -1);
	assert_string_equal(pprof_error(), "add of duplicate value");
	assert_int_equal(pprof_profile_remove(connections, &things[3]), 0);
	assert_int_equal(pprof_profile_remove(connections, &things[3]), 0); /* as in Go */
	assert_int_equal(pprof_profile_count(connections), 10);
	assert_int_equal(connect_one(&things[3], 0), 0);
	assert_int_equal(connect_one(NULL, 0), 0); /* a value as any other */
	assert_int_equal(connect_one(NULL, 0), -1);
	assert_int_equal(pprof_profile_remove(connections, NULL), 0);
	assert_int_equal(pprof_profile_remove(connections, &things[50]), 0);
	assert_int_equal(stack_sums("my.lib/connections", "outer").values[0], 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(pprof_profile_remove(connections, &things[i]), 0);
	assert_int_equal(pprof_profile_count(connections), 0);
}

static void too_deep_a_skip_keeps_a_frame(void **state)
{
	(void)state;
	assert_int_equal(connect_one(&things[0], 1000000), 0);
	assert_int_equal(stack_sums("my.lib/connections", NULL).values[0], 1);
	pprof_profile_remove(connections, &things[0]);
}

static void many_values(void **state)
{
	(void)state;
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(things); i++)
			assert_int_equal(connect_one(&things[i], 0), 0);
		assert_int_equal(pprof_profile_count(connections), sizeof(things));
		assert_int_equal(
		    stack_sums("my.lib/connections", "connect_one").values[0], sizeof(things));
		for (size_t i = 0; i < sizeof(things); i++)
			assert_int_equal(pprof_profile_remove(connections, &things[i]), 0);
	}
	assert_int_equal(stack_sums("my.lib/connections", NULL).values[0], 0);
}

static void *churn(void *arg)
{
	char *mine = arg;

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 500; i++)
			assert_int_equal(connect_one(mine + i, 0), 0);
		for (int i = 0; i < 500; i++)
			assert_int_equal(pprof_profile_remove(connections, mine + i), 0);
	}
	assert_int_equal(connect_one(mine, 0), 0);
	return NULL;
}

static void by_many_threads_and_a_fork(void **state)
{
	pthread_t threads[4];
	int status;

	(void)state;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, churn, things + i * 500);
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			int good = connect_one(things + 5000, 0) == 0 &&
				   pprof_profile_count(connections) > 0;

			_exit(!good);
		}
		waitpid(pid, &status, 0);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(pprof_profile_count(connections), 4);
	for (int i = 0; i < 4; i++)
		pprof_profile_remove(connections, things + i * 500);
}

static void names(void **state)
{
	static const char *const bad[] = { "", "my.lib/connections", "heap", "symbol", "profile",
		"trace", "a b", "a\"b", "a?b", "\x80", "tab\t", "..", ".", "/a", "a//b", "a/../b",
		"a/.", "a123456789b123456789c123456789d123456789e123456789f123456789gxyz" };
	const struct pprof_profile *list[128];
	size_t n;

	(void)state;
	assert_null(pprof_new_profile(NULL));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(pprof_new_profile(bad[i]));
	assert_string_not_equal(pprof_error(), "");
	assert_ptr_equal(pprof_lookup("my.lib/connections"), connections);
	assert_string_equal(pprof_profile_name(connections), "my.lib/connections");
	assert_int_equal(pprof_profile_add(pprof_lookup("heap"), things, 0), -1);
	assert_string_equal(pprof_error(), "change of a built-in profile");
	assert_int_equal(pprof_profile_remove(pprof_lookup("heap"), things), -1);
	assert_int_equal(pprof_profile_add(NULL, things, 0), -1);
	n = pprof_profiles(list, 128);
	for (size_t i = 1; i < n; i++)
		assert_true(
		    strcmp(pprof_profile_name(list[i - 1]), pprof_profile_name(list[i])) < 0);
}

/* A count without labels is no reason to crash. */
static void no_labels(void **state)
{
	const pprof_label_set before = pprof_labels();

	(void)state;
	assert_int_equal(pprof_with_labels(NULL, 3), before);
	assert_int_equal(pprof_labels(), before);
	assert_null(pprof_label_value(NULL));
}

static void profiles_are_capped(void **state)
{
	char name[16];
	int made = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		made += pprof_new_profile(name) != NULL;
	}
	assert_int_equal(made, 62);
	assert_string_equal(pprof_error(), "too many profiles");
}

/* What is served. */
struct answer {
	int status;
	char headers[1024];
	char body[1 << 20];
	size_t n;
};

static void put_status(void *ctx, int status)
{
	((struct answer *)ctx)->status = status;
}

static void put_header(void *ctx, const char *name, const char *value)
{
	struct answer *a = ctx;
	size_t n = strlen(a->headers);

	snprintf(a->headers + n, sizeof(a->headers) - n, "%s: %s\n", name, value);
}

static int put_body(void *ctx, const void *data, size_t size)
{
	struct answer *a = ctx;

	if (a->n + size >= sizeof(a->body))
		return -1;
	memcpy(a->body + a->n, data, size);
	a->n += size;
	a->body[a->n] = '\0';
	return 0;
}

static struct answer answer;

static void get(const char *path, const char *query)
{
	struct pprof_request request = { .path = path, .query = query };
	struct pprof_response response = { &answer, put_status, put_header, put_body, NULL,
		{ NULL } };

	memset(&answer, 0, sizeof(answer));
	assert_int_equal(pprof_handle(&request, &response), 0);
}

static void is_served_and_listed(void **state)
{
	struct reader_profile p;

	(void)state;
	assert_int_equal(connect_one(&things[7], 0), 0);
	assert_non_null(pprof_new_profile("app:jobs"));
	get("/debug/pprof/", "");
	assert_non_null(strstr(answer.body, "<a href='./app:jobs?debug=1'>app:jobs</a>"));
	assert_non_null(
	    strstr(answer.body, "<tr><td>1</td><td><a href='my.lib/connections?debug=1'>"
				"my.lib/connections</a></td></tr>"));
	get("/debug/pprof/my.lib/connections", "debug=1");
	assert_int_equal(answer.status, 200);
	assert_memory_equal(answer.body, "my.lib/connections profile: total 1\n1 @ 0x", 42);
	assert_non_null(strstr(answer.body, "\tconnect_one+0x"));
	get("/debug/pprof/my.lib/connections", "");
	assert_non_null(strstr(answer.headers, "filename=\"my.lib/connections\""));
	assert_true(reader_open(answer.body, answer.n, &p));
	assert_int_equal(p.n_types, 1);
	assert_string_equal(p.types[0][0], "my.lib/connections");
	assert_string_equal(p.types[0][1], "count");
	assert_string_equal(p.period_type[0], "my.lib/connections");
	assert_int_equal(p.period, 1);
	reader_close(&p);
	get("/debug/pprof/my.lib/connections", "seconds=1");
	assert_int_equal(answer.status, 400);
	assert_string_equal(
	    answer.body, "\"seconds\" parameter is not supported for this profile type\n");
	pprof_profile_remove(connections, &things[7]);
}

static void one_page_anywhere(void **state)
{
	struct pprof_request request = { .path = "/elsewhere", .query = "debug=1" };
	struct pprof_response response = { &answer, put_status, put_header, put_body, NULL,
		{ NULL } };

	(void)state;
	memset(&answer, 0, sizeof(answer));
	assert_int_equal(pprof_handle_page("my.lib/connections", &request, &response), 0);
	assert_memory_equal(answer.body, "my.lib/connections profile: total 0\n", 36);
	memset(&answer, 0, sizeof(answer));
	assert_int_equal(pprof_handle_page(NULL, &request, &response), 0);
	assert_non_null(strstr(answer.body, "<title>/debug/pprof/</title>"));
	memset(&answer, 0, sizeof(answer));
	assert_int_equal(pprof_handle_page("nope", &request, &response), 0);
	assert_int_equal(answer.status, 404);
}

static int start(void **state)
{
	(void)state;
	connections = pprof_new_profile("my.lib/connections");
	return connections ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_and_go),
		cmocka_unit_test(too_deep_a_skip_keeps_a_frame),
		cmocka_unit_test(many_values),
		cmocka_unit_test(by_many_threads_and_a_fork),
		cmocka_unit_test(names),
		cmocka_unit_test(is_served_and_listed),
		cmocka_unit_test(one_page_anywhere),
		cmocka_unit_test(no_labels),
		cmocka_unit_test(profiles_are_capped),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
