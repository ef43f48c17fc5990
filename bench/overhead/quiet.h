/*
 * Whether the machine is quiet: on a virtual processor that shares its core, everything runs up to
 * twice as slow while the other half is busy, which CPU time does not show. So beside each
 * segment of work a fixed piece of arithmetic is timed that uses the core's full width; segments
 * at whose sides that was slow are left out by the scripts.
 */
#ifndef BENCH_QUIET_H
#define BENCH_QUIET_H

#include <stdint.h>
#include <time.h>

static inline double quiet_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds for about 20 us of independent additions. */
static inline double quiet_probe(void)
{
	uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;
	double start = quiet_cpu_ns();

	for (int i = 0; i < 20000; i++)
		__asm__ volatile("add $1, %0\n\tadd $3, %1\n\tadd $5, %2\n\t"
				 "add $7, %3\n\tadd $9, %4\n\tadd $11, %5"
				 : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f)
				 :
				 : "cc");
	return quiet_cpu_ns() - start;
}

#endif
