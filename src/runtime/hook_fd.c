/*
 * Who opens and closes descriptors, for the fd profile, and accept for the block profile with
 * PPROF_BLOCK_IO=1. In the preloaded library only. Without these options each function is a jump to
 * the next one.
 *
 * libc's calls for itself do not come by here; of those that give out something with a descriptor
 * in it, streams and directories are hooked as such.
 */
#undef _FORTIFY_SOURCE /* its inline functions would be ours */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "runtime/contend.h"
#include "runtime/fds.h"
#include "runtime/hook_dispatch.h"
#include "runtime/init.h"
#include "runtime/rt.h"

/* Those that return pointers are in every libc. */
#define HOOK_MISSING(result) ((result)(intptr_t)(errno = ENOSYS, -1))

/* Those that have a mode or an argument only sometimes are below. */
#define FD_LIST(X)                                                                                 \
	X(int, creat, (const char *path, mode_t mode), (path, mode), NULL)                         \
	X(int, __open_2, (const char *path, int flags), (path, flags), NULL)                       \
	X(int, __openat_2, (int at, const char *path, int flags), (at, path, flags), NULL)         \
	X(int, close, (int fd), (fd), NULL)                                                        \
	X(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags),      \
	    NULL)                                                                                  \
	X(int, dup, (int fd), (fd), NULL)                                                          \
	X(int, dup2, (int fd, int to), (fd, to), NULL)                                             \
	X(int, dup3, (int fd, int to, int flags), (fd, to, flags), NULL)                           \
	X(int, pipe, (int fds[2]), (fds), NULL)                                                    \
	X(int, pipe2, (int fds[2], int flags), (fds, flags), NULL)                                 \
	X(int, socket, (int domain, int type, int protocol), (domain, type, protocol), NULL)       \
	X(int, socketpair, (int domain, int type, int protocol, int fds[2]),                       \
	    (domain, type, protocol, fds), NULL)                                                   \
	X(int, accept, (int fd, struct sockaddr *restrict from, socklen_t *restrict n),            \
	    (fd, from, n), NULL)                                                                   \
	X(int, accept4,                                                                            \
	    (int fd, struct sockaddr *restrict from, socklen_t *restrict n, int flags),            \
	    (fd, from, n, flags), NULL)                                                            \
	X(int, epoll_create, (int size), (size), NULL)                                             \
	X(int, epoll_create1, (int flags), (flags), NULL)                                          \
	X(int, eventfd, (unsigned n, int flags), (n, flags), NULL)                                 \
	X(int, timerfd_create, (clockid_t clock, int flags), (clock, flags), NULL)                 \
	X(int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags), NULL)         \
	X(int, inotify_init, (void), (), NULL)                                                     \
	X(int, inotify_init1, (int flags), (flags), NULL)                                          \
	X(int, memfd_create, (const char *name, unsigned flags), (name, flags), NULL)              \
	X(FILE *, fopen, (const char *restrict path, const char *restrict mode), (path, mode),     \
	    NULL)                                                                                  \
	X(int, fclose, (FILE * f), (f), NULL)                                                      \
	X(DIR *, opendir, (const char *path), (path), NULL)                                        \
	X(int, closedir, (DIR * d), (d), NULL)

HOOK_DECLARE(FD_LIST)

/* A call that gives out a descriptor. */
#define OPENS(call)                                                                                \
	do {                                                                                       \
		int opened = (call);                                                               \
                                                                                                   \
		rt_fds_opened(opened, HOOK_CALLER);                                                \
		return opened;                                                                     \
	} while (0)

static int on_creat(const char *path, mode_t mode)
{
	OPENS(next.creat(path, mode));
}

static int on___open_2(const char *path, int flags)
{
	OPENS(next.__open_2(path, flags));
}

static int on___openat_2(int at, const char *path, int flags)
{
	OPENS(next.__openat_2(at, path, flags));
}

static int on_close(int fd)
{
	rt_fds_closing(fd);
	return next.close(fd);
}

static int on_close_range(unsigned first, unsigned last, int flags)
{
	if (!(flags & (int)CLOSE_RANGE_CLOEXEC))
		rt_fds_closing_range(first, last);
	return next.close_range(first, last, flags);
}

