/*
 * The PPROF_* environment: one table, from which the values are read at start-up and the list for
 * people is printed. Read once by init.c, before main; a change of the environment later on does
 * nothing. In a set-user-id program all are ignored.
 */
#ifndef RUNTIME_RT_OPTIONS_H
#define RUNTIME_RT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/fmt.h"
#include "core/str.h"

#define RT_OPTION_PATH 512

struct rt_options {
	char addr[RT_OPTION_PATH];       /* PPROF_ADDR; "" when unset */
	char out[RT_OPTION_PATH];        /* PPROF_OUT; "" when unset */
	char token_file[RT_OPTION_PATH]; /* PPROF_TOKEN_FILE; "" when unset */
	char state[RT_OPTION_PATH];      /* PPROF_STATE; "" when unset */
	uint64_t heap_rate;              /* PPROF_HEAP_RATE, bytes */
	uint64_t seed;                   /* PPROF_SEED; 0: random */
	uint64_t notify_fd;              /* PPROF_NOTIFY_FD; RT_NO_FD when unset */
	uint64_t main_pid;               /* PPROF_PID; 0 when unset */
	uint64_t insecure;               /* PPROF_INSECURE: 1 allows any address */
	uint64_t state_keep;             /* PPROF_STATE_KEEP */
	uint64_t state_fork;             /* PPROF_STATE_FORK */
	char dump[RT_OPTION_PATH];       /* PPROF_DUMP; "" when unset */
	uint64_t dump_signal;            /* PPROF_DUMP_SIGNAL's number; 0 none */
	uint64_t dump_at;                /* PPROF_DUMP_AT: 0 off, a percentage, or more bytes */
	uint64_t dump_every;             /* PPROF_DUMP_EVERY, seconds */
	uint64_t born;                   /* PPROF_BORN: 1 labels what goes to files */
	uint64_t mmap;                   /* PPROF_MMAP: 1 notes calls of mmap */
	uint64_t block_rate;             /* PPROF_BLOCK_RATE, ns; 0 off */
	uint64_t block_io;               /* PPROF_BLOCK_IO: 1 counts input and output as waits */
	uint64_t mutex_fraction;         /* PPROF_MUTEX_FRACTION; 0 off */
	uint64_t fd;                     /* PPROF_FD: 1 notes who opens descriptors */
	uint64_t cpu_hz;                 /* PPROF_CPU_HZ: 1 to 10000 */
	uint64_t retain_pause;           /* PPROF_RETAIN_PAUSE, ms; 0 off */
	uint64_t cpu_perf;               /* PPROF_CPU_PERF: 0 never uses perf events */
	const char *bad;                 /* name of the last variable with a bad value, or NULL */
};

#define RT_NO_FD          UINT64_MAX
/* Up to here dump_at is a percentage. */
#define RT_OPTION_PERCENT 100

/* Fills *o from the environment; bad values keep the default and set o->bad. RT_ANY, no malloc */
void rt_options_read(struct rt_options *o);

/* Writes the table: name, default, meaning; one variable a line. RT_ANY */
void rt_options_print(struct fmt_buf *out);

/* "524288", "512k", "1M", "2G" (powers of 1024) in bytes; false when malformed or above 2^40. */
bool rt_options_bytes(struct str text, uint64_t *out);

/* "90%" as 90, else bytes above 100; false when malformed. */
bool rt_options_level(struct str text, uint64_t *out);

/* "USR2", "SIGUSR2", "12" as 12; false for what is no signal or must not be caught. */
bool rt_options_signal(struct str text, uint64_t *out);

#endif
