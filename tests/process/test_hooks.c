/*
 * Every interposed function, at a rate of 1 where the profile must be exact. Each test uses a
 * block size of its own, by which its samples are found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/heap_sums.h"

void free_sized(void *p, size_t n);
void free_aligned_sized(void *p, size_t alignment, size_t n);
void cfree(void *p);

/* Compilers may not drop or merge what they cannot see through. */
static void *volatile sink;
static volatile size_t opaque_max = SIZE_MAX;

static void assert_sums(int64_t size, int64_t allocated, int64_t in_use)
{
	struct heap_sums s = heap_sums(size);

	assert_int_equal(s.alloc_objects, allocated);
	assert_int_equal(s.alloc_bytes, allocated * size);
	assert_int_equal(s.inuse_objects, in_use);
	assert_int_equal(s.inuse_bytes, in_use * size);
}

static void malloc_and_free_are_counted(void **state)
{
	void *p[10];

	(void)state;
	for (int i = 0; i < 10; i++)
		p[i] = malloc(10007);
	assert_sums(10007, 10, 10);
	for (int i = 0; i < 7; i++)
		free(p[i]);
	assert_sums(10007, 10, 3);
	for (int i = 7; i < 10; i++)
		free(p[i]);
	assert_sums(10007, 10, 0);
	free(NULL);
}

static void empty_blocks_are_counted(void **state)
{
	struct heap_sums before = heap_sums(0);
	void *p[5];

	(void)state;
	for (int i = 0; i < 5; i++)
		p[i] = malloc(0);
	assert_true(heap_sums(0).inuse_objects >= before.inuse_objects + 5);
	for (int i = 0; i < 5; i++)
		free(p[i]);
}

static void calloc_zeroes_and_refuses_overflow(void **state)
{
	unsigned char *p = calloc(3, 3343);

	(void)state;
	for (int i = 0; i < 3 * 3343; i++)
		assert_int_equal(p[i], 0);
	assert_sums(3 * 3343, 1, 1);
	free(p);
	assert_sums(3 * 3343, 1, 0);
	errno = 0;
	sink = calloc(opaque_max / 2, 3);
	assert_null(sink);
	assert_int_equal(errno, ENOMEM);
}

static void realloc_moves_grows_and_shrinks(void **state)
{
	char *p = realloc(NULL, 20011);

	(void)state;
	assert_sums(20011, 1, 1);
	memset(p, 7, 20011);
	p = realloc(p, 3000017);
	assert_sums(20011, 1, 0);
	assert_sums(3000017, 1, 1);
	assert_int_equal(p[20010], 7);
	p = realloc(p, 20011);
	assert_sums(3000017, 1, 0);
	assert_sums(20011, 2, 1);
	assert_int_equal(p[20010], 7);
	p = realloc(p, 20011); /* in place: still one block */
	assert_sums(20011, 3, 1);
	free(p);
	assert_sums(20011, 3, 0);
}

static void realloc_that_fails_keeps_the_block(void **state)
{
	void *volatile p = malloc(20021);

	(void)state;
	errno = 0;
	sink = realloc(p, opaque_max / 2);
	assert_null(sink);
	assert_int_equal(errno, ENOMEM);
	assert_sums(20021, 1, 1);
	free(p);
	assert_sums(20021, 1, 0);
}

static void realloc_to_zero_frees(void **state)
{
	void *volatile p = malloc(20023);
	volatile size_t zero = 0;

	(void)state;
	sink = realloc(p, zero); /* glibc: a free */
	assert_sums(20023, 1, 0);
	free(sink);
}

static void reallocarray_counts_and_refuses_overflow(void **state)
{
	void *volatile p = reallocarray(NULL, 7, 4289);

	(void)state;
	assert_sums(7 * 4289, 1, 1);
	errno = 0;
	sink = reallocarray(p, opaque_max / 4, 8);
	assert_null(sink);
	assert_int_equal(errno, ENOMEM);
	assert_sums(7 * 4289, 1, 1);
	free(p);
}

static void aligned_functions_align_and_are_counted(void **state)
{
	void *p[5] = { NULL };

	(void)state;
	p[0] = memalign(4096, 40009);
	p[1] = aligned_alloc(256, 40009);
	assert_int_equal(posix_memalign(&p[2], 1024, 40009), 0);
	p[3] = valloc(40009);
	p[4] = pvalloc(40009);
	assert_int_equal((uintptr_t)p[0] % 4096, 0);
	assert_int_equal((uintptr_t)p[1] % 256, 0);
	assert_int_equal((uintptr_t)p[2] % 1024, 0);
	assert_int_equal((uintptr_t)p[3] % 4096, 0);
	assert_int_equal((uintptr_t)p[4] % 4096, 0);
	assert_sums(40009, 5, 5);
	free(p[0]);
	cfree(p[1]);
	free_sized(p[2], 40009);
	free_aligned_sized(p[3], 4096, 40009);
	free(p[4]);
	assert_sums(40009, 5, 0);
	assert_int_equal(posix_memalign(&p[0], 3, 8), EINVAL);
}