static int on_dup(int fd)
{
	OPENS(next.dup(fd));
}

/* Nothing is opened when both are the same. */
static int on_dup2(int fd, int to)
{
	int result = next.dup2(fd, to);

	if (result >= 0 && fd != to)
		rt_fds_opened(result, HOOK_CALLER);
	return result;
}

static int on_dup3(int fd, int to, int flags)
{
	OPENS(next.dup3(fd, to, flags));
}

/* A call that gives out two. */
#define OPENS_PAIR(call)                                                                           \
	do {                                                                                       \
		int result = (call);                                                               \
                                                                                                   \
		if (result == 0) {                                                                 \
			rt_fds_opened(fds[0], HOOK_CALLER);                                        \
			rt_fds_opened(fds[1], HOOK_CALLER);                                        \
		}                                                                                  \
		return result;                                                                     \
	} while (0)

static int on_pipe(int fds[2])
{
	OPENS_PAIR(next.pipe(fds));
}

static int on_pipe2(int fds[2], int flags)
{
	OPENS_PAIR(next.pipe2(fds, flags));
}

static int on_socket(int domain, int type, int protocol)
{
	OPENS(next.socket(domain, type, protocol));
}

static int on_socketpair(int domain, int type, int protocol, int fds[2])
{
	OPENS_PAIR(next.socketpair(domain, type, protocol, fds));
}

static void accepted(int fd, uint64_t start, void *caller)
{
	if (rt.options.block_io == 1)
		rt_contend_blocked(start, caller);
	rt_fds_opened(fd, caller);
}

static int on_accept(int fd, struct sockaddr *restrict from, socklen_t *restrict n)
{
	uint64_t start = rt_contend_now();
	int result = next.accept(fd, from, n);

	accepted(result, start, HOOK_CALLER);
	return result;
}

static int on_accept4(int fd, struct sockaddr *restrict from, socklen_t *restrict n, int flags)
{
	uint64_t start = rt_contend_now();
	int result = next.accept4(fd, from, n, flags);

	accepted(result, start, HOOK_CALLER);
	return result;
}

static int on_epoll_create(int size)
{
	OPENS(next.epoll_create(size));
}

static int on_epoll_create1(int flags)
{
	OPENS(next.epoll_create1(flags));
}

static int on_eventfd(unsigned n, int flags)
{
	OPENS(next.eventfd(n, flags));
}

static int on_timerfd_create(clockid_t clock, int flags)
{
	OPENS(next.timerfd_create(clock, flags));
}

/* With a descriptor of its own it only changes that. */
static int on_signalfd(int fd, const sigset_t *set, int flags)
{
	int result = next.signalfd(fd, set, flags);

	if (fd == -1)
		rt_fds_opened(result, HOOK_CALLER);
	return result;
}

static int on_inotify_init(void)
{
	OPENS(next.inotify_init());
}

static int on_inotify_init1(int flags)
{
	OPENS(next.inotify_init1(flags));
}

static int on_memfd_create(const char *name, unsigned flags)
{
	OPENS(next.memfd_create(name, flags));
}

static FILE *on_fopen(const char *restrict path, const char *restrict mode)
{
	FILE *f = next.fopen(path, mode);

	if (f)
		rt_fds_opened(fileno(f), HOOK_CALLER);
	return f;
}

static int on_fclose(FILE *f)
{
	if (f)
		rt_fds_closing(fileno_unlocked(f));
	return next.fclose(f);
}

static DIR *on_opendir(const char *path)
{
	DIR *d = next.opendir(path);

	if (d)
		rt_fds_opened(dirfd(d), HOOK_CALLER);
	return d;
}

static int on_closedir(DIR *d)
{
	if (d)
		rt_fds_closing(dirfd(d));
	return next.closedir(d);
}

HOOK_DEFINE(FD_LIST)

/* On this system the same, whatever the size of offsets. */
HOOK_EXPORT int creat64(const char *path, mode_t mode) __attribute__((alias("creat")));
HOOK_EXPORT int __open64_2(const char *path, int flags) __attribute__((alias("__open_2")));
HOOK_EXPORT int __openat64_2(int at, const char *path, int flags)
    __attribute__((alias("__openat_2")));
