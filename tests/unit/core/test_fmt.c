/* Numbers to text: against printf where that is the reference, and at the buffer's end. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/fmt.h"

static char text[64];

static struct fmt_buf fresh(void)
{
	memset(text, '#', sizeof(text));
	return fmt_buf_of(text, sizeof(text));
}

static void test_integers_as_printf(void **state)
{
	static const uint64_t values[] = { 0, 1, 9, 10, 99, 12345678901234567u, INT64_MAX,
		(uint64_t)INT64_MAX + 1, UINT64_MAX };
	char want[64];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct fmt_buf b = fresh();

		fmt_u64(&b, values[i]);
		fmt_char(&b, ' ');
		fmt_i64(&b, (int64_t)values[i]);
		fmt_char(&b, ' ');
		fmt_hex(&b, values[i], 0);
		fmt_char(&b, ' ');
		snprintf(want, sizeof(want), "%" PRIu64 " %" PRId64 " %" PRIx64 " ", values[i],
		    (int64_t)values[i], values[i]);
		assert_false(b.failed);
		assert_string_equal(fmt_end(&b), want);
	}
}

static void test_padding(void **state)
{
	struct fmt_buf b = fresh();

	(void)state;
	fmt_u64_pad(&b, 7, 3);
	fmt_u64_pad(&b, 1234, 3);
	fmt_char(&b, '|');
	fmt_hex(&b, 0xab, 4);
	fmt_char(&b, '|');
	fmt_hex(&b, 1, 18);
	assert_string_equal(fmt_end(&b), "  71234|00ab|000000000000000001");
}

static void test_bytes(void **state)
{
	struct fmt_buf b = fresh();

	(void)state;
	fmt_hex_bytes(&b, STR("\x00\x0f\xff"));
	fmt_c(&b, NULL);
	fmt_c(&b, "x");
	assert_string_equal(fmt_end(&b), "000fffx");
}

static void assert_fixed(double v, unsigned decimals, const char *want)
{
	struct fmt_buf b = fresh();

	fmt_fixed(&b, v, decimals);
	assert_false(b.failed);
	assert_string_equal(fmt_end(&b), want);
}

static void test_fixed(void **state)
{
	(void)state;
	assert_fixed(0, 0, "0");
	assert_fixed(0, 2, "0.00");
	assert_fixed(1.5, 0, "2");
	assert_fixed(2.5, 0, "3");
	assert_fixed(-1.25, 1, "-1.3");
	assert_fixed(0.05, 1, "0.1");
	assert_fixed(999.996, 2, "1000.00");
	assert_fixed(12.034, 3, "12.034");
	assert_fixed(3, 12, "3.000000000");
	assert_fixed((double)NAN, 2, "NaN");
	assert_fixed((double)INFINITY, 2, "+Inf");
	assert_fixed(-(double)INFINITY, 2, "-Inf");
}

static void test_fixed_out_of_range(void **state)
{
	struct fmt_buf b = fresh();

	(void)state;
	fmt_fixed(&b, 1e18, 2);
	assert_true(b.failed);
	assert_int_equal(b.n, 0);
}

static void test_cut_at_the_end(void **state)
{
	char small[5] = "....";
	struct fmt_buf b = fmt_buf_of(small, 4);

	(void)state;
	fmt_u64(&b, 123);
	assert_false(b.failed);
	fmt_u64(&b, 456);
	assert_true(b.failed);
	assert_true(str_is(fmt_text(&b), "1234"));
	fmt_char(&b, '!');
	assert_true(str_is(fmt_text(&b), "1234"));
	assert_string_equal(fmt_end(&b), "123");
	assert_int_equal(small[4], '\0');
}

static void test_no_room_for_the_nul(void **state)
{
	char small[4];
	struct fmt_buf b = fmt_buf_of(small, sizeof(small));
	struct fmt_buf none = fmt_buf_of(NULL, 0);

	(void)state;
	fmt_c(&b, "abcd");
	assert_false(b.failed);
	assert_string_equal(fmt_end(&b), "abc");
	assert_true(b.failed);
	assert_string_equal(fmt_end(&none), "");
	fmt_c(&none, "x");
	assert_true(none.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers_as_printf),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_fixed_out_of_range),
		cmocka_unit_test(test_cut_at_the_end),
		cmocka_unit_test(test_no_room_for_the_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
