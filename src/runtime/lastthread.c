/* Ends our threads with the program's last; see lastthread.h. Called by hook_pthread.c. */
#include "runtime/lastthread.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include "runtime/endpoint.h"
#include "runtime/heir.h"
#include "runtime/init.h"
#include "runtime/rt_cpu.h"
#include "runtime/watch.h"

/* Threads of the program; the first is there from the beginning. */
static _Atomic uint32_t alive = 1;

void rt_lastthread_enter(void)
{
	atomic_fetch_add(&alive, 1);
}

void rt_lastthread_enter_failed(void)
{
	atomic_fetch_sub(&alive, 1);
}

/* The endpoint first: a CPU profile that it was making ends with it. */
void rt_lastthread_leave(void)
{
	int saved = errno;

	if (atomic_fetch_sub(&alive, 1) != 1)
		return;
	rt_heir_stop();
	rt_init_lock();
	rt_endpoint_stop();
	rt_init_unlock();
	rt_watch_stop();
	rt_cpu_end_scanner();
	errno = saved;
}

bool rt_lastthread_alone(void)
{
	return atomic_load(&alive) == 1;
}

void rt_lastthread_after_fork(void)
{
	atomic_store(&alive, 1);
}
