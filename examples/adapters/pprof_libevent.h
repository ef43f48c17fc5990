/*
 * Mounts /debug/pprof/ on a libevent HTTP server: call pprof_evhttp_answer first thing in the
 * general callback (evhttp_set_gencb).
 *
 *	static void on_request(struct evhttp_request *request, void *base)
 *	{
 *		if (pprof_evhttp_answer(request, base))
 *			return;
 *		...
 *	}
 *
 * A request with ?seconds=N waits N seconds on a thread of its own, so that the loop goes on
 * serving; for that, call evthread_use_pthreads() before the base is made, and link with
 * -levent_pthreads.
 * Who may ask is the server's decision: bind to 127.0.0.1, or check before the call.
 */
#ifndef PPROF_LIBEVENT_H
#define PPROF_LIBEVENT_H

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <pprof/pprof.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

/* The runtime's own answers stay far below this; a request body is a list of addresses. */
#define PPROF_EV_MAX_REQUEST ((size_t)1 << 20)

/*
 * One request, its copies of what libevent may free meanwhile, and the answer. The lock is between
 * the loop's thread and the one that waits: when the client is gone, so is the request, and soon
 * maybe the base.
 */
struct pprof_ev_exchange {
	pthread_mutex_t lock;
	struct evhttp_request *request;
	struct event_base *base;
	const char *method;
	char *path, *query, *body;
	size_t body_size;
	int status, failed, gone; /* gone: the client is, and the request with it */
	struct evkeyvalq headers;
	struct evbuffer *answer;
};

static inline void pprof_ev_status(void *context, int status)
{
	((struct pprof_ev_exchange *)context)->status = status;
}

static inline void pprof_ev_header(void *context, const char *name, const char *value)
{
	struct pprof_ev_exchange *x = (struct pprof_ev_exchange *)context;

	if (evhttp_add_header(&x->headers, name, value) != 0)
		x->failed = 1;
}

static inline int pprof_ev_body(void *context, const void *data, size_t size)
{
	struct pprof_ev_exchange *x = (struct pprof_ev_exchange *)context;

	return evbuffer_add(x->answer, data, size);
}

static inline void pprof_ev_free(struct pprof_ev_exchange *x)
{
	evhttp_clear_headers(&x->headers);
	if (x->answer)
		evbuffer_free(x->answer);
	free(x->path);
	free(x->query);
	free(x->body);
	pthread_mutex_destroy(&x->lock);
	free(x);
}

static inline void pprof_ev_closed(struct evhttp_connection *connection, void *context)
{
	struct pprof_ev_exchange *x = (struct pprof_ev_exchange *)context;

	(void)connection;
	pthread_mutex_lock(&x->lock);
	x->gone = 1;
	pthread_mutex_unlock(&x->lock);
}

/* libevent looks at the connection only when it answers, so this looks itself. */
static inline int pprof_ev_is_gone(void *context)
{
	struct pprof_ev_exchange *x = (struct pprof_ev_exchange *)context;
	char next;
	ssize_t got = 1;
	int gone;

	pthread_mutex_lock(&x->lock);
	if (!x->gone)
		got = recv(bufferevent_getfd(evhttp_connection_get_bufferevent(
			       evhttp_request_get_connection(x->request))),
		    &next, 1, MSG_PEEK | MSG_DONTWAIT);
	gone = x->gone || got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
	pthread_mutex_unlock(&x->lock);
	return gone;
}

static inline const char *pprof_ev_method(enum evhttp_cmd_type command)
{
	return command == EVHTTP_REQ_GET    ? "GET"
	       : command == EVHTTP_REQ_HEAD ? "HEAD"
	       : command == EVHTTP_REQ_POST ? "POST"
					    : "OTHER";
}

static inline char *pprof_ev_copy(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = (char *)malloc(size);

	return copy ? (char *)memcpy(copy, text, size) : NULL;
}

