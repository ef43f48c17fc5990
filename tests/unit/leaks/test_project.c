/* Slopes of a process's memory, and when it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "leaks/project.h"

#define POINTS 100

static void fill(struct leaks_moment *m, double slope, double noise, double outlier)
{
	for (size_t i = 0; i < POINTS; i++) {
		double wave = noise * sin((double)i * 2.4);

		m[i] = (struct leaks_moment){ .at = (double)i * 10 };
		m[i].used = (int64_t)(1e9 + slope * m[i].at + wave + (i == 50 ? outlier : 0));
	}
}

static void a_line_is_found(void **state)
{
	struct leaks_moment m[POINTS];
	struct leaks_range r;

	(void)state;
	fill(m, 5000, 1000, 1e9);
	assert_true(project_slope(m, POINTS, &r));
	assert_true(fabs(r.value - 5000) < 10);
	assert_true(r.lo <= 5000 && r.hi >= 5000);
	assert_true(r.hi - r.lo < 100);
}

static void noise_widens_the_interval(void **state)
{
	struct leaks_moment m[POINTS];
	struct leaks_range calm, wild;

	(void)state;
	fill(m, 100, 1e4, 0);
	assert_true(project_slope(m, POINTS, &calm));
	fill(m, 100, 1e6, 0);
	assert_true(project_slope(m, POINTS, &wild));
	assert_true(wild.hi - wild.lo > 10 * (calm.hi - calm.lo));
	assert_true(wild.lo < 0);
}

static void few_points_say_nothing(void **state)
{
	struct leaks_moment m[POINTS];
	struct leaks_range r;

	(void)state;
	fill(m, 100, 0, 0);
	assert_false(project_slope(m, 3, &r));
	m[1].used = 0;
	assert_false(project_slope(m, 4, &r));
}

/* 1 GiB left at 1 MiB/s and 2 MiB/s. */
static void limits_come_from_both(void **state)
{
	struct leaks_moment m[POINTS];
	struct leaks_site leak = { .v = { .class = LEAKS_LEAK } };
	struct leaks_report r = { .suspects = &leak, .n_suspects = 1 };
	struct leaks_input in = { .moments = m, .n_moments = POINTS, .has_times = true };

	(void)state;
	leak.v.rate = (struct leaks_range){ 1048576, 524288, 2097152 };
	fill(m, 2097152, 0, 0);
	m[POINTS - 1].limit = m[POINTS - 1].used + 1073741824;
	project_fill(&r, &in);
	assert_true(r.projection.has_from_sites && r.projection.has_from_memory);
	assert_true(fabs(r.projection.from_sites.value - 1024) < 1);
	assert_true(fabs(r.projection.from_sites.lo - 512) < 1);
	assert_true(fabs(r.projection.from_sites.hi - 2048) < 1);
	assert_true(fabs(r.projection.from_memory.value - 512) < 1);
	assert_true(fabs(r.projection.explained - 0.5) < 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_found),
		cmocka_unit_test(noise_widens_the_interval),
		cmocka_unit_test(few_points_say_nothing),
		cmocka_unit_test(limits_come_from_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