static void usable_size_passes_through(void **state)
{
	void *p = malloc(100);

	(void)state;
	assert_true(malloc_usable_size(p) >= 100);
	assert_int_equal(malloc_usable_size(NULL), 0);
	free(p);
}

static void strdup_is_counted(void **state)
{
	char text[5003];
	char *p;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	p = strdup(text);
	assert_sums(5003, 1, 1);
	free(p);
}

static void errno_is_left_alone(void **state)
{
	void *p;

	(void)state;
	errno = 12345;
	p = malloc(1000);
	assert_int_equal(errno, 12345);
	free(p);
	assert_int_equal(errno, 12345);
}

static void a_huge_size_does_not_stop_sampling(void **state)
{
	struct heap_sums before, after;

	(void)state;
	pprof_set_heap_rate(65536);
	for (int i = 0; i < 64; i++) {
		sink = malloc(opaque_max / 2 + 1000 + (size_t)i);
		assert_null(sink);
	}
	before = heap_sums(0);
	for (int i = 0; i < 20000; i++) {
		sink = malloc(1000);
		free(sink);
	}
	after = heap_sums(0);
	/* 20 MB at one sample in 64 KiB: about 305 of them. */
	assert_true(after.alloc_bytes - before.alloc_bytes > 10000000);
	pprof_set_heap_rate(1);
}

static void rate_zero_takes_no_samples(void **state)
{
	void *p;

	(void)state;
	pprof_set_heap_rate(0);
	assert_int_equal(pprof_heap_rate(), 0);
	for (int i = 0; i < 100; i++) {
		p = malloc(50021);
		free(p);
	}
	assert_sums(50021, 0, 0);
	/* Counted down from a number that no sum of sizes reaches, but these come near it. */
	sink = malloc(opaque_max / 3);
	assert_null(sink);
	pprof_set_heap_rate(1);
	p = malloc(50021);
	assert_sums(50021, 1, 1);
	free(p);
}

static void *free_it(void *p)
{
	free(p);
	return NULL;
}

static void another_thread_may_free(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, free_it, malloc(60013)), 0);
		pthread_join(thread, NULL);
	}
	assert_sums(60013, 20, 0);
}

#define CHURN_BLOCKS 200

static void *churn(void *kept)
{
	void *p[CHURN_BLOCKS];

	for (int i = 0; i < CHURN_BLOCKS; i++)
		p[i] = malloc(70001);
	for (int i = 1; i < CHURN_BLOCKS; i++)
		free(p[i]);
	*(void **)kept = p[0];
	return NULL;
}

static void threads_come_and_go(void **state)
{
	enum { ROUNDS = 4, THREADS = 16 };

	void *kept[ROUNDS * THREADS];
	pthread_t threads[THREADS];

	(void)state;
	for (int r = 0; r < ROUNDS; r++) {
		for (int t = 0; t < THREADS; t++)
			pthread_create(&threads[t], NULL, churn, &kept[r * THREADS + t]);
		for (int t = 0; t < THREADS; t++)
			pthread_join(threads[t], NULL);
	}
	assert_sums(70001, ROUNDS * THREADS * CHURN_BLOCKS, ROUNDS * THREADS);
	for (int i = 0; i < ROUNDS * THREADS; i++)
		free(kept[i]);
	assert_sums(70001, ROUNDS * THREADS * CHURN_BLOCKS, 0);
}

static void a_forked_child_goes_on(void **state)
{
	void *p = malloc(80021);
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		void *q = malloc(80021);
		struct heap_sums s = heap_sums(80021);
		bool good = s.alloc_objects == 2 && s.inuse_objects == 2;

		free(p);
		free(q);
		s = heap_sums(80021);
		_exit(good && s.alloc_objects == 2 && s.inuse_objects == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_sums(80021, 1, 1);
	free(p);
}

static volatile int stop;

static void *allocate_until_stopped(void *arg)
{
	while (!stop) {
		void *volatile mine = malloc(100);

		free(mine);
		free(malloc(1000));
	}
	return arg;
}

static void forks_beside_busy_threads(void **state)
{
	pthread_t threads[4];
	int status;

	(void)state;
	for (int t = 0; t < 4; t++)
		pthread_create(&threads[t], NULL, allocate_until_stopped, NULL);
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			heap_sums(0);
			for (int k = 0; k < 100; k++)
				free(malloc(5000));
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	stop = 1;
	for (int t = 0; t < 4; t++)
		pthread_join(threads[t], NULL);
}

static void libraries_come_and_go(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		void *library = dlopen(PLUGIN, RTLD_NOW);
		void *(*allocate)(size_t);

		assert_non_null(library);
		*(void **)&allocate = dlsym(library, "plugin_allocate");
		free(allocate(90011));
		sink = allocate(90011);
		assert_int_equal(dlclose(library), 0);
	}
	assert_sums(90011, 40, 20);
}

