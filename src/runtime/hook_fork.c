/*
 * fork, daemon and setsid, so that children are served too (heir.h). In the preloaded library only.
 * Not by the fork handler: in it, other libraries' locks may still be taken. What libc forks for
 * itself (system, popen, posix_spawn) does not come by here.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "runtime/heir.h"
#include "runtime/lastthread.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT pid_t fork(void);
EXPORT int daemon(int nochdir, int noclose);
EXPORT pid_t setsid(void);

static struct {
	pid_t (*fork)(void);
	int (*daemon)(int, int);
	pid_t (*setsid)(void);
} next;

static void look_up(void *into, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(into, &found, sizeof(found));
}

/* Other libraries' constructors may fork before ours has run. */
__attribute__((constructor(101))) static void prepare(void)
{
	if (next.fork)
		return;
	look_up(&next.setsid, "setsid");
	look_up(&next.daemon, "daemon");
	look_up(&next.fork, "fork");
}

EXPORT pid_t fork(void)
{
	bool alone = rt_lastthread_alone();
	pid_t pid;

	prepare();
	pid = next.fork();
	if (pid == 0 && alone)
		rt_heir_forked();
	return pid;
}

EXPORT int daemon(int nochdir, int noclose)
{
	bool alone = rt_lastthread_alone();
	int status;

	prepare();
	status = next.daemon(nochdir, noclose);
	if (status == 0 && alone) {
		rt_heir_forked();
		rt_heir_detached();
	}
	return status;
}

EXPORT pid_t setsid(void)
{
	pid_t session;

	prepare();
	session = next.setsid();
	if (session != -1)
		rt_heir_detached();
	return session;
}
