/*
 * Serves /debug/pprof/ on a connection that the program has accepted itself, without any library:
 * reads one request, answers it, leaves closing to the caller. For programs that are no HTTP
 * servers but have a port (or a Unix socket) for their operators.
 *
 *	int fd = accept(listener, NULL, NULL);
 *
 *	pprof_socket_answer(fd);
 *	close(fd);
 *
 * Blocks: up to ten seconds for a client that sends or takes nothing, N seconds for ?seconds=N. Who
 *may ask is the program's decision: bind to 127.0.0.1. (pprof_start does all this by itself, with a
 *thread of its own, limits and tokens.)
 */
#ifndef PPROF_SOCKETS_H
#define PPROF_SOCKETS_H

#include <errno.h>
#include <pprof/pprof.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>

/* A request's body is a list of addresses. */
#define PPROF_SOCKET_MAX_REQUEST ((size_t)1 << 20)

struct pprof_socket_out {
	int fd, failed, has_ended_head;
};

static inline int pprof_socket_send(struct pprof_socket_out *out, const char *data, size_t size)
{
	while (size > 0 && !out->failed) {
		ssize_t put = send(out->fd, data, size, MSG_NOSIGNAL);

		if (put <= 0) {
			out->failed = 1;
		} else {
			data += put;
			size -= (size_t)put;
		}
	}
	return out->failed;
}

static inline const char *pprof_socket_phrase(int status)
{
	return status == 200   ? "OK"
	       : status == 301 ? "Moved Permanently"
	       : status == 400 ? "Bad Request"
	       : status == 404 ? "Not Found"
	       : status == 405 ? "Method Not Allowed"
	       : status == 500 ? "Internal Server Error"
	       : status == 501 ? "Not Implemented"
	       : status == 503 ? "Service Unavailable"
			       : "See the text";
}

static inline void pprof_socket_status(void *context, int status)
{
	char line[80];
	int n = snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\nConnection: close\r\n", status,
	    pprof_socket_phrase(status));

	pprof_socket_send((struct pprof_socket_out *)context, line, (size_t)n);
}

static inline void pprof_socket_header(void *context, const char *name, const char *value)
{
	struct pprof_socket_out *out = (struct pprof_socket_out *)context;

	pprof_socket_send(out, name, strlen(name));
	pprof_socket_send(out, ": ", 2);
	pprof_socket_send(out, value, strlen(value));
	pprof_socket_send(out, "\r\n", 2);
}

static inline void pprof_socket_end_head(struct pprof_socket_out *out)
{
	if (!out->has_ended_head)
		pprof_socket_send(out, "\r\n", 2);
	out->has_ended_head = 1;
}

static inline int pprof_socket_body(void *context, const void *data, size_t size)
{
	pprof_socket_end_head((struct pprof_socket_out *)context);
	return pprof_socket_send((struct pprof_socket_out *)context, (const char *)data, size);
}

static inline int pprof_socket_is_gone(void *context)
{
	char next;
	ssize_t got =
	    recv(((struct pprof_socket_out *)context)->fd, &next, 1, MSG_PEEK | MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/* Length of the body that the head announces. */
static inline size_t pprof_socket_length(const char *head)
{
	const char *line = head;

	while ((line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			return (size_t)strtoul(line + 15, NULL, 10);
	}
	return 0;
}

/* Reads the request into buf (NUL-terminated): its body, or NULL when it is none or too long. */
static inline char *pprof_socket_read(int fd, char *buf, size_t cap, size_t *body_size)
{
	size_t n = 0;
	char *body = NULL;

	while (n + 1 < cap) {
		ssize_t got = recv(fd, buf + n, cap - 1 - n, 0);

		if (got <= 0)
			return NULL;
		n += (size_t)got;
		buf[n] = '\0';
		if (!body) {
			body = strstr(buf, "\r\n\r\n");
			if (!body)
				continue;
			body += 4;
			body[-2] = '\0'; /* the head ends with its last line */
			*body_size = pprof_socket_length(buf);
		}
		if (n - (size_t)(body - buf) >= *body_size)
			return body;
	}
	return NULL;
}

/* In place: %41 is A. */
static inline void pprof_socket_decode(char *text)
{
	char *to = text, hex[3] = "";

	for (; *text; text++) {
		if (*text == '%' && text[1] && text[2]) {
			hex[0] = *++text;
			hex[1] = *++text;
			*to++ = (char)strtol(hex, NULL, 16);
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* 0: a whole answer was sent, whatever its status; -1: no request, not ours, or the client went. */
static inline int pprof_socket_answer(int fd)
{
	struct timeval patience = { 10, 0 };
	struct pprof_socket_out out = { fd, 0, 0 };
	struct pprof_request request;
	struct pprof_response response;
	char *buf = (char *)malloc(PPROF_SOCKET_MAX_REQUEST), *body, *target, *rest, *query;
	size_t body_size = 0;
	int result = -1;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	body = buf ? pprof_socket_read(fd, buf, PPROF_SOCKET_MAX_REQUEST, &body_size) : NULL;
	target = body ? strchr(buf, ' ') : NULL;
	rest = target ? strchr(target + 1, ' ') : NULL;
	if (rest) {
		*target++ = *rest = '\0';
		query = strchr(target, '?');
		if (query)
			*query++ = '\0';
		pprof_socket_decode(target);
		memset(&request, 0, sizeof request);
		memset(&response, 0, sizeof response);
		request.method = buf;
		request.path = target;
		request.query = query;
		request.body = body;
		request.body_size = body_size;
		response.ctx = &out;
		response.status = pprof_socket_status;
		response.header = pprof_socket_header;
		response.body = pprof_socket_body;
		response.is_gone = pprof_socket_is_gone;
		result = pprof_handle(&request, &response);
		if (result == 0)
			pprof_socket_end_head(&out);
	}
	free(buf);
	return out.failed ? -1 : result;
}

#endif
