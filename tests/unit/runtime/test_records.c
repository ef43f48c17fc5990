/* Records' counters: whole at any moment, nothing lost, and copied for a forked child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/heap_live.h"
#include "runtime/init.h"
#include "runtime/records.h"
#include "runtime/rt.h"
#include "runtime/state_fork.h"

#define THREADS 4
#define UPDATES 20000
#define SIZE    100

static const struct rt_amounts one = { 1, 1 << RT_OBJECTS_SHIFT, SIZE };
static _Atomic bool stop;

static uint32_t record_of(uintptr_t pc, size_t size)
{
	return rt_records_find(rt_stacktab_id(&pc, 1), size);
}

static void *add_and_free(void *arg)
{
	uint32_t record = *(uint32_t *)arg;

	for (int i = 0; i < UPDATES; i++) {
		rt_records_add_alloc(record, &one);
		if (i % 2)
			rt_records_add_free(record, &one);
	}
	return NULL;
}

static bool whole(const struct rt_amounts *a)
{
	return a->objects == a->samples << RT_OBJECTS_SHIFT && a->bytes == a->samples * SIZE;
}

/* Counts readings in which the counters do not fit together. */
static void *watch(void *arg)
{
	uint32_t record = *(uint32_t *)arg;
	uintptr_t torn = 0;

	while (!atomic_load(&stop)) {
		struct rt_amounts alloc, freed;
		rt_stack_id stack;

		if (!rt_records_read(record, &stack, &alloc, &freed) || !whole(&alloc) ||
		    !whole(&freed) || freed.samples > alloc.samples)
			torn++;
	}
	return (void *)torn;
}

static void whole_at_any_moment(void **state)
{
	uint32_t record = record_of(0x1000, SIZE);
	pthread_t writers[THREADS], reader;
	struct rt_amounts alloc, freed;
	rt_stack_id stack;
	void *torn;

	(void)state;
	assert_int_equal(pthread_create(&reader, NULL, watch, &record), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&writers[i], NULL, add_and_free, &record), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(writers[i], NULL);
	atomic_store(&stop, true);
	pthread_join(reader, &torn);
	assert_null(torn);
	assert_true(rt_records_read(record, &stack, &alloc, &freed));
	assert_int_equal(alloc.samples, THREADS * UPDATES);
	assert_int_equal(alloc.bytes, THREADS * UPDATES * SIZE);
	assert_int_equal(freed.samples, THREADS * UPDATES / 2);
	assert_true(whole(&alloc) && whole(&freed));
	assert_int_equal(rt_stats_get(RT_STAT_LOST_UPDATES), 0);
}

/* The reader of files sees what we do. */
static void as_a_file(void **state)
{
	uint32_t record = record_of(0x2000, 300);
	struct statefmt_row row;
	struct statefmt f;
	uint64_t pcs[STATEFMT_MAX_DEPTH];

	(void)state;
	rt_records_add_alloc(record, &one);
	assert_int_equal(
	    statefmt_open(rt.state.base[RT_REGION_HEAD], rt.state.head->bytes, &f), STATEFMT_OK);
	assert_int_equal(f.n_records, rt_records_count());
	assert_int_equal(statefmt_record(&f, record, &row), STATEFMT_FOUND);
	assert_int_equal(row.first_size, 300);
	assert_int_equal(row.v.alloc.samples, 1);
	assert_int_equal(row.v.alloc.bytes, SIZE);
	assert_int_equal(statefmt_stack(&f, row.stack, pcs), 1);
	assert_int_equal(pcs[0], 0x2000);
}

static int in_the_child(uint32_t record, uintptr_t block)
{
	struct rt_amounts alloc, freed;
	struct rt_state fresh;
	struct rt_live live;
	rt_stack_id stack;

	if (!rt_state_init(&fresh) || !rt_state_copy(&fresh, &rt.state))
		return 1;
	rt_state_replace(&fresh);
	if (rt.state.base[0] != fresh.base[0] || record_of(0x3000, SIZE) != record)
		return 2;
	if (!rt_live_take(block, &live) || live.record != record || rt_live_take(block, &live))
		return 3;
	rt_records_add_free(record, &one);
	if (!rt_records_read(record, &stack, &alloc, &freed) || alloc.samples != 3 ||
	    freed.samples != 1 || !whole(&alloc) || !whole(&freed))
		return 4;
	/* There is room for more of everything. */
	for (uintptr_t i = 0; i < 5000; i++)
		rt_records_add_alloc(record_of(0x100000 + i, SIZE), &one);
	for (uint32_t i = 0; i < rt_records_count(); i++)
		if (!rt_records_read(i, &stack, &alloc, &freed))
			return 5;
	return rt_stats_get(RT_STAT_LOST_RECORDS) ? 6 : 0;
}

static void copied_for_a_child(void **state)
{
	uint32_t record = record_of(0x3000, SIZE);
	struct rt_live live = { one.objects, one.bytes, record, 0 };
	int status = -1;
	pid_t pid;

	(void)state;
	for (int i = 0; i < 3; i++)
		rt_records_add_alloc(record, &one);
	assert_true(rt_live_add(0x7000, &live));
	pid = fork();
	if (pid == 0)
		_exit(in_the_child(record, 0x7000));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(WIFEXITED(status));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_at_any_moment),
		cmocka_unit_test(as_a_file),
		cmocka_unit_test(copied_for_a_child),
	};

	rt_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
