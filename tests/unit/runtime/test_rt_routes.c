/* /debug/pprof/ without sockets: statuses, headers and texts as Go's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/fmt.h"
#include "runtime/init.h"
#include "runtime/rt_routes.h"

struct want {
	const char *method, *path, *query;
	int status;
	const char *type, *disposition;
	const char *body; /* NULL: not looked at */
};

static struct rt_request request(const struct want *w)
{
	return (
	    struct rt_request){ str_c(w->method), str_c(w->path), str_c(w->query), { NULL, 0 } };
}

#define PLAIN       "text/plain; charset=utf-8"
#define OCTETS      "application/octet-stream"
#define AGES        "age and born do not go together with debug, peak and seconds\n"
#define BAD_SECONDS "invalid value for \"seconds\" - must be a positive integer\n"

static void answers(void **state)
{
	static const struct want wants[] = {
		{ "GET", "/debug/pprof/", "", 200, "text/html; charset=utf-8", "", NULL },
		{ "GET", "/debug/pprof", "", 301, PLAIN, "", "" },
		{ "GET", "/debug/pprof/heap", "", 200, OCTETS, "attachment; filename=\"heap\"",
		    NULL },
		{ "GET", "/debug/pprof/heap", "gc=1", 200, OCTETS, "attachment; filename=\"heap\"",
		    NULL },
		{ "GET", "/debug/pprof/allocs", "debug=0", 200, OCTETS,
		    "attachment; filename=\"allocs\"", NULL },
		{ "GET", "/debug/pprof/heap", "debug=1", 200, PLAIN, "", NULL },
		{ "GET", "/debug/pprof/heap", "debug=x", 200, OCTETS,
		    "attachment; filename=\"heap\"", NULL },
		{ "GET", "/debug/pprof/nope", "", 404, PLAIN, "", "Unknown profile\n" },
		{ "GET", "/debug/pprof/heap/", "", 404, PLAIN, "", "Unknown profile\n" },
		{ "GET", "/debug/pprof/heap", "seconds=x", 400, PLAIN, "", BAD_SECONDS },
		{ "GET", "/debug/pprof/heap", "seconds=0", 400, PLAIN, "", BAD_SECONDS },
		{ "GET", "/debug/pprof/heap", "seconds=-3", 400, PLAIN, "", BAD_SECONDS },
		{ "GET", "/debug/pprof/heap", "seconds=1&debug=1", 400, PLAIN, "",
		    "seconds and debug params are incompatible\n" },
		{ "GET", "/debug/pprof/heap", "seconds=301", 400, PLAIN, "",
		    "profile duration exceeds server's WriteTimeout\n" },
		{ "GET", "/debug/pprof/heap", "peak=1", 200, OCTETS,
		    "attachment; filename=\"heap-peak\"", NULL },
		{ "GET", "/debug/pprof/heap", "peak=1&debug=1", 200, PLAIN, "", NULL },
		{ "GET", "/debug/pprof/heap", "peak=1&seconds=1", 400, PLAIN, "",
		    "peak and seconds params are incompatible\n" },
		{ "GET", "/debug/pprof/heap", "age=1&born=1", 200, OCTETS,
		    "attachment; filename=\"heap\"", NULL },
		{ "GET", "/debug/pprof/heap", "age=1&debug=1", 400, PLAIN, "", AGES },
		{ "GET", "/debug/pprof/heap", "born=1&peak=1", 400, PLAIN, "", AGES },
		{ "GET", "/debug/pprof/allocs", "born=1&seconds=1", 400, PLAIN, "", AGES },
		{ "GET", "/debug/pprof/symbol", "", 200, PLAIN, "", "num_symbols: 1\n" },
		{ "POST", "/debug/pprof/symbol", "", 200, PLAIN, "", "num_symbols: 1\n" },
		{ "POST", "/debug/pprof/heap", "", 405, PLAIN, "", "Method Not Allowed\n" },
		{ "PUT", "/debug/pprof/symbol", "", 405, PLAIN, "", "Method Not Allowed\n" },
		{ "GET", "/debug/pprof/block", "", 200, OCTETS, "attachment; filename=\"block\"",
		    NULL },
		{ "GET", "/debug/pprof/mutex", "gc=1", 200, OCTETS,
		    "attachment; filename=\"mutex\"", NULL },
		{ "GET", "/debug/pprof/block", "debug=2", 200, PLAIN, "", NULL },
		{ "GET", "/debug/pprof/block", "peak=1", 400, PLAIN, "",
		    "age, born and peak are parameters of the heap's profiles\n" },
		{ "GET", "/debug/pprof/mutex", "seconds=0", 400, PLAIN, "", BAD_SECONDS },
		{ "GET", "/debug/pprof/mutex", "seconds=1&debug=1", 400, PLAIN, "",
		    "seconds and debug params are incompatible\n" },
		{ "GET", "/debug/pprof/retained", "seconds=1", 400, PLAIN, "",
		    "\"seconds\" parameter is not supported for this profile type\n" },
		{ "GET", "/debug/pprof/retained", "seconds=x", 400, PLAIN, "", BAD_SECONDS },
		{ "GET", "/debug/pprof/retained", "peak=1", 400, PLAIN, "",
		    "age, born and peak are parameters of the heap's profiles\n" },
		{ "GET", "/debug/pprof/fd", "", 404, PLAIN, "", "Unknown profile\n" },
		{ "GET", "/debug/pprof/trace", "seconds=1", 501, PLAIN, "",
		    "trace is not supported: execution traces are of Go's scheduler; use profile, "
		    "block, mutex and threads\n" },
		{ "POST", "/debug/pprof/mutex", "", 405, PLAIN, "", "Method Not Allowed\n" },
		{ "GET", "/", "", 404, PLAIN, "", "404 page not found\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		const struct want *w = &wants[i];
		struct rt_request req = request(w);
		struct rt_reply reply;
		struct rt_job job;

		assert_true(rt_routes_begin(&req, &job, &reply));
		assert_int_equal(reply.status, w->status);
		assert_string_equal(reply.content_type, w->type);
		assert_string_equal(reply.disposition, w->disposition);
		assert_int_equal(reply.is_error, w->status >= 400 && w->path[1] != '\0');
		if (w->body) {
			assert_int_equal(reply.body.n, strlen(w->body));
			assert_memory_equal(reply.body.p, w->body, reply.body.n);
		}
		rt_bytes_release(&reply.body);
	}
}

static void a_difference_waits(void **state)
{
	struct want w = { "GET", "/debug/pprof/allocs", "seconds=2", 0, "", "", NULL };
	struct rt_request req = request(&w);
	uint64_t now = rt_routes_now();
	struct rt_reply reply;
	struct rt_job job;

	(void)state;
	assert_false(rt_routes_begin(&req, &job, &reply));
	assert_in_range(job.ready_ns - now, 2000000000, 2500000000);
	rt_routes_finish(&job, &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.disposition, "attachment; filename=\"allocs-delta\"");
	rt_bytes_release(&reply.body);
}

/* Scrapers ask every profile for a difference. */
static void every_cumulative_profile_has_differences(void **state)
{
	static const char *const names[] = { "allocs", "block", "heap", "mutex" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct rt_profile_kind *kind = rt_profiles_find(str_c(names[i]));
		struct rt_request req = { .method = STR("GET"), .query = STR("seconds=1") };
		char path[64], wanted[64];
		struct fmt_buf b = fmt_buf_of(path, sizeof(path));
		struct rt_reply reply;
		struct rt_job job;

		assert_non_null(kind);
		assert_true(kind->is_delta_able);
		fmt_c(&b, "/debug/pprof/");
		fmt_c(&b, names[i]);
		req.path = fmt_text(&b);
		assert_false(rt_routes_begin(&req, &job, &reply));
		rt_routes_finish(&job, &reply);
		assert_int_equal(reply.status, 200);
		b = fmt_buf_of(wanted, sizeof(wanted));
		fmt_c(&b, "attachment; filename=\"");
		fmt_c(&b, names[i]);
		fmt_c(&b, "-delta\"");
		assert_string_equal(reply.disposition, fmt_end(&b));
		rt_bytes_release(&reply.body);
	}
}

static void symbols(void **state)
{
	char query[64];
	struct fmt_buf b = fmt_buf_of(query, sizeof(query));
	struct rt_request req = { .method = STR("GET"), .path = STR("/debug/pprof/symbol") };
	struct rt_reply reply;
	struct rt_job job;

	(void)state;
	fmt_c(&b, "0x1+junk+0x");
	fmt_hex(&b, (uint64_t)(uintptr_t)getenv, 0);
	req.query = fmt_text(&b);
	assert_true(rt_routes_begin(&req, &job, &reply));
	rt_bytes_add(&reply.body, "", 1);
	assert_memory_equal(reply.body.p, "num_symbols: 1\n0x", 17);
	assert_non_null(strstr((char *)reply.body.p, "getenv"));
	rt_bytes_release(&reply.body);
}

static void command_line(void **state)
{
	struct rt_request req = { .method = STR("GET"), .path = STR("/debug/pprof/cmdline") };
	struct rt_reply reply;
	struct rt_job job;

	(void)state;
	assert_true(rt_routes_begin(&req, &job, &reply));
	assert_true(reply.body.n > 0);
	assert_true(reply.body.p[reply.body.n - 1] != '\0');
	rt_bytes_release(&reply.body);
}

static int start(void **state)
{
	(void)state;
	rt_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(a_difference_waits),
		cmocka_unit_test(every_cumulative_profile_has_differences),
		cmocka_unit_test(symbols),
		cmocka_unit_test(command_line),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
