/*
 * Mounts /debug/pprof/ on a libmicrohttpd server: call pprof_mhd_answer first thing in the access
 * handler.
 *
 *	enum MHD_Result answer;
 *
 *	if (pprof_mhd_answer(connection, url, method, upload, upload_size, state, &answer))
 *		return answer;
 *
 * Who may ask is the server's decision: listen on 127.0.0.1, or check before the call.
 * A request with ?seconds=N keeps its thread for N seconds: use MHD_USE_THREAD_PER_CONNECTION, or
 * a pool with threads to spare.
 */
#ifndef PPROF_MICROHTTPD_H
#define PPROF_MICROHTTPD_H

#include <errno.h>
#include <microhttpd.h>
#include <pprof/pprof.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct pprof_mhd_header {
	struct pprof_mhd_header *next;
	char *name, *value;
};

/* Request body while it arrives (kept in *state), and the response while it is made. */
struct pprof_mhd_exchange {
	char *data;
	size_t size;
	int status;
	int failed;                /* memory ran out, or too much came */
	unsigned long long length; /* what Content-Length says, also of an answer to HEAD */
	struct pprof_mhd_header *headers;
	struct MHD_Connection *connection;
};

/* The runtime's own answers stay far below this; a request body is a list of addresses. */
#define PPROF_MHD_MAX_REQUEST ((size_t)1 << 20)

static inline int pprof_mhd_append(void *context, const void *data, size_t size)
{
	struct pprof_mhd_exchange *x = (struct pprof_mhd_exchange *)context;
	char *grown = size ? (char *)realloc(x->data, x->size + size) : x->data;

	if (size && !grown) {
		x->failed = 1;
		return -1;
	}
	if (size)
		memcpy(grown + x->size, data, size);
	x->data = grown;
	x->size += size;
	return 0;
}

static inline void pprof_mhd_status(void *context, int status)
{
	((struct pprof_mhd_exchange *)context)->status = status;
}

/* strdup, which strict C before C23 does not have. */
static inline char *pprof_mhd_copy(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = (char *)malloc(size);

	return copy ? (char *)memcpy(copy, text, size) : NULL;
}

static inline void pprof_mhd_header(void *context, const char *name, const char *value)
{
	struct pprof_mhd_exchange *x = (struct pprof_mhd_exchange *)context;
	struct pprof_mhd_header *header;

	if (strcmp(name, "Content-Length") == 0) { /* libmicrohttpd writes it */
		x->length = strtoull(value, NULL, 10);
		return;
	}
	header = (struct pprof_mhd_header *)malloc(sizeof *header);
	if (!header) {
		x->failed = 1;
		return;
	}
	header->name = pprof_mhd_copy(name);
	header->value = pprof_mhd_copy(value);
	header->next = x->headers;
	x->headers = header;
	if (!header->name || !header->value)
		x->failed = 1;
}

static inline void pprof_mhd_release(struct pprof_mhd_exchange *x)
{
	struct pprof_mhd_header *next;

	for (; x->headers; x->headers = next) {
		next = x->headers->next;
		free(x->headers->name);
		free(x->headers->value);
		free(x->headers);
	}
	free(x->data);
	x->data = NULL;
	x->size = 0;
}

/* As a form encodes it: "symbol?0x1+0x2" comes with a blank, which must be a plus again. */
static inline void pprof_mhd_append_encoded(struct pprof_mhd_exchange *query, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;
		const char coded[3] = { '%', digits[c >> 4], digits[c & 15] };

		if (c == ' ')
			pprof_mhd_append(query, "+", 1);
		else if (c < ' ' || c > '~' || strchr("%&+=#", c))
			pprof_mhd_append(query, coded, 3);
		else
			pprof_mhd_append(query, text, 1);
	}
}

/* libmicrohttpd hands the query over in pieces and decoded; pprof_handle takes it as one text. */
static inline enum MHD_Result pprof_mhd_add_argument(
    void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct pprof_mhd_exchange *query = (struct pprof_mhd_exchange *)context;

	(void)kind;
	if (query->size)
		pprof_mhd_append(query, "&", 1);
	pprof_mhd_append_encoded(query, name);
	if (value) {
		pprof_mhd_append(query, "=", 1);
		pprof_mhd_append_encoded(query, value);
	}
	return MHD_YES;
}

