/*
 * -traces: stacks with labels, as they lie in the profile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_profile.h"

#define SEPARATOR "-----------+-------------------------------------------------------\n"

static void prints_labels_and_inlined_frames(void **state)
{
	const struct num_unit unit = { STR("bytes"), STR("bytes") };
	struct maker m;
	struct report_options o;
	uint32_t f, g, l, bare;

	(void)state;
	make_init(&m);
	make_type(&m, "space", "bytes");
	make_mapping(&m, 0x1000, 0x2000, "/lib/libx.so");
	f = make_function(&m, "f", "a//b/f.c", 0);
	g = make_function(&m, "g", "", 0);
	l = make_location(&m, 0, PROFILE_NONE);
	make_line(&m, g, 0);
	make_line(&m, f, 12);
	bare = make_location(&m, 0x1234, 0);
	MAKE_SAMPLE(&m, VALUES(2048), l, bare);
	make_label(&m, "key", "v1");
	make_label(&m, "key", "v2");
	make_label(&m, "a_rather_long_key", "v");
	make_number(&m, "bytes", 4096, "bytes");
	make_sample(&m, VALUES(5), NULL, 0);
	MAKE_SAMPLE(&m, VALUES(0), bare);
	make_done(&m);
	o = make_options(&m.p, REPORT_TRACES);
	o.num_units = (struct num_units){ .v = &unit, .n = 1 };
	assert_report(make_report(&m.p, &o),
	    "File: libx.so\nType: space\n" SEPARATOR "       key:  v1 v2\n"
	    "a_rather_long_key:  v\n"
	    "     bytes:  4kB\n"
	    "       2kB   g (inline)\n"
	    "             f a/b/f.c:12\n"
	    "             0000000000001234 [libx.so]\n" SEPARATOR
	    "         0   0000000000001234 [libx.so]\n" SEPARATOR);
	make_release(&m);
}

static void divides_for_mean(void **state)
{
	struct maker m;
	struct report_options o;
	uint32_t f;

	(void)state;
	make_init(&m);
	make_type(&m, "n", "count");
	make_type(&m, "delay", "ns");
	f = make_frame(&m, "f");
	MAKE_SAMPLE(&m, VALUES(3, 100), f);
	MAKE_SAMPLE(&m, VALUES(0, 50), f);
	make_done(&m);
	o = make_options(&m.p, REPORT_TRACES);
	o.mean = true;
	o.sample_type = STR("mean_delay");
	assert_report(make_report(&m.p, &o),
	    "Type: mean_delay\n" SEPARATOR "      33ns   f\n" SEPARATOR
	    "      50ns   f\n" SEPARATOR);
	make_release(&m);
}

static void prints_an_empty_line_without_labels(void **state)
{
	struct maker m;
	struct report_options o;

	(void)state;
	make_init(&m);
	make_type(&m, "", "");
	make_done(&m);
	o = make_options(&m.p, REPORT_TRACES);
	assert_report(make_report(&m.p, &o), "\n" SEPARATOR);
	make_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_labels_and_inlined_frames),
		cmocka_unit_test(divides_for_mean),
		cmocka_unit_test(prints_an_empty_line_without_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