HOOK_EXPORT FILE *fopen64(const char *restrict path, const char *restrict mode)
    __attribute__((alias("fopen")));

/* The variadic ones take what may be there and hand it on. */
static int first_open(const char *path, int flags, ...);
static int first_openat(int at, const char *path, int flags, ...);
static int first_fcntl(int fd, int what, ...);
static void first_closefrom(int first);

static struct {
	int (*open)(const char *, int, ...);
	int (*openat)(int, const char *, int, ...);
	int (*fcntl)(int, int, ...);
	void (*closefrom)(int);
	bool on;
} more = { first_open, first_openat, first_fcntl, first_closefrom, false };

#define ARGUMENT(type, last, to)                                                                   \
	do {                                                                                       \
		va_list args;                                                                      \
                                                                                                   \
		va_start(args, last);                                                              \
		(to) = va_arg(args, type);                                                         \
		va_end(args);                                                                      \
	} while (0)

static int first_open(const char *path, int flags, ...)
{
	mode_t mode;

	ARGUMENT(mode_t, flags, mode);
	hook_look_up(&more.open, "open", NULL);
	return more.open(path, flags, mode);
}

static int first_openat(int at, const char *path, int flags, ...)
{
	mode_t mode;

	ARGUMENT(mode_t, flags, mode);
	hook_look_up(&more.openat, "openat", NULL);
	return more.openat(at, path, flags, mode);
}

static int first_fcntl(int fd, int what, ...)
{
	void *argument;

	ARGUMENT(void *, what, argument);
	hook_look_up(&more.fcntl, "fcntl", NULL);
	return more.fcntl(fd, what, argument);
}

static void first_closefrom(int first)
{
	hook_look_up(&more.closefrom, "closefrom", NULL);
	more.closefrom(first);
}

HOOK_EXPORT int open(const char *path, int flags, ...);
HOOK_EXPORT int open64(const char *path, int flags, ...) __attribute__((alias("open")));
HOOK_EXPORT int openat(int at, const char *path, int flags, ...);
HOOK_EXPORT int openat64(int at, const char *path, int flags, ...) __attribute__((alias("openat")));
HOOK_EXPORT int fcntl(int fd, int what, ...);
HOOK_EXPORT int fcntl64(int fd, int what, ...) __attribute__((alias("fcntl")));
HOOK_EXPORT void closefrom(int first);

int open(const char *path, int flags, ...)
{
	mode_t mode;
	int fd;

	ARGUMENT(mode_t, flags, mode);
	fd = more.open(path, flags, mode);
	if (rt_unlikely(more.on))
		rt_fds_opened(fd, HOOK_CALLER);
	return fd;
}

int openat(int at, const char *path, int flags, ...)
{
	mode_t mode;
	int fd;

	ARGUMENT(mode_t, flags, mode);
	fd = more.openat(at, path, flags, mode);
	if (rt_unlikely(more.on))
		rt_fds_opened(fd, HOOK_CALLER);
	return fd;
}

int fcntl(int fd, int what, ...)
{
	void *argument;
	int result;

	ARGUMENT(void *, what, argument);
	result = more.fcntl(fd, what, argument);
	if (rt_unlikely(more.on) && (what == F_DUPFD || what == F_DUPFD_CLOEXEC))
		rt_fds_opened(result, HOOK_CALLER);
	return result;
}

void closefrom(int first)
{
	if (rt_unlikely(more.on))
		rt_fds_closing_range(first > 0 ? (unsigned)first : 0, UINT32_MAX);
	more.closefrom(first);
}

__attribute__((constructor(102))) static void resolve(void)
{
	rt_init();
	hook_look_up(&more.open, "open", NULL);
	hook_look_up(&more.openat, "openat", NULL);
	hook_look_up(&more.fcntl, "fcntl", NULL);
	hook_look_up(&more.closefrom, "closefrom", NULL);
	hooks_resolve();
	more.on = rt_is_ready() && rt_fds_enabled();
	hooks_switch(rt_is_ready() && (rt_fds_enabled() || rt.options.block_io == 1));
}
