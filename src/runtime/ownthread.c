/* Threads of our own; see ownthread.h. Called by endpoint.c, watch.c and rt_cpu.c. */
#include "runtime/ownthread.h"

#include <signal.h>
#include <stddef.h>

#include "runtime/tls.h"

#define STACK_BYTES ((size_t)256 << 10)

/* All signals stay with the program's own threads. */
bool rt_ownthread_start(pthread_t *thread, void *(*run)(void *))
{
	pthread_attr_t attr;
	sigset_t all, old;
	int failed;

	if (pthread_attr_init(&attr) != 0)
		return false;
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rt_tls.makes_own = true;
	failed = pthread_create(thread, &attr, run, NULL);
	rt_tls.makes_own = false;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return !failed;
}
