/* What /proc says of a thread, from its texts and from the real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "runtime/taskinfo.h"
#include "runtime/threads_peek.h"

static void a_status_text(void **state)
{
	struct rt_taskinfo info = { .state = '?' };

	(void)state;
	rt_taskinfo_parse(STR("Name:\ta worker\nUmask:\t0022\nState:\tD (disk sleep)\n"
			      "SigBlk:\t0000000000400001\nbroken line\n"),
	    &info);
	assert_string_equal(info.name, "a worker");
	assert_int_equal(info.state, 'D');
	assert_int_equal(info.blocked, 0x400001);
	assert_string_equal(rt_taskinfo_state('D'), "disk sleep");
	assert_string_equal(rt_taskinfo_state('S'), "sleeping");
	assert_string_equal(rt_taskinfo_state('?'), "unknown");
	assert_string_equal(rt_taskinfo_state('\0'), "unknown");
}

static void this_thread(void **state)
{
	struct rt_taskinfo info;

	(void)state;
	assert_true(rt_taskinfo_read(gettid(), &info));
	assert_string_equal(info.name, "test_taskinfo");
	assert_int_equal(info.state, 'R');
	assert_false(rt_taskinfo_read(1, &info) && getpid() != 1);
}

static bool parse(const char *line, int64_t *call, uintptr_t *sp, uintptr_t *pc)
{
	return rt_threads_peek_parse(line, strlen(line), call, sp, pc);
}

static void system_calls(void **state)
{
	uintptr_t sp, pc;
	int64_t call;

	(void)state;
	assert_true(parse("35 0x1 0x2 0x0 0x0 0x0 0x0 0x7ffd10 0x7f20\n", &call, &sp, &pc));
	assert_int_equal(call, 35);
	assert_int_equal(sp, 0x7ffd10);
	assert_int_equal(pc, 0x7f20);
	assert_true(parse("-1 0x7ffd10 0x7f20\n", &call, &sp, &pc));
	assert_int_equal(call, -1);
	assert_false(parse("running\n", &call, &sp, &pc));
	assert_false(parse("", &call, &sp, &pc));
	assert_false(parse("35\n", &call, &sp, &pc));
	assert_false(parse("35 0xzz 0x1\n", &call, &sp, &pc));
	assert_false(parse("35 0x0 0x0\n", &call, &sp, &pc));
}

static void memory_that_is_not_there(void **state)
{
	uint64_t word = 7, copy = 0;

	(void)state;
	assert_true(rt_threads_peek_bytes((uintptr_t)&word, &copy, sizeof(copy)));
	assert_int_equal(copy, 7);
	assert_false(rt_threads_peek_bytes(8, &copy, sizeof(copy)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_text),
		cmocka_unit_test(this_thread),
		cmocka_unit_test(system_calls),
		cmocka_unit_test(memory_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