static inline struct pprof_ev_exchange *pprof_ev_new(
    struct evhttp_request *request, struct event_base *base)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *query = evhttp_uri_get_query(uri);
	struct evbuffer *in = evhttp_request_get_input_buffer(request);
	struct pprof_ev_exchange *x = (struct pprof_ev_exchange *)calloc(1, sizeof *x);

	if (!x)
		return NULL;
	TAILQ_INIT(&x->headers);
	pthread_mutex_init(&x->lock, NULL);
	x->request = request;
	x->base = base;
	x->method = pprof_ev_method(evhttp_request_get_command(request));
	x->path = evhttp_uridecode(evhttp_uri_get_path(uri), 0, NULL);
	x->query = pprof_ev_copy(query ? query : "");
	x->answer = evbuffer_new();
	x->body_size = evbuffer_get_length(in);
	if (x->body_size > 0 && x->body_size <= PPROF_EV_MAX_REQUEST) {
		x->body = (char *)malloc(x->body_size);
		if (x->body)
			evbuffer_copyout(in, x->body, x->body_size);
	}
	if (x->path && x->query && x->answer && (x->body || x->body_size == 0))
		return x;
	pprof_ev_free(x);
	return NULL;
}

static inline void pprof_ev_handle(struct pprof_ev_exchange *x)
{
	struct pprof_request request;
	struct pprof_response response;

	memset(&request, 0, sizeof request);
	memset(&response, 0, sizeof response);
	request.method = x->method;
	request.path = x->path;
	request.query = x->query;
	request.body = x->body;
	request.body_size = x->body_size;
	response.ctx = x;
	response.status = pprof_ev_status;
	response.header = pprof_ev_header;
	response.body = pprof_ev_body;
	response.is_gone = pprof_ev_is_gone;
	if (pprof_handle(&request, &response) != 0)
		x->failed = 1;
}

/* On the loop's thread. */
static inline void pprof_ev_send(struct pprof_ev_exchange *x)
{
	struct evkeyval *header;

	if (!x->gone) {
		evhttp_connection_set_closecb(
		    evhttp_request_get_connection(x->request), NULL, NULL);
		for (header = x->headers.tqh_first; header; header = header->next.tqe_next)
			evhttp_add_header(evhttp_request_get_output_headers(x->request),
			    header->key, header->value);
		if (x->failed)
			evhttp_send_error(x->request, HTTP_INTERNAL, NULL);
		else
			evhttp_send_reply(x->request, x->status, NULL, x->answer);
	}
	pprof_ev_free(x);
}

static inline void pprof_ev_done(evutil_socket_t none, short what, void *context)
{
	struct pprof_ev_exchange *x = (struct pprof_ev_exchange *)context;

	(void)none;
	(void)what;
	pthread_mutex_lock(&x->lock); /* until its thread has let go of it */
	pthread_mutex_unlock(&x->lock);
	pprof_ev_send(x);
}

static inline void *pprof_ev_wait(void *context)
{
	struct pprof_ev_exchange *x = (struct pprof_ev_exchange *)context;
	struct timeval at_once = { 0, 0 };

	int is_mine;

	pprof_ev_handle(x);
	pthread_mutex_lock(&x->lock);
	is_mine = x->gone;
	if (!is_mine)
		event_base_once(x->base, -1, EV_TIMEOUT, pprof_ev_done, x, &at_once);
	pthread_mutex_unlock(&x->lock);
	if (is_mine)
		pprof_ev_free(x);
	return NULL;
}

static inline int pprof_ev_start(struct pprof_ev_exchange *x)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int failed;

	evhttp_connection_set_closecb(
	    evhttp_request_get_connection(x->request), pprof_ev_closed, x);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	failed = pthread_create(&thread, &attributes, pprof_ev_wait, x);
	pthread_attr_destroy(&attributes);
	return !failed;
}

/* 1: the request is for /debug/pprof/ and is, or will be, answered. 0: it is not. */
static inline int pprof_evhttp_answer(struct evhttp_request *request, struct event_base *base)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	struct pprof_ev_exchange *x;

	if (!path || strncmp(path, "/debug/pprof", 12) != 0 || (path[12] && path[12] != '/'))
		return 0;
	x = pprof_ev_new(request, base);
	if (!x) {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
		return 1;
	}
	if (strstr(x->query, "seconds=") && pprof_ev_start(x))
		return 1;
	pprof_ev_handle(x);
	pprof_ev_send(x);
	return 1;
}

#endif
