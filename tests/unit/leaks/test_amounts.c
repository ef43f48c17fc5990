/* How amounts look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "leaks/amounts.h"

static void is(struct buf *b, const char *want)
{
	assert_string_equal(buf_c(b), want);
	buf_release(b);
}

static void bytes(void **state)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = { { 0, "0 B" }, { 999, "999 B" }, { 1000, "0.98 KiB" },
		{ 49.3 * 1024, "49.3 KiB" }, { 912.0 * 1024 * 1024, "912 MiB" },
		{ 1.84 * 1073741824, "1.84 GiB" }, { -2048, "-2 KiB" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = { 0 };

		amount_bytes(&b, cases[i].v);
		is(&b, cases[i].text);
	}
}

static void rates_and_times(void **state)
{
	struct leaks_range r = { 49 * 1024, 43 * 1024, 55 * 1024 };
	struct buf b = { 0 };

	(void)state;
	amount_rate(&b, &r, "/s");
	is(&b, "49 KiB/s [43..55]");
	amount_seconds(&b, 4.25);
	is(&b, "4.2s");
	amount_seconds(&b, 754);
	is(&b, "12m34s");
	amount_seconds(&b, 18725);
	is(&b, "5h12m");
	amount_seconds(&b, 3 * 86400.0);
	is(&b, "3 days");
	amount_seconds(&b, (double)INFINITY);
	is(&b, "never");
	amount_count(&b, 934000);
	is(&b, "934k");
}

static void sparklines(void **state)
{
	static const double v[] = { 0, 1, 4, 8 };
	double flat[100] = { 0 };
	struct buf b = { 0 };

	(void)state;
	amount_sparkline(&b, v, 4);
	is(&b, "▁▂▅█");
	amount_sparkline(&b, flat, 100);
	is(&b, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),
		cmocka_unit_test(rates_and_times),
		cmocka_unit_test(sparklines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
