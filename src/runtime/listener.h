/*
 * Where the endpoint listens: from an address as text to a listening socket, with the rule that
 * other machines are kept out unless they have been let in on purpose.
 */
#ifndef RUNTIME_LISTENER_H
#define RUNTIME_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "core/fmt.h"
#include "core/str.h"

#define RT_LISTENER_TEXT 128

struct rt_listener {
	int fd; /* non-blocking, close-on-exec; -1: none, or not this thread's to close */
	bool is_unix;
	bool is_loopback;            /* TCP on 127.0.0.0/8 or ::1 */
	char text[RT_LISTENER_TEXT]; /* "127.0.0.1:43210", "[::1]:6060", "unix:/path" */
};

/*
 * Opens *l for an address in pprof_start's forms. allow_any: addresses other than loopback are
 * fine. False with a reason in *why; nothing is open then. RT_ANY
 */
bool rt_listener_open(
    struct rt_listener *l, const char *address, bool allow_any, struct fmt_buf *why);

/* Closes it and removes a Unix socket's file. */
void rt_listener_close(struct rt_listener *l);

/* True when a Host field (or an Origin's authority) names the machine itself. RT_ANY */
bool rt_listener_is_own_name(struct str host);

#endif