/* Also true while the daemon is being stopped, which waits for this answer. */
static inline int pprof_mhd_is_gone(void *context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    ((struct pprof_mhd_exchange *)context)->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	char next;
	ssize_t got = info ? recv(info->connect_fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) : 0;

	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/* An answer to HEAD has the length of what it would be for GET, and nothing is read. */
static inline ssize_t pprof_mhd_nothing(void *context, uint64_t at, char *data, size_t size)
{
	(void)context;
	(void)at;
	(void)data;
	(void)size;
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static inline enum MHD_Result pprof_mhd_send(
    struct MHD_Connection *connection, struct pprof_mhd_exchange *x)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (x->size == 0 && x->length > 0)
		response = MHD_create_response_from_callback(
		    x->length, 1024, pprof_mhd_nothing, NULL, NULL);
	else
		response = MHD_create_response_from_buffer(x->size, x->data, MHD_RESPMEM_MUST_FREE);
	if (!response)
		return MHD_NO;
	x->data = NULL;
	for (struct pprof_mhd_header *h = x->headers; h; h = h->next)
		MHD_add_response_header(response, h->name, h->value);
	result = MHD_queue_response(connection, (unsigned)x->status, response);
	MHD_destroy_response(response);
	return result;
}

/* Answers a request whose body has arrived in full. */
static inline enum MHD_Result pprof_mhd_respond(struct MHD_Connection *connection, const char *url,
    const char *method, const struct pprof_mhd_exchange *body)
{
	struct pprof_mhd_exchange query, x;
	struct pprof_request request;
	struct pprof_response response;
	enum MHD_Result result = MHD_NO;

	memset(&query, 0, sizeof query);
	memset(&x, 0, sizeof x);
	memset(&request, 0, sizeof request);
	memset(&response, 0, sizeof response);
	MHD_get_connection_values(
	    connection, MHD_GET_ARGUMENT_KIND, pprof_mhd_add_argument, &query);
	pprof_mhd_append(&query, "", 1); /* ends the text */
	request.method = method;
	request.path = url;
	request.query = query.data;
	request.body = body->data;
	request.body_size = body->size;
	response.ctx = &x;
	response.status = pprof_mhd_status;
	response.header = pprof_mhd_header;
	response.body = pprof_mhd_append;
	response.is_gone = pprof_mhd_is_gone;
	x.connection = connection;
	if (!query.failed && pprof_handle(&request, &response) == 0 && !x.failed)
		result = pprof_mhd_send(connection, &x);
	pprof_mhd_release(&query);
	pprof_mhd_release(&x);
	return result;
}

/*
 * 1: the request is for /debug/pprof/, and *answer is what the access handler returns. 0: it is
 * not, and nothing was done. The arguments are the access handler's own; *state is used from the
 * first call of a request to its last, and freed.
 */
static inline int pprof_mhd_answer(struct MHD_Connection *connection, const char *url,
    const char *method, const char *upload, size_t *upload_size, void **state,
    enum MHD_Result *answer)
{
	struct pprof_mhd_exchange *body = (struct pprof_mhd_exchange *)*state;

	if (strncmp(url, "/debug/pprof", 12) != 0 || (url[12] != '\0' && url[12] != '/'))
		return 0;
	/* The first call has only the request's head: answering it would close the connection. */
	if (!body) {
		*state = calloc(1, sizeof *body);
		*answer = *state ? MHD_YES : MHD_NO;
	} else if (*upload_size) {
		if (body->size + *upload_size <= PPROF_MHD_MAX_REQUEST)
			pprof_mhd_append(body, upload, *upload_size);
		*upload_size = 0;
		*answer = MHD_YES;
	} else {
		*answer = pprof_mhd_respond(connection, url, method, body);
		pprof_mhd_release(body);
		free(body);
		*state = NULL;
	}
	return 1;
}

#endif
