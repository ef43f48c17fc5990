/*
 * -callgrind: names told once, relative addresses, calls, functions that share a name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_profile.h"

static uint32_t at(struct maker *m, uint64_t address, uint32_t mapping, uint32_t f, int64_t line)
{
	uint32_t location = make_location(m, address, mapping);

	make_line(m, f, line);
	return location;
}

static void writes_costs_and_calls(void **state)
{
	struct maker m;
	struct report_options o;
	uint32_t bin, f, g, a, b, c;

	(void)state;
	make_init(&m);
	make_type(&m, "cpu", "nanoseconds");
	bin = make_mapping(&m, 0x1000, 0x9000, "/bin/tool");
	f = make_function(&m, "f", "f.c", 1);
	g = make_function(&m, "g", "g.c", 1);
	a = at(&m, 0x1000, bin, f, 10);
	b = at(&m, 0x2000, bin, g, 20);
	c = at(&m, 0x1010, bin, f, 11);
	MAKE_SAMPLE(&m, VALUES(3000000000), b, a);
	MAKE_SAMPLE(&m, VALUES(1000000000), c);
	make_done(&m);
	o = make_options(&m.p, REPORT_CALLGRIND);
	assert_report(make_report(&m.p, &o), "positions: instr line\n"
					     "events: cpu(s)\n"
					     "\n"
					     "ob=(1) /bin/tool\n"
					     "fl=(1) g.c\n"
					     "fn=(1) g\n"
					     "0x2000 20 3\n"
					     "\n"
					     "ob=(1)\n"
					     "fl=(2) f.c\n"
					     "fn=(2) f\n"
					     "-4080 11 1\n"
					     "-16 10 0\n"
					     "cfl=(1)\n"
					     "cfn=(1)\n"
					     "calls=0 +4080 20\n"
					     "* * 3\n");
	make_release(&m);
}

/* Two functions of one name and file (in two binaries) are told apart where they are called. */
static void numbers_functions_of_one_name(void **state)
{
	struct maker m;
	struct report_options o;
	uint32_t f, top, one, two, a, b, t;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	one = make_mapping(&m, 0x1000, 0x2000, "one.so");
	two = make_mapping(&m, 0x2000, 0x3000, "two.so");
	f = make_function(&m, "f", "f.c", 0);
	top = make_function(&m, "top", "", 0);
	a = at(&m, 0x1000, one, f, 0);
	b = at(&m, 0x2000, two, f, 0);
	t = at(&m, 0x1800, one, top, 0);
	MAKE_SAMPLE(&m, VALUES(2), a, t);
	MAKE_SAMPLE(&m, VALUES(1), b, t);
	make_done(&m);
	o = make_options(&m.p, REPORT_CALLGRIND);
	assert_report(make_report(&m.p, &o), "positions: instr line\n"
					     "events: n(count)\n"
					     "\n"
					     "ob=(1) one.so\n"
					     "fl=(1) f.c\n"
					     "fn=(1) f\n"
					     "0x1000 0 2\n"
					     "\n"
					     "ob=(2) two.so\n"
					     "fl=(1)\n"
					     "fn=(1)\n"
					     "+4096 0 1\n"
					     "\n"
					     "ob=(1)\n"
					     "fl=\n"
					     "fn=(2) top\n"
					     "-2048 0 0\n"
					     "cfl=(1)\n"
					     "cfn=(3) f [1/2]\n"
					     "calls=0 -4096 0\n"
					     "* * 2\n"
					     "cfl=(1)\n"
					     "cfn=(4) f [2/2]\n"
					     "calls=0 * 0\n"
					     "* * 1\n");
	make_release(&m);
}

static void call_tree_numbers_callers(void **state)
{
	struct maker m;
	struct report_options o;
	struct buf out;
	uint32_t a, b, f;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	a = make_frame(&m, "a");
	b = make_frame(&m, "b");
	f = make_frame(&m, "f");
	MAKE_SAMPLE(&m, VALUES(2), f, a);
	MAKE_SAMPLE(&m, VALUES(1), f, b);
	make_done(&m);
	o = make_options(&m.p, REPORT_CALLGRIND);
	o.call_tree = true;
	out = make_report(&m.p, &o);
	assert_non_null(strstr(buf_c(&out), "f [1/2]"));
	assert_non_null(strstr(buf_c(&out), "f [2/2]"));
	o.call_tree = false;
	buf_release(&out);
	out = make_report(&m.p, &o);
	assert_null(strstr(buf_c(&out), "f ["));
	buf_release(&out);
	make_release(&m);
}

/* Calls of one weight go by printed name, which has no address when that is 0. */
static void orders_equal_calls_by_name(void **state)
{
	struct maker m;
	struct report_options o;
	uint32_t bin, top, a, b, t;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	bin = make_mapping(&m, 0x1000, 0x2000, "tool");
	top = at(&m, 0x1100, bin, make_function(&m, "top", "", 0), 0);
	a = at(&m, 0x1200, bin, make_function(&m, "with_address", "", 0), 0);
	b = at(&m, 0, bin, make_function(&m, "without", "", 0), 0);
	t = at(&m, 0, bin, make_function(&m, "(without)", "", 0), 0);
	MAKE_SAMPLE(&m, VALUES(5), a, top);
	MAKE_SAMPLE(&m, VALUES(5), b, top);
	MAKE_SAMPLE(&m, VALUES(5), t, top);
	make_done(&m);
	o = make_options(&m.p, REPORT_CALLGRIND);
	o.cum_sort = true;
	assert_report(make_report(&m.p, &o), "positions: instr line\n"
					     "events: n(count)\n"
					     "\n"
					     "ob=(1) tool\n"
					     "fl=\n"
					     "fn=(1) top\n"
					     "0x1100 0 0\n"
					     "cfl=\n"
					     "cfn=(2) (without)\n"
					     "calls=0 0x0 0\n"
					     "* * 5\n"
					     "cfl=\n"
					     "cfn=(3) with_address\n"
					     "calls=0 0x1200 0\n"
					     "* * 5\n"
					     "cfl=\n"
					     "cfn=(4) without\n"
					     "calls=0 0x0 0\n"
					     "* * 5\n"
					     "\n"
					     "ob=(1)\n"
					     "fl=\n"
					     "fn=(2)\n"
					     "0x0 0 5\n"
					     "\n"
					     "ob=(1)\n"
					     "fl=\n"
					     "fn=(3)\n"
					     "+4608 0 5\n"
					     "\n"
					     "ob=(1)\n"
					     "fl=\n"
					     "fn=(4)\n"
					     "0x0 0 5\n");
	make_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_costs_and_calls),
		cmocka_unit_test(numbers_functions_of_one_name),
		cmocka_unit_test(orders_equal_calls_by_name),
		cmocka_unit_test(call_tree_numbers_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
