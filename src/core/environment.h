/*
 * The PPROF_* variables that the runtime obeys, as people read them: one table, printed by the
 * runtime's own page, by `pprof run -help` and into the manual page. What each value does is in
 * runtime/rt_options.c, whose table follows this one.
 */
#ifndef CORE_ENVIRONMENT_H
#define CORE_ENVIRONMENT_H

#include "core/fmt.h"

enum environment_id {
	ENVIRONMENT_ADDR,
	ENVIRONMENT_HEAP_RATE,
	ENVIRONMENT_OUT,
	ENVIRONMENT_TOKEN_FILE,
	ENVIRONMENT_INSECURE,
	ENVIRONMENT_NOTIFY_FD,
	ENVIRONMENT_PID,
	ENVIRONMENT_SEED,
	ENVIRONMENT_STATE,
	ENVIRONMENT_STATE_KEEP,
	ENVIRONMENT_STATE_FORK,
	ENVIRONMENT_DUMP_SIGNAL,
	ENVIRONMENT_DUMP_AT,
	ENVIRONMENT_DUMP_EVERY,
	ENVIRONMENT_DUMP,
	ENVIRONMENT_BORN,
	ENVIRONMENT_MMAP,
	ENVIRONMENT_BLOCK_RATE,
	ENVIRONMENT_BLOCK_IO,
	ENVIRONMENT_MUTEX_FRACTION,
	ENVIRONMENT_CPU_HZ,
	ENVIRONMENT_CPU_PERF,
	ENVIRONMENT_RETAIN_PAUSE,
	ENVIRONMENT_FD,
	ENVIRONMENT_N,
};

struct environment_variable {
	const char *name;
	const char *initial; /* what holds when it is unset, as text */
	const char *meaning;
};

extern const struct environment_variable environment_variables[ENVIRONMENT_N];

/* Writes name, default and meaning, a variable a line. */
void environment_print(struct fmt_buf *out);

#endif
