/* The thread's countdown to its next sample: that nothing a signal does to it silences the thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/heap_gate.h"
#include "runtime/heap_sample.h"
#include "runtime/init.h"
#include "runtime/rt.h"
#include "runtime/tls.h"

#define RATE ((uint64_t)65536)

/* As a hook: whether an allocation of n bytes is to be sampled. */
static bool allocate(size_t n)
{
	uint64_t mean;

	return !rt_gate_pass(n) && rt_heap_due(n, &mean);
}

/* Samples among 2,000 allocations of 1,000 bytes: about 30. */
static int samples(void)
{
	int n = 0;

	for (int i = 0; i < 2000; i++)
		n += allocate(1000);
	return n;
}

static int begin(void **state)
{
	(void)state;
	rt_init();
	atomic_store(&rt.heap_rate, RATE);
	rt_heap_redraw();
	return 0;
}

static void test_as_it_is(void **state)
{
	(void)state;
	assert_in_range(samples(), 5, 100);
}

/* A handler allocates behind the gate's borrow and before it is undone. */
static void test_a_handler_allocates_in_between(void **state)
{
	uint64_t mean;

	(void)state;
	rt_tls.left = 100;
	rt_tls.rest = 0;
	assert_false(rt_gate_pass(3000));
	assert_true(rt_gate_pass(500)); /* far from zero now, as it seems */
	rt_heap_due(3000, &mean);
	assert_in_range(samples(), 5, 100);
}

/* A handler jumps away from there: the next free of a sampled block sees it. */
static void test_a_handler_jumps_away(void **state)
{
	(void)state;
	rt_tls.left = 100;
	assert_false(rt_gate_pass(3000));
	assert_int_equal(samples(), 0);
	rt_heap_forget((void *)0x5000);
	assert_in_range(samples(), 5, 100);
}

static void test_inside_a_sample(void **state)
{
	(void)state;
	rt_heap_redraw();
	/* On a stack below: one that goes on. Above, it has been left. */
	rt_tls.busy_at = (uintptr_t)__builtin_frame_address(0) + 4096;
	assert_false(allocate(100000));
	rt_tls.busy_at = 4096;
	assert_in_range(samples(), 5, 100);
	assert_int_equal(rt_tls.busy_at, 0);
	/* Below too, after a while. */
	rt_tls.busy_at = (uintptr_t)__builtin_frame_address(0) + 4096;
	assert_in_range(samples(), 5, 100);
	assert_int_equal(rt_tls.busy_at, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_as_it_is, begin),
		cmocka_unit_test_setup(test_a_handler_allocates_in_between, begin),
		cmocka_unit_test_setup(test_a_handler_jumps_away, begin),
		cmocka_unit_test_setup(test_inside_a_sample, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
