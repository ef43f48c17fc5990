/* Which locks are calm: none that was waited for lately, and in the end each is again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/waiters.h"

/* Only their addresses count. */
static char locks[1u << 20];

static void a_wait_ends_the_calm(void **state)
{
	const void *lock = &locks[64];
	const char *other = &locks[128];

	(void)state;
	while (rt_waiters_bucket((uintptr_t)other) == rt_waiters_bucket((uintptr_t)lock))
		other += 64;
	assert_true(rt_waiters_calm(lock));
	rt_waiters_note(lock);
	rt_waiters_note(lock);
	assert_false(rt_waiters_calm(lock));
	assert_true(rt_waiters_calm(other));
}

static size_t calm_buckets(void)
{
	size_t n = 0;

	for (size_t i = 0; i < RT_WAITERS_BUCKETS; i++)
		n += !atomic_load(&rt_waiters_seen[i]);
	return n;
}

/* A program may make locks without end: not all addresses may end up as waited for. */
static void waits_are_forgotten(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(locks); i += 64) {
		rt_waiters_note(&locks[i]);
		assert_false(rt_waiters_calm(&locks[i]));
		assert_true(calm_buckets() > RT_WAITERS_BUCKETS / 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_ends_the_calm),
		cmocka_unit_test(waits_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
