/*
 * Input and output as waits of the block profile (PPROF_BLOCK_IO=1): the time in each call counts,
 * whether the call had to wait or not, by the profile's rate. In the preloaded library only. While
 * nobody wants to know, each function is a jump to the next one. accept is in hook_fd.c,
 * recvmsg in hook_fd_libc.c.
 */
#undef _FORTIFY_SOURCE /* its inline functions would be ours */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/contend.h"
#include "runtime/hook_dispatch.h"
#include "runtime/init.h"
#include "runtime/rt.h"

#define HOOK_MISSING(result) ((result)(errno = ENOSYS, -1))

/* As in the header, which checks of the buffer's size (the last argument) are left to. */
#define IO_LIST(X)                                                                                 \
	X(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), NULL)                            \
	X(ssize_t, __read_chk, (int fd, void *p, size_t n, size_t room), (fd, p, n, room), NULL)   \
	X(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), NULL)                     \
	X(ssize_t, readv, (int fd, const struct iovec *v, int n), (fd, v, n), NULL)                \
	X(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n), NULL)               \
	X(ssize_t, recv, (int fd, void *p, size_t n, int flags), (fd, p, n, flags), NULL)          \
	X(ssize_t, __recv_chk, (int fd, void *p, size_t n, size_t room, int flags),                \
	    (fd, p, n, room, flags), NULL)                                                         \
	X(ssize_t, recvfrom,                                                                       \
	    (int fd, void *restrict p, size_t n, int flags, struct sockaddr *restrict from,        \
		socklen_t *restrict size),                                                         \
	    (fd, p, n, flags, from, size), NULL)                                                   \
	X(ssize_t, __recvfrom_chk,                                                                 \
	    (int fd, void *restrict p, size_t n, size_t room, int flags,                           \
		struct sockaddr *restrict from, socklen_t *restrict size),                         \
	    (fd, p, n, room, flags, from, size), NULL)                                             \
	X(ssize_t, send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags), NULL)    \
	X(ssize_t, sendto,                                                                         \
	    (int fd, const void *p, size_t n, int flags, const struct sockaddr *to,                \
		socklen_t size),                                                                   \
	    (fd, p, n, flags, to, size), NULL)                                                     \
	X(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags), NULL)     \
	X(int, connect, (int fd, const struct sockaddr *to, socklen_t n), (fd, to, n), NULL)       \
	X(int, poll, (struct pollfd * fds, nfds_t n, int ms), (fds, n, ms), NULL)                  \
	X(int, __poll_chk, (struct pollfd * fds, nfds_t n, int ms, size_t room),                   \
	    (fds, n, ms, room), NULL)                                                              \
	X(int, ppoll,                                                                              \
	    (struct pollfd * fds, nfds_t n, const struct timespec *t, const sigset_t *mask),       \
	    (fds, n, t, mask), NULL)                                                               \
	X(int, __ppoll_chk,                                                                        \
	    (struct pollfd * fds, nfds_t n, const struct timespec *t, const sigset_t *mask,        \
		size_t room),                                                                      \
	    (fds, n, t, mask, room), NULL)                                                         \
	X(int, select,                                                                             \
	    (int n, fd_set *restrict in, fd_set *restrict out, fd_set *restrict bad,               \
		struct timeval *restrict t),                                                       \
	    (n, in, out, bad, t), NULL)                                                            \
	X(int, pselect,                                                                            \
	    (int n, fd_set *restrict in, fd_set *restrict out, fd_set *restrict bad,               \
		const struct timespec *restrict t, const sigset_t *restrict mask),                 \
	    (n, in, out, bad, t, mask), NULL)                                                      \
	X(int, epoll_wait, (int fd, struct epoll_event *events, int n, int ms),                    \
	    (fd, events, n, ms), NULL)                                                             \
	X(int, epoll_pwait,                                                                        \
	    (int fd, struct epoll_event *events, int n, int ms, const sigset_t *mask),             \
	    (fd, events, n, ms, mask), NULL)                                                       \
	X(int, epoll_pwait2,                                                                       \
	    (int fd, struct epoll_event *events, int n, const struct timespec *t,                  \
		const sigset_t *mask),                                                             \
	    (fd, events, n, t, mask), NULL)

HOOK_DECLARE(IO_LIST)

#define TIMED(result, name, parameters, arguments, version)                                        \
	static result on_##name parameters                                                         \
	{                                                                                          \
		uint64_t start = rt_contend_now();                                                 \
		result got = next.name arguments;                                                  \
                                                                                                   \
		rt_contend_blocked(start, HOOK_CALLER);                                            \
		return got;                                                                        \
	}

IO_LIST(TIMED)

HOOK_DEFINE(IO_LIST)

__attribute__((constructor(102))) static void resolve(void)
{
	rt_init();
	hooks_resolve();
	if (rt.options.block_io == 1)
		rt_contend_register(hooks_switch);
}
