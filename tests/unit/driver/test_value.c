/* Go's reading and printing of values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver/value.h"

static void reads_whole_numbers(void **state)
{
	static const struct {
		const char *text;
		int base;
		enum value_result result;
		int64_t value;
	} cases[] = {
		{ "0", 10, VALUE_OK, 0 },
		{ "+7", 10, VALUE_OK, 7 },
		{ "-1", 10, VALUE_OK, -1 },
		{ "007", 10, VALUE_OK, 7 },
		{ "", 10, VALUE_SYNTAX, 0 },
		{ "-", 10, VALUE_SYNTAX, 0 },
		{ "abc", 10, VALUE_SYNTAX, 0 },
		{ "1_0", 10, VALUE_SYNTAX, 0 },
		{ "0x10", 10, VALUE_SYNTAX, 0 },
		{ "9223372036854775807", 10, VALUE_OK, INT64_MAX },
		{ "9223372036854775808", 10, VALUE_RANGE, 0 },
		{ "-9223372036854775808", 10, VALUE_OK, INT64_MIN },
		{ "99999999999999999999999", 10, VALUE_RANGE, 0 },
		{ "0x1f", 0, VALUE_OK, 31 },
		{ "0X1F", 0, VALUE_OK, 31 },
		{ "0b101", 0, VALUE_OK, 5 },
		{ "0o17", 0, VALUE_OK, 15 },
		{ "017", 0, VALUE_OK, 15 },
		{ "1_000", 0, VALUE_OK, 1000 },
		{ "0x_ff", 0, VALUE_OK, 255 },
		{ "1__0", 0, VALUE_SYNTAX, 0 },
		{ "1_", 0, VALUE_SYNTAX, 0 },
		{ "_1", 0, VALUE_SYNTAX, 0 },
		{ "08", 0, VALUE_SYNTAX, 0 },
		{ "0x", 0, VALUE_SYNTAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t v = 0;

		print_message("%s\n", cases[i].text);
		assert_int_equal(
		    value_int(str_c(cases[i].text), cases[i].base, &v), cases[i].result);
		assert_int_equal(v, cases[i].value);
	}
}

static void reads_floats(void **state)
{
	double v = 0;

	(void)state;
	assert_int_equal(value_float(STR("0.005"), &v), VALUE_OK);
	assert_true(v == 0.005);
	assert_int_equal(value_float(STR("1e3"), &v), VALUE_OK);
	assert_true(v == 1000);
	assert_int_equal(value_float(STR("0x1p4"), &v), VALUE_OK);
	assert_true(v == 16);
	assert_int_equal(value_float(STR("1_0"), &v), VALUE_OK);
	assert_true(v == 10);
	assert_int_equal(value_float(STR("0x_1p4"), &v), VALUE_OK);
	assert_true(v == 16);
	assert_int_equal(value_float(STR("1e999"), &v), VALUE_RANGE);
	assert_int_equal(value_float(STR(""), &v), VALUE_SYNTAX);
	assert_int_equal(value_float(STR(" 1"), &v), VALUE_SYNTAX);
	assert_int_equal(value_float(STR("1x"), &v), VALUE_SYNTAX);
	assert_int_equal(value_float(STR("0x10"), &v), VALUE_SYNTAX);
	assert_int_equal(value_float(STR("nan(1)"), &v), VALUE_SYNTAX);
	assert_int_equal(value_float(STR("-nan"), &v), VALUE_SYNTAX);
	assert_int_equal(value_float(STR("1_"), &v), VALUE_SYNTAX);
	assert_int_equal(value_float(STR("_1"), &v), VALUE_SYNTAX);
	assert_int_equal(value_float(STR("1_.5"), &v), VALUE_SYNTAX);
	assert_true(v == 16);
}

static void reads_booleans(void **state)
{
	bool v;

	(void)state;
	assert_true(value_flag_bool(STR("T"), &v) && v);
	assert_true(value_flag_bool(STR("False"), &v) && !v);
	assert_false(value_flag_bool(STR("yes"), &v));
	assert_false(value_flag_bool(STR(""), &v));
	assert_true(value_word_bool(STR("YES"), &v) && v);
	assert_true(value_word_bool(STR(""), &v) && v);
	assert_true(value_word_bool(STR("n"), &v) && !v);
	assert_false(value_word_bool(STR("maybe"), &v));
	assert_false(value_word_bool(STR("truetruetrue"), &v));
}

static void prints_floats_shortest(void **state)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ -1.5, "-1.5" },
		{ 0.005, "0.005" },
		{ 0.1, "0.1" },
		{ 1e20, "100000000000000000000" },
		{ 1e21, "1e+21" },
		{ 0.0001, "0.0001" },
		{ 0.00001, "1e-05" },
		{ 123456.789, "123456.789" },
		{ 1.0 / 3, "0.3333333333333333" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out = { 0 };

		value_print_float(&out, cases[i].v);
		assert_string_equal(buf_c(&out), cases[i].text);
		buf_release(&out);
	}
}

static void quotes_as_go(void **state)
{
	struct buf out = { 0 };

	(void)state;
	value_quote(&out, STR("a\"b\\c\n\x01\xc3\xa9\xff"));
	assert_string_equal(buf_c(&out), "\"a\\\"b\\\\c\\n\\x01\xc3\xa9\\xff\"");
	buf_clear(&out);
	/* A byte order mark, a wide blank, a tag: nothing that is seen. An emoji is. */
	value_quote(&out, STR("\xef\xbb\xbf\xc2\xa0\xf3\xa0\x80\x81\xf0\x9f\x98\x80"));
	assert_string_equal(buf_c(&out), "\"\\ufeff\\u00a0\\U000e0001\xf0\x9f\x98\x80\"");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_whole_numbers),
		cmocka_unit_test(reads_floats),
		cmocka_unit_test(reads_booleans),
		cmocka_unit_test(prints_floats_shortest),
		cmocka_unit_test(quotes_as_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
