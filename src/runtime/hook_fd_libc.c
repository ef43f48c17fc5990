/*
 * Descriptors that libc opens inside of a function of another purpose (temporary files, streams
 * of other programs, terminals), and those that come through a Unix socket, for the fd profile:
 * see hook_fd.c. In the preloaded library only. recvmsg is here for both its sakes, as it is a wait
 * of the block profile as well.
 */
#undef _FORTIFY_SOURCE /* its inline functions would be ours */
#include <errno.h>
#include <pty.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "runtime/contend.h"
#include "runtime/fds.h"
#include "runtime/hook_dispatch.h"
#include "runtime/init.h"
#include "runtime/rt.h"

/* Those that return pointers are in every libc. */
#define HOOK_MISSING(result) ((result)(intptr_t)(errno = ENOSYS, -1))

#define LIBC_LIST(X)                                                                               \
	X(int, mkstemp, (char *path), (path), NULL)                                                \
	X(int, mkostemp, (char *path, int flags), (path, flags), NULL)                             \
	X(int, mkstemps, (char *path, int suffix), (path, suffix), NULL)                           \
	X(int, mkostemps, (char *path, int suffix, int flags), (path, suffix, flags), NULL)        \
	X(FILE *, tmpfile, (void), (), NULL)                                                       \
	X(FILE *, freopen, (const char *restrict path, const char *restrict mode, FILE *f),        \
	    (path, mode, f), NULL)                                                                 \
	X(FILE *, popen, (const char *command, const char *mode), (command, mode), NULL)           \
	X(int, pclose, (FILE * f), (f), NULL)                                                      \
	X(int, shm_open, (const char *name, int flags, mode_t mode), (name, flags, mode), NULL)    \
	X(int, posix_openpt, (int flags), (flags), NULL)                                           \
	X(int, openpty,                                                                            \
	    (int *here, int *there, char *name, const struct termios *t, const struct winsize *w), \
	    (here, there, name, t, w), NULL)                                                       \
	X(int, pidfd_open, (pid_t pid, unsigned flags), (pid, flags), NULL)                        \
	X(int, fanotify_init, (unsigned flags, unsigned event), (flags, event), NULL)              \
	X(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags), NULL)

HOOK_DECLARE(LIBC_LIST)

static int opened(int fd, void *caller)
{
	rt_fds_opened(fd, caller);
	return fd;
}

static FILE *opened_stream(FILE *f, void *caller)
{
	if (f)
		rt_fds_opened(fileno_unlocked(f), caller);
	return f;
}

static int on_mkstemp(char *path)
{
	return opened(next.mkstemp(path), HOOK_CALLER);
}

static int on_mkostemp(char *path, int flags)
{
	return opened(next.mkostemp(path, flags), HOOK_CALLER);
}

static int on_mkstemps(char *path, int suffix)
{
	return opened(next.mkstemps(path, suffix), HOOK_CALLER);
}

static int on_mkostemps(char *path, int suffix, int flags)
{
	return opened(next.mkostemps(path, suffix, flags), HOOK_CALLER);
}

static FILE *on_tmpfile(void)
{
	return opened_stream(next.tmpfile(), HOOK_CALLER);
}

/* Closes the stream's old file also when it fails. */
static FILE *on_freopen(const char *restrict path, const char *restrict mode, FILE *f)
{
	if (f)
		rt_fds_closing(fileno_unlocked(f));
	return opened_stream(next.freopen(path, mode, f), HOOK_CALLER);
}

static FILE *on_popen(const char *command, const char *mode)
{
	return opened_stream(next.popen(command, mode), HOOK_CALLER);
}

static int on_pclose(FILE *f)
{
	if (f)
		rt_fds_closing(fileno_unlocked(f));
	return next.pclose(f);
}

static int on_shm_open(const char *name, int flags, mode_t mode)
{
	return opened(next.shm_open(name, flags, mode), HOOK_CALLER);
}

static int on_posix_openpt(int flags)
{
	return opened(next.posix_openpt(flags), HOOK_CALLER);
}

static int on_openpty(
    int *here, int *there, char *name, const struct termios *t, const struct winsize *w)
{
	int result = next.openpty(here, there, name, t, w);

	if (result == 0) {
		rt_fds_opened(*here, HOOK_CALLER);
		rt_fds_opened(*there, HOOK_CALLER);
	}
	return result;
}

static int on_pidfd_open(pid_t pid, unsigned flags)
{
	return opened(next.pidfd_open(pid, flags), HOOK_CALLER);
}

static int on_fanotify_init(unsigned flags, unsigned event)
{
	return opened(next.fanotify_init(flags, event), HOOK_CALLER);
}

/* The descriptors that came with a message. */
static void received(struct msghdr *m, void *caller)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(int) <= c->cmsg_len - CMSG_LEN(0);
		     at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			rt_fds_opened(fd, caller);
		}
	}
}

static ssize_t on_recvmsg(int fd, struct msghdr *m, int flags)
{
	uint64_t start = rt_contend_now();
	ssize_t got = next.recvmsg(fd, m, flags);

	if (rt.options.block_io == 1)
		rt_contend_blocked(start, HOOK_CALLER);
	if (got >= 0 && m->msg_controllen > 0)
		received(m, HOOK_CALLER);
	return got;
}

HOOK_DEFINE(LIBC_LIST)

/* On this system the same, whatever the size of offsets. */
HOOK_EXPORT int mkstemp64(char *path) __attribute__((alias("mkstemp")));
HOOK_EXPORT int mkostemp64(char *path, int flags) __attribute__((alias("mkostemp")));
HOOK_EXPORT int mkstemps64(char *path, int suffix) __attribute__((alias("mkstemps")));
HOOK_EXPORT int mkostemps64(char *path, int suffix, int flags) __attribute__((alias("mkostemps")));
HOOK_EXPORT FILE *tmpfile64(void) __attribute__((alias("tmpfile")));
HOOK_EXPORT FILE *freopen64(const char *restrict path, const char *restrict mode, FILE *f)
    __attribute__((alias("freopen")));

__attribute__((constructor(102))) static void resolve(void)
{
	rt_init();
	hooks_resolve();
	hooks_switch(rt_is_ready() && (rt_fds_enabled() || rt.options.block_io == 1));
}
