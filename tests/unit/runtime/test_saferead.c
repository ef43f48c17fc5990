/* Reads that must not fault, and which part of a stack is believed. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/mman.h>

#include "runtime/saferead.h"

static void unreadable_memory(void **state)
{
	char *p = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rt_saferead pages = { 0 };
	uintptr_t word;

	(void)state;
	*(uintptr_t *)(void *)p = 42;
	mprotect(p + 4096, 4096, PROT_NONE);
	munmap(p + 8192, 4096);
	assert_true(rt_saferead_word(&pages, (uintptr_t)p, &word));
	assert_int_equal(word, 42);
	assert_false(rt_saferead_word(&pages, (uintptr_t)p + 4096, &word));
	assert_false(rt_saferead_word(&pages, (uintptr_t)p + 8192, &word));
	assert_false(rt_saferead_word(&pages, 0, &word));
	assert_false(rt_saferead_word(&pages, (uintptr_t)p + 1, &word));
	assert_false(rt_saferead_word(&pages, UINTPTR_MAX - 7, &word));
	assert_false(rt_saferead_word(&pages, (uintptr_t)1 << 62, &word));
	munmap(p, 8192);
}

static void assert_believed(bool guarded)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t lo = 0, hi = 0;

	assert_true(rt_saferead_stack(here, guarded, &lo, &hi));
	assert_true(lo <= here && here < hi);
	/* Every page of it can be read. */
	for (uintptr_t page = lo; page < hi; page += 4096)
		assert_true(rt_saferead_probe(page));
}

static void the_main_stack(void **state)
{
	(void)state;
	assert_believed(false);
}

static void *on_thread(void *arg)
{
	uintptr_t lo = 0, hi = 0;

	assert_believed(true);
	assert_false(rt_saferead_stack((uintptr_t)&lo, false, &lo, &hi));
	return arg;
}

static void a_threads_stack(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, on_thread, NULL), 0);
	pthread_join(thread, NULL);
}

static void foreign_memory_is_no_stack(void **state)
{
	char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t lo = 0, hi = 0;

	(void)state;
	mprotect(p + 61440, 4096, PROT_NONE); /* a guard above, as coroutine libraries have */
	assert_false(rt_saferead_stack((uintptr_t)p + 100, true, &lo, &hi));
	assert_int_equal(lo, 0);
	assert_int_equal(hi, 0);
	munmap(p, 65536);
}

static int start(void **state)
{
	(void)state;
	rt_saferead_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unreadable_memory),
		cmocka_unit_test(the_main_stack),
		cmocka_unit_test(a_threads_stack),
		cmocka_unit_test(foreign_memory_is_no_stack),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
