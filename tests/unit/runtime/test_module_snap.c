/*
 * The copy of the loader's list: readers beside a writer that changes all of it all the time see
 * rows of one copy only, and an address that is in every copy is always found.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/module_snap.h"

#define ROWS    40u
#define RENEWS  20000u
#define READERS 2

static _Atomic uint32_t turn; /* of the present writer */
static _Atomic bool done;
static _Atomic uint64_t wrong, lost, reads;

/* Rows in another order each time; all fields follow from the start and the turn. */
static void list(void *to)
{
	uint32_t now = atomic_fetch_add(&turn, 1);

	for (uintptr_t i = 0; i < ROWS; i++) {
		uintptr_t start = 0x10000 * (1 + (i + now) % ROWS);
		struct unwind_module m = { .start = start,
			.end = start + 0x10000,
			.eh_frame_hdr_size = start + now,
			.delta = start ^ now,
			.id = now };

		rt_module_snap_add(to, &m);
	}
}

static void *read_all_the_time(void *arg)
{
	(void)arg;
	while (!atomic_load(&done)) {
		uintptr_t pc = 0x10000 * (1 + atomic_fetch_add(&reads, 1) % ROWS) + 7;
		struct unwind_module m = { 0 };

		if (!rt_module_snap_find(pc, &m))
			atomic_fetch_add(&lost, 1);
		else if (m.start != pc - 7 || m.eh_frame_hdr_size != m.start + m.id ||
			 m.delta != (m.start ^ m.id))
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void *renew_many_times(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < RENEWS; i++)
		rt_module_snap_renew(list);
	return NULL;
}

static void readers_beside_writers(void **state)
{
	pthread_t readers[READERS], writers[2];

	(void)state;
	rt_module_snap_renew(list);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_all_the_time, NULL), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&writers[i], NULL, renew_many_times, NULL), 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(writers[i], NULL);
	atomic_store(&done, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	assert_true(atomic_load(&reads) > 0);
	assert_int_equal(atomic_load(&wrong), 0);
	/* Who slept over two copies sixteen times in a row gives up. */
	assert_true(atomic_load(&lost) <= atomic_load(&reads) / 100);
}

static struct unwind_module beside;
static bool found_beside;

/* What a handler sees that interrupts the writer in the middle. */
static void list_and_look(void *to)
{
	found_beside = rt_module_snap_find(0x10007, &beside);
	list(to);
	found_beside = found_beside && rt_module_snap_find(0x10007, &beside);
}

static void inside_of_a_writer(void **state)
{
	(void)state;
	rt_module_snap_renew(list);
	for (unsigned i = 0; i < 5; i++) {
		rt_module_snap_renew(list_and_look);
		assert_true(found_beside);
		assert_int_equal(beside.delta, beside.start ^ beside.id);
	}
}

static void a_renewal_asked_for_meanwhile_is_made(void **state)
{
	uint32_t before = atomic_load(&turn);

	(void)state;
	rt_module_snap_renew(list);
	assert_int_equal(atomic_load(&turn), before + 1);
}

static void list_and_ask(void *to)
{
	static bool asked;

	list(to);
	if (!asked) {
		asked = true;
		rt_module_snap_renew(list); /* returns at once */
	}
}

static void asked_inside(void **state)
{
	uint32_t before = atomic_load(&turn);

	(void)state;
	rt_module_snap_renew(list_and_ask);
	assert_int_equal(atomic_load(&turn), before + 2);
}

static void too_many(void *to)
{
	for (uintptr_t i = 0; i < RT_MODULE_SNAP_MAX + 10; i++)
		rt_module_snap_add(to, &(struct unwind_module){ .start = i, .end = i + 1 });
}

static void no_more_than_there_is_room_for(void **state)
{
	struct unwind_module m;

	(void)state;
	rt_module_snap_renew(too_many);
	assert_true(rt_module_snap_find(RT_MODULE_SNAP_MAX - 1, &m));
	assert_false(rt_module_snap_find(RT_MODULE_SNAP_MAX, &m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_beside_writers),
		cmocka_unit_test(inside_of_a_writer),
		cmocka_unit_test(a_renewal_asked_for_meanwhile_is_made),
		cmocka_unit_test(asked_inside),
		cmocka_unit_test(no_more_than_there_is_room_for),
	};
	struct unwind_module m;

	if (rt_module_snap_find(0x10007, &m) || !rt_module_snap_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
