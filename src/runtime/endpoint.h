/*
 * The thread that serves /debug/pprof/. One thread, at most eight connections, all non-blocking,
 * so that a client that does not read keeps nobody waiting, and nothing of it is ever held while
 * a hook of the host could want it. Its descriptors are in a table of its own (own_files.h) where
 * the system allows that; else they are the program's to close, as any.
 */
#ifndef RUNTIME_ENDPOINT_H
#define RUNTIME_ENDPOINT_H

#include <stdbool.h>

#include "core/fmt.h"

/* Starts serving at address (pprof_start's forms, not NULL); false with a reason in *why. Already
 * serving there is true. RT_ANY; the caller holds the API lock. */
bool rt_endpoint_start(const char *address, struct fmt_buf *why);
/* Stops and joins the thread. RT_ANY; the caller holds the API lock. */
void rt_endpoint_stop(void);
/* Where it listens; "" when it does not. */
const char *rt_endpoint_address(void);
/* In a forked child: the thread is not here; its descriptors are closed. */
void rt_endpoint_after_fork(void);

#endif
