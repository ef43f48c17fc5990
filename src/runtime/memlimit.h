/*
 * How near this process is to the end of its memory: what it uses, and the least of the limits that
 * would stop it: its control group's (v2 or v1, and those above it), the machine's memory, and the
 * address space limit.
 */
#ifndef RUNTIME_MEMLIMIT_H
#define RUNTIME_MEMLIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define RT_MEMLIMIT_NONE UINT64_MAX

struct rt_memlimit {
	const char *root;     /* "" or, for tests, a directory that stands for / */
	uint64_t memory;      /* least of the group's and the machine's, bytes */
	uint64_t address;     /* RLIMIT_AS, bytes; RT_MEMLIMIT_NONE when unlimited */
	char group_stat[600]; /* memory.stat of the group with the least limit; "" none */
	bool is_v1;
};

/* What sets a limit. The numbers are those of process_limit_kind at /debug/pprof/self. */
enum rt_memlimit_kind {
	RT_MEMLIMIT_UNKNOWN,
	RT_MEMLIMIT_GROUP,
	RT_MEMLIMIT_MACHINE,
	RT_MEMLIMIT_ADDRESS,
};

/* Bytes in use and the limit that they are nearest to, as a share. */
struct rt_memuse {
	uint64_t used, limit;
	enum rt_memlimit_kind kind;
};

/* Looks the limits up. root is borrowed. Reads some small files. No malloc. RT_ANY */
void rt_memlimit_find(struct rt_memlimit *m, const char *root);

/*
 * Use now: resident memory of this process, or memory of its group that is not file cache when that
 * is more; or address space, when that is nearer to its limit. Two small files. RT_ANY
 */
struct rt_memuse rt_memlimit_use(const struct rt_memlimit *m);

/* Bytes that the machine could still give out; RT_MEMLIMIT_NONE unknown. One small file. RT_ANY */
uint64_t rt_memlimit_left(const struct rt_memlimit *m);

#endif
