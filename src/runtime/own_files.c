/* A descriptor table for one thread; see own_files.h. Called by endpoint.c, watch.c and rt_cpu.c.
 */
#include "runtime/own_files.h"

#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/tls.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE 2u
#endif
/* Numbers that are closed one by one on systems without close_range. */
#define NUMBERS_MAX 65536u

static bool close_range_of(unsigned first, unsigned last, unsigned flags)
{
	return first > last || syscall(SYS_close_range, first, last, flags) == 0;
}

static void close_one_by_one(int keep)
{
	struct rlimit limit;
	unsigned n = NUMBERS_MAX;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < n)
		n = (unsigned)limit.rlim_max;
	for (unsigned fd = 0; fd < n; fd++)
		if ((int)fd != keep)
			close((int)fd);
}

/* The numbers above go first: the kernel then does not even copy them. */
bool rt_own_files(int keep)
{
	unsigned above = keep < 0 ? 0 : (unsigned)keep + 1;

	if (close_range_of(above, UINT_MAX, CLOSE_RANGE_UNSHARE)) {
		rt_tls.own_files = true;
		if (keep > 0)
			close_range_of(0, (unsigned)keep - 1, 0);
		return true;
	}
	if (unshare(CLONE_FILES) != 0)
		return false;
	rt_tls.own_files = true;
	close_one_by_one(keep);
	return true;
}
