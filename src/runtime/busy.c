/* Whether a thread is inside the profiler; see busy.h. Called by everything that records. */
#include "runtime/busy.h"

#include "runtime/rt.h"

/* Hooks in a row inside one sample, on a stack of their own, after which that sample is over. */
#define NESTED_MAX 3

static bool was_abandoned(struct rt_tls *t)
{
	return (uintptr_t)__builtin_frame_address(0) >= t->busy_at || t->nested++ > NESTED_MAX;
}

bool rt_busy(void)
{
	struct rt_tls *t = &rt_tls;

	if (t->busy_at == 0 || t->busy_at == RT_BUSY_FOR_EVER)
		return t->busy_at != 0;
	if (!was_abandoned(t)) {
		rt_stats_add(RT_STAT_LOST_NESTED, 1);
		return true;
	}
	rt_busy_end(0);
	rt_stats_add(RT_STAT_ABANDONED, 1);
	return false;
}
