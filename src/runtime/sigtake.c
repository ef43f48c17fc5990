/* Signals for a while; see sigtake.h. Called by rt_cpu.c and threads_signal.c. */
#include "runtime/sigtake.h"

#include "runtime/cpu_signal.h"
#include "runtime/futexlock.h"
#include "runtime/threads_signal.h"

const char rt_sigtake_ask = 'a';

static struct {
	struct rt_futexlock lock;
	unsigned users; /* guarded by the lock, as is `old` */
	struct sigaction old;
} urgent;

bool rt_sigtake(int number, rt_sigtake_handler *handler, struct sigaction *old)
{
	struct sigaction ours = { .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK };

	ours.sa_sigaction = handler;
	sigfillset(&ours.sa_mask);
	if (sigaction(number, NULL, old) != 0)
		return false;
	if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN)
		return false;
	return sigaction(number, &ours, NULL) == 0;
}

bool rt_sigtake_holds(int number, rt_sigtake_handler *handler)
{
	struct sigaction now;

	return sigaction(number, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) &&
	       now.sa_sigaction == handler;
}

/* To ignore a signal drops it where it is pending; only then may its default action return. */
void rt_sigtake_give(int number, rt_sigtake_handler *handler, const struct sigaction *old)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (!rt_sigtake_holds(number, handler))
		return;
	sigaction(number, &ignore, NULL);
	sigaction(number, old, NULL);
}

static void on_urgent(int number, siginfo_t *info, void *ucontext)
{
	if (info->si_code == SI_QUEUE && info->si_ptr == (const void *)&rt_sigtake_ask)
		rt_threads_on_signal(info, ucontext);
	else
		rt_cpu_on_signal(number, info, ucontext);
}

bool rt_sigtake_urgent(void)
{
	sigset_t mask;
	bool good = true;

	rt_futexlock_take(&urgent.lock, &mask);
	if (urgent.users == 0)
		good = rt_sigtake(SIGURG, on_urgent, &urgent.old);
	urgent.users += good;
	rt_futexlock_give(&urgent.lock, &mask);
	return good;
}

void rt_sigtake_urgent_give(void)
{
	sigset_t mask;

	rt_futexlock_take(&urgent.lock, &mask);
	if (urgent.users > 0 && --urgent.users == 0)
		rt_sigtake_give(SIGURG, on_urgent, &urgent.old);
	rt_futexlock_give(&urgent.lock, &mask);
}

void rt_sigtake_after_fork(void)
{
	atomic_store(&urgent.lock.word, 0);
	if (urgent.users > 0)
		rt_sigtake_give(SIGURG, on_urgent, &urgent.old);
	urgent.users = 0;
}
