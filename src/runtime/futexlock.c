/* A lock on a futex; see futexlock.h. Called by rt_threads.c, rt_cpu.c and threads_signal.c. */
#include "runtime/futexlock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void rt_futex_wait(_Atomic uint32_t *word, uint32_t was, unsigned ms)
{
	struct timespec wait = { ms / 1000, (long)(ms % 1000) * 1000000 };

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, was, &wait, NULL, 0);
}

void rt_futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void rt_futexlock_take(struct rt_futexlock *lock, sigset_t *mask)
{
	uint32_t none = 0;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, mask);
	if (atomic_compare_exchange_strong(&lock->word, &none, 1))
		return;
	while (atomic_exchange(&lock->word, 2) != 0)
		rt_futex_wait(&lock->word, 2, 1000);
}

void rt_futexlock_give(struct rt_futexlock *lock, const sigset_t *mask)
{
	if (atomic_exchange(&lock->word, 0) == 2)
		rt_futex_wake(&lock->word);
	sigprocmask(SIG_SETMASK, mask, NULL);
}
