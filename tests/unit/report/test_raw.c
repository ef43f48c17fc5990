/*
 * -raw, -comments and the Go texts of times and durations in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "make_profile.h"
#include "report/gotime.h"

static void prints_everything(void **state)
{
	struct maker m;
	struct report_options o;
	uint32_t f, g, l, unknown;

	(void)state;
	make_init(&m);
	make_type(&m, "samples", "count");
	make_type(&m, "cpu", "ns");
	make_mapping(&m, 0x1000, 0x2000, "/bin/x");
	f = make_function(&m, "f", "f.c", 3);
	g = make_function(&m, "g", "g.c", 0);
	l = make_location(&m, 0x1234, 0);
	make_line(&m, g, 7);
	make_line(&m, f, 9);
	unknown = make_location(&m, 0, PROFILE_NONE);
	MAKE_SAMPLE(&m, VALUES(1, -20), l, unknown);
	make_label(&m, "z", "last");
	make_label(&m, "k", "b");
	make_label(&m, "k", "a");
	make_number(&m, "bytes", 64, "");
	make_number(&m, "bytes", 128, "B");
	make_number(&m, "n", 5, "");
	make_comment(&m, "#hidden elsewhere");
	make_done(&m);
	m.functions.p[f].system_name = profile_intern(&m.p, STR("_f"));
	m.mappings.p[0].build_id = profile_intern(&m.p, STR("abc"));
	m.mappings.p[0].has_functions = true;
	m.mappings.p[0].has_line_numbers = true;
	m.p.default_sample_type = profile_find_str(&m.p, STR("cpu"));
	m.p.period_type = m.p.sample_types[1];
	m.p.period = 100;
	m.p.time_ns = 1500000000;
	m.p.duration_ns = 83250000000;
	o = make_options(&m.p, REPORT_RAW);
	assert_report(make_report(&m.p, &o), "Comment: #hidden elsewhere\n"
					     "PeriodType: cpu ns\n"
					     "Period: 100\n"
					     "Time: 1970-01-01 00:00:01.5 +0000 UTC\n"
					     "Duration: 1m23\n"
					     "Samples:\n"
					     "samples/count cpu/ns[dflt]\n"
					     "          1        -20: 1 2 \n"
					     "                k:[b a] z:[last]\n"
					     "                bytes:[64  128 B] n:[5]\n"
					     "Locations\n"
					     "     1: 0x1234 M=1 g g.c:7:0 s=0\n"
					     "             f f.c:9:0 s=3(_f)\n"
					     "     2: 0x0 \n"
					     "Mappings\n"
					     "1: 0x1000/0x2000/0x0 /bin/x abc [FN][LN]\n");
	o.format = REPORT_COMMENTS;
	assert_report(make_report(&m.p, &o), "#hidden elsewhere\n");
	make_release(&m);
}

/* Expected texts are those of Go's time.Duration. */
static void prints_durations(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0s" },
		{ 1, "1ns" },
		{ 1100, "1.1µs" },
		{ 2200000, "2.2ms" },
		{ 3300000000, "3.3s" },
		{ 245000000000, "4m5s" },
		{ 245001000000, "4m5.001s" },
		{ 18367001000000, "5h6m7.001s" },
		{ 480000000001, "8m0.000000001s" },
		{ -1500000000, "-1.5s" },
		{ INT64_MAX, "2562047h47m16.854775807s" },
		{ INT64_MIN, "-2562047h47m16.854775808s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = { 0 };

		goduration_print(cases[i].ns, 100, &b);
		assert_report(b, cases[i].text);
	}
}

static void cuts_durations_at_characters(void **state)
{
	struct buf b = { 0 };

	(void)state;
	goduration_print(1100, 4, &b);
	assert_report(b, "1.1µ");
}

static void prints_times_in_the_local_zone(void **state)
{
	struct buf b = { 0 };

	(void)state;
	setenv("TZ", "EST5", 1);
	tzset();
	gotime_print(1700000000123456000, &b);
	setenv("TZ", "UTC", 1);
	tzset();
	assert_report(b, "2023-11-14 17:13:20.123456 -0500 EST");
	b = (struct buf){ 0 };
	gotime_print(-1, &b);
	assert_report(b, "1969-12-31 23:59:59.999999999 +0000 UTC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_everything),
		cmocka_unit_test(prints_durations),
		cmocka_unit_test(cuts_durations_at_characters),
		cmocka_unit_test(prints_times_in_the_local_zone),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
