/*
 * Scenarios: things that programs do to a library in their process. Each is a function that does
 * one of them, checks what a program may rely on, and returns the status to exit with; 0 is good,
 * 77 is "cannot be done here". Run by scenario.sh with and without the runtime, which must not be
 * able to tell from status or output.
 */
#ifndef TESTS_PROCESS_HOSTILE_HOSTILE_H
#define TESTS_PROCESS_HOSTILE_HOSTILE_H

#include <stddef.h>
#include <stdint.h>

#include "process/profile_reader.h"

struct hostile_scenario {
	const char *name;
	int (*run)(void);
};

#ifdef __cplusplus
extern "C" {
#endif

/* One table a file, ended by a NULL name. */
extern const struct hostile_scenario hostile_processes[];
extern const struct hostile_scenario hostile_descriptors[];
extern const struct hostile_scenario hostile_parts[]; /* not listed: others become them */
extern const struct hostile_scenario hostile_threads[];
extern const struct hostile_scenario hostile_moments[];
extern const struct hostile_scenario hostile_stacks[];
extern const struct hostile_scenario hostile_overflows[];
extern const struct hostile_scenario hostile_libraries[];
extern const struct hostile_scenario hostile_limits[];
extern const struct hostile_scenario hostile_cxx[];

/* One of the parts, in threads.c. */
int hostile_ends_by_threads(void);

/* A path of this program. */
extern const char *hostile_self;

/* Prints what was wrong, to stderr, and returns 1. */
int hostile_fail(const char *what, long got, long want);
#define HOSTILE_CHECK(got, want)                                                                   \
	do {                                                                                       \
		long got_ = (long)(got), want_ = (long)(want);                                     \
		if (got_ != want_)                                                                 \
			return hostile_fail(#got, got_, want_);                                    \
	} while (0)

/* Status of a child that ended by itself; 1000 + signal when one killed it. */
int hostile_wait(int pid);

/*
 * Becomes this program anew with another scenario, as if started from outside: the one that serves
 * and writes files. Only returns when that fails.
 */
void hostile_become(const char *scenario);

/* A block that no compiler leaves out, written to so that it is there. NULL when none is left. */
void *hostile_block(size_t n);

/* This process's heap profile, when the runtime is in it; else 0 and nothing in *p. */
int hostile_profile(struct reader_profile *p);

/* Blocks of this size in use by the profile; `otherwise` when it does not count every block. */
long hostile_in_use(size_t size, long otherwise);

#ifdef __cplusplus
}
#endif

#endif
