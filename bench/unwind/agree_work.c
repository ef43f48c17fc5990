/*
 * Something to interrupt, for the comparison of unwinders: recursion, sorting with callbacks,
 * frames of variable size and realigned ones, printing, allocation, setjmp, threads. Runs for the
 * given number of seconds. agree.sh compiles it with each compiler, without frame pointers.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline))

static volatile uint64_t sink;

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static NOINLINE void sorting(unsigned n)
{
	int *v = malloc(n * sizeof(*v));

	for (unsigned i = 0; i < n; i++)
		v[i] = (int)(i * 2654435761u >> 8);
	qsort(v, n, sizeof(*v), by_value);
	sink += (uint64_t)v[n / 2];
	free(v);
}

static NOINLINE uint64_t fibonacci(unsigned n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

/* A frame whose size the compiler does not know. */
static NOINLINE uint64_t variable(unsigned n)
{
	volatile char room[n % 97 + 1];

	room[n % 97] = (char)n;
	return n == 0 ? 0 : variable(n - 1) + (uint64_t)room[n % 97];
}

/* A frame aligned to more than the stack is. */
static NOINLINE uint64_t realigned(unsigned n)
{
	_Alignas(64) volatile uint64_t block[16];

	block[n % 16] = n;
	return n == 0 ? 0 : realigned(n - 1) + block[n % 16];
}

static NOINLINE void printing(void)
{
	char text[256];

	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "%d %f %s %08lx", i, i * 1.5, "text", sink);
		sink += strtoull(text, NULL, 10) + strlen(text);
	}
}

static jmp_buf back;

static NOINLINE void deep_jump(unsigned n)
{
	volatile uint64_t here = n;

	if (n == 0)
		longjmp(back, 1);
	deep_jump(n - 1);
	sink += here;
}

static void *in_thread(void *arg)
{
	(void)arg;
	sink += fibonacci(18) + variable(100) + realigned(100);
	return NULL;
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);

	while (time(NULL) < end) {
		pthread_t thread;

		sorting(3000);
		sink += fibonacci(20);
		for (unsigned i = 0; i < 50; i++)
			sink += variable(200) + realigned(200);
		printing();
		if (setjmp(back) == 0)
			deep_jump(100);
		if (pthread_create(&thread, NULL, in_thread, NULL) == 0)
			pthread_join(thread, NULL);
	}
	return 0;
}
