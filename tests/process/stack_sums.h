/*
 * What a profile of this process says about one of its functions, for tests. The program must be
 * linked with -rdynamic, as functions are told apart by their dynamic symbols.
 */
#ifndef TESTS_PROCESS_STACK_SUMS_H
#define TESTS_PROCESS_STACK_SUMS_H

#include <stdint.h>

#include "process/profile_reader.h"

struct stack_sums {
	int64_t values[2]; /* of all samples whose innermost frame is in the function */
};

/* Of the profile `name` as it is now; of all samples when function is NULL. */
struct stack_sums stack_sums(const char *name, const char *function);

/* Of a profile that was read. */
struct stack_sums stack_sums_of(const struct reader_profile *p, const char *function);

#endif
