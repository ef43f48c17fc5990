/*
 * pthread_create, so that threads are known from their first to their last instruction: for the
 * CPU profile's timers, the stacks that created them, and labels that they inherit.
 *
 * The start routine is called by a jump, so that no frame of ours is on the thread's stack; that a
 * thread ends is told by the destructor of a thread-specific value, which runs after pthread_exit
 * and cancellation too. C11's thrd_create and threads that libc makes for itself do not come by
 * here; they are found by scanning.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "runtime/lastthread.h"
#include "runtime/rt.h"
#include "runtime/rt_threads.h"
#include "runtime/tls.h"

#define EXPORT __attribute__((visibility("default")))

typedef int create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

EXPORT int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
    void *(*start)(void *), void *restrict arg);

static _Atomic(create_function *) next_create;

static struct {
	pthread_key_t key;
	bool has_key;
} end;

/* Values of the key. */
static const char of_program, of_ours;

static create_function *look_up(void)
{
	create_function *f = atomic_load_explicit(&next_create, memory_order_acquire);
	void *found;

	if (f)
		return f;
	found = dlsym(RTLD_NEXT, "pthread_create");
	memcpy(&f, &found, sizeof(f));
	atomic_store_explicit(&next_create, f, memory_order_release);
	return f;
}

static void thread_ends(void *whose)
{
	rt_threads_leave();
	if (whose == &of_program)
		rt_lastthread_leave();
}

/*
 * Early, so that the key is among the first, for which storing a value allocates nothing. The first
 * thread has no start routine of ours, but may end by pthread_exit.
 */
__attribute__((constructor(101))) static void prepare(void)
{
	end.has_key = pthread_key_create(&end.key, thread_ends) == 0;
	if (end.has_key && rt_threads_tid() == getpid())
		pthread_setspecific(end.key, &of_program);
	look_up();
}

static void *thread_begins(void *p)
{
	struct rt_birth *birth = p;
	void *(*start)(void *) = birth->start;
	void *arg = birth->arg;
	const char *whose = birth->counted ? &of_program : &of_ours;

	rt_tls.guarded = birth->guarded;
	rt_threads_enter(birth);
	rt_threads_unborn(birth);
	pthread_setspecific(end.key, whose);
	return start(arg);
}

/* Whether libc makes the stack, and puts a guard below. Without an address, the end of it is 0. */
static bool has_guard(const pthread_attr_t *attr)
{
	size_t guard, size;
	void *low;

	if (!attr)
		return true;
	if (pthread_attr_getguardsize(attr, &guard) != 0 || guard == 0)
		return false;
	return pthread_attr_getstack(attr, &low, &size) != 0 || (uintptr_t)low + size == 0;
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
    void *(*start)(void *), void *restrict arg)
{
	struct rt_birth *birth = NULL;
	create_function *create = look_up();
	int failed;

	if (!create)
		return EAGAIN;
	if (rt_is_ready() && end.has_key && rt_state_check(&rt.state))
		birth = rt_threads_birth(start, arg, __builtin_return_address(0));
	if (!birth)
		return create(thread, attr, start, arg);
	birth->guarded = has_guard(attr);
	birth->counted = !rt_tls.makes_own;
	if (birth->counted)
		rt_lastthread_enter();
	failed = create(thread, attr, thread_begins, birth);
	if (failed) {
		if (birth->counted)
			rt_lastthread_enter_failed();
		rt_threads_unborn(birth);
	}
	return failed;
}
