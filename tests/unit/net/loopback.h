/*
 * A web server for tests: one thread on 127.0.0.1, one connection at a time, answers made by the
 * test. Included by the tests of net, fetch and symbolize.
 */
#ifndef TESTS_UNIT_NET_LOOPBACK_H
#define TESTS_UNIT_NET_LOOPBACK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"

struct loopback {
	int fd;
	int port;
	pthread_t thread;
	/* Appends the whole response, status line first; nothing closes without an answer. */
	void (*answer)(struct loopback *l, const char *request, struct buf *response);
	void *ctx;
	int n_requests;
};

static size_t loopback_body_length(const char *request)
{
	const char *at = strcasestr(request, "\r\nContent-Length:");

	return at ? strtoul(at + 17, NULL, 10) : 0;
}

/* Reads a request with its body into text; false when the peer went away. */
static bool loopback_read(int fd, char *text, size_t cap)
{
	size_t n = 0;

	while (n + 1 < cap) {
		ssize_t got = read(fd, text + n, cap - 1 - n);
		const char *end;

		if (got <= 0)
			return false;
		n += (size_t)got;
		text[n] = 0;
		end = strstr(text, "\r\n\r\n");
		if (end && (size_t)(text + n - (end + 4)) >= loopback_body_length(text))
			return true;
	}
	return false;
}

static void *loopback_run(void *ctx)
{
	struct loopback *l = ctx;
	static char request[1 << 16];

	for (;;) {
		int fd = accept(l->fd, NULL, NULL);
		struct buf response = { 0 };

		if (fd < 0)
			return NULL;
		if (loopback_read(fd, request, sizeof request)) {
			l->n_requests++;
			l->answer(l, request, &response);
			if (response.n && write(fd, response.p, response.n) < 0)
				response.n = 0;
		}
		buf_release(&response);
		close(fd);
	}
}

static inline void loopback_listen(struct loopback *l, int fd, const void *address, socklen_t n)
{
	l->fd = fd;
	if (fd < 0 || bind(fd, (const struct sockaddr *)address, n) || listen(fd, 16))
		abort();
	if (pthread_create(&l->thread, NULL, loopback_run, l))
		abort();
}

static inline void loopback_start(struct loopback *l,
    void (*answer)(struct loopback *l, const char *request, struct buf *response), void *ctx)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof a;

	*l = (struct loopback){ .answer = answer, .ctx = ctx };
	loopback_listen(l, socket(AF_INET, SOCK_STREAM, 0), &a, sizeof a);
	if (getsockname(l->fd, (struct sockaddr *)&a, &n))
		abort();
	l->port = ntohs(a.sin_port);
}

/* The same on a Unix socket. */
static inline void loopback_start_at(struct loopback *l, const char *path,
    void (*answer)(struct loopback *l, const char *request, struct buf *response), void *ctx)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	*l = (struct loopback){ .answer = answer, .ctx = ctx };
	strncpy(a.sun_path, path, sizeof a.sun_path - 1);
	loopback_listen(l, socket(AF_UNIX, SOCK_STREAM, 0), &a, sizeof a);
}

static inline void loopback_stop(struct loopback *l)
{
	shutdown(l->fd, SHUT_RDWR);
	pthread_join(l->thread, NULL);
	close(l->fd);
}

/* A response with a body and one extra header line ("" none). */
static inline void loopback_reply(
    struct buf *out, const char *status, const char *header, const void *body, size_t n)
{
	buf_printf(out, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s%s\r\n",
	    status, n, header, header[0] ? "\r\n" : "");
	buf_add(out, body, n);
}

#endif
