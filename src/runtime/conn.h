/*
 * One connection to the endpoint: read a head (and a small body), answer, close. A state machine
 * that never blocks: the endpoint's thread calls it when its socket is ready or its time is up.
 */
#ifndef RUNTIME_CONN_H
#define RUNTIME_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/fmt.h"
#include "core/http1.h"
#include "runtime/rt_routes.h"

#define RT_CONN_HEAD_MAX ((size_t)8 << 10)  /* bytes of request line and fields */
#define RT_CONN_BODY_MAX ((size_t)64 << 10) /* bytes of a POST to symbol */

enum rt_conn_state {
	RT_CONN_FREE = 0,
	RT_CONN_READ,   /* collecting the request */
	RT_CONN_WAIT,   /* a difference profile until its time */
	RT_CONN_WRITE,  /* sending the answer */
	RT_CONN_LINGER, /* sent: reading until the client closes, so that no reset overtakes it */
};

/* Who may ask; from the endpoint. */
struct rt_conn_rules {
	bool check_host;  /* TCP on loopback: Host and Origin must name this machine */
	struct str token; /* required as a bearer token; empty: none required */
};

struct rt_conn {
	int fd;
	enum rt_conn_state state;
	uint64_t deadline_ns; /* of the present state, CLOCK_MONOTONIC */
	size_t in_n;
	struct http1_request head;
	bool head_done;
	struct rt_job job;
	struct rt_reply reply;
	char out_head[1536];
	size_t out_head_n;
	size_t sent; /* of out_head and then the reply's body */
	char in[RT_CONN_HEAD_MAX + RT_CONN_BODY_MAX];
};

/* Takes over the accepted, non-blocking socket fd. */
void rt_conn_start(struct rt_conn *c, int fd);
/* What to poll for; meaningless when the slot is free. */
short rt_conn_events(const struct rt_conn *c);
/* The socket has `events`, or (0) the deadline may have passed. Frees the slot when done. */
void rt_conn_run(struct rt_conn *c, const struct rt_conn_rules *rules, short events);
/* Closes at once. */
void rt_conn_drop(struct rt_conn *c);

#endif