static ucontext_t main_context, coroutine_context;

static void coroutine(void)
{
	for (int i = 0; i < 10; i++) {
		sink = malloc(110017);
		swapcontext(&coroutine_context, &main_context);
		free(sink);
	}
}

static void coroutines_on_small_stacks(void **state)
{
	size_t size = 32768;
	char *stack = malloc(size);

	(void)state;
	getcontext(&coroutine_context);
	coroutine_context.uc_stack.ss_sp = stack;
	coroutine_context.uc_stack.ss_size = size;
	coroutine_context.uc_link = &main_context;
	makecontext(&coroutine_context, coroutine, 0);
	for (int i = 0; i < 11; i++)
		swapcontext(&main_context, &coroutine_context);
	assert_sums(110017, 10, 0);
	free(stack);
}

static __attribute__((noinline)) void *recurse(int depth)
{
	void *p = depth ? recurse(depth - 1) : malloc(120011);

	__asm__ volatile("" ::: "memory"); /* not a tail call */
	return p;
}

static void deep_stacks_are_truncated_visibly(void **state)
{
	struct reader_profile p;
	void *block = recurse(500);
	bool seen = false;

	(void)state;
	heap_profile(&p);
	for (size_t i = 0; i < p.n_samples; i++) {
		struct reader_sample *s = &p.samples[i];
		struct reader_location *last = &p.locations[s->locations[s->depth - 1] - 1];

		if (s->bytes_label != 120011)
			continue;
		assert_int_equal(s->depth, 129);
		assert_int_equal(last->address, 0);
		assert_string_equal(p.strings[p.functions[last->function - 1]], "[truncated]");
		seen = true;
	}
	assert_true(seen);
	reader_close(&p);
	free(block);
}

static __attribute__((noinline)) void *leaf_allocates(void)
{
	void *p = malloc(130003);

	__asm__ volatile("" ::: "memory");
	return p;
}

static void stacks_begin_with_the_caller_of_malloc(void **state)
{
	struct reader_profile p;
	void *block = leaf_allocates();
	uintptr_t start = (uintptr_t)leaf_allocates;
	bool seen = false;

	(void)state;
	heap_profile(&p);
	for (size_t i = 0; i < p.n_samples; i++) {
		struct reader_sample *s = &p.samples[i];
		struct reader_location *leaf = &p.locations[s->locations[0] - 1];

		if (s->bytes_label != 130003)
			continue;
		assert_in_range(leaf->address, start, start + 64);
		assert_true(s->depth > 3);
		assert_true(leaf->mapping >= 1 && leaf->mapping <= p.n_mappings);
		seen = true;
	}
	assert_true(seen);
	reader_close(&p);
	free(block);
}

static int set_exact(void **state)
{
	(void)state;
	pprof_set_heap_rate(1);
	return pprof_enabled() ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malloc_and_free_are_counted),
		cmocka_unit_test(empty_blocks_are_counted),
		cmocka_unit_test(calloc_zeroes_and_refuses_overflow),
		cmocka_unit_test(realloc_moves_grows_and_shrinks),
		cmocka_unit_test(realloc_that_fails_keeps_the_block),
		cmocka_unit_test(realloc_to_zero_frees),
		cmocka_unit_test(reallocarray_counts_and_refuses_overflow),
		cmocka_unit_test(aligned_functions_align_and_are_counted),
		cmocka_unit_test(usable_size_passes_through),
		cmocka_unit_test(strdup_is_counted),
		cmocka_unit_test(errno_is_left_alone),
		cmocka_unit_test(a_huge_size_does_not_stop_sampling),
		cmocka_unit_test(rate_zero_takes_no_samples),
		cmocka_unit_test(another_thread_may_free),
		cmocka_unit_test(threads_come_and_go),
		cmocka_unit_test(a_forked_child_goes_on),
		cmocka_unit_test(forks_beside_busy_threads),
		cmocka_unit_test(libraries_come_and_go),
		cmocka_unit_test(coroutines_on_small_stacks),
		cmocka_unit_test(deep_stacks_are_truncated_visibly),
		cmocka_unit_test(stacks_begin_with_the_caller_of_malloc),
	};

	return cmocka_run_group_tests(tests, set_exact, NULL);
}
