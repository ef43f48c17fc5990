/*
 * One request as the pages see it, and the answer they fill. web_routes.c finds the handler and
 * sends the reply; handlers know nothing of the HTTP library.
 */
#ifndef WEB_WEB_REPLY_H
#define WEB_WEB_REPLY_H

#include <pthread.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "driver/config.h"
#include "driver/driver.h"

/* Shared by all requests; not written while serving, but for what the lock guards. */
struct web {
	struct driver *driver;
	struct str host;             /* as given: what a request's Host must name */
	pthread_mutex_t source_lock; /* guards the driver's source_ops: binaries are read lazily */
};

struct web_request {
	struct web *web;
	struct config config; /* the command line's options with the URL's on top */
	struct str param;     /* "f": what peek, source and disasm are asked for */
	struct arena arena;   /* released when the reply has been sent */
	struct buf warnings;  /* lines such as "Focus expression matched no samples": the page shows
				 them, they do not make the answer a failure */
};

struct web_reply {
	struct buf body;
	const char *type;        /* Content-Type */
	const char *disposition; /* Content-Disposition, or NULL */
	const char *warnings;    /* one line, or NULL */
};

/* A page or a piece of data. On failure the error's message is the answer's text, status 400. */
typedef enum err_code web_handler(
    struct web_request *request, struct web_reply *reply, struct err *e);

web_handler web_api_meta;  /* JSON: title, legend, sample types */
web_handler web_api_top;   /* JSON: the rows of the top table */
web_handler web_api_flame; /* bytes: see api_flame.c */
web_handler web_api_graph; /* DOT */
web_handler web_api_peek;  /* text reports */
web_handler web_api_source;
web_handler web_api_disasm;
web_handler web_download; /* the loaded profile */

struct view;

/* Appends the flame graph's bytes, as api_flame.c describes them. ERR_NOMEM. */
enum err_code web_flame_data(const struct view *view, struct buf *out, struct err *e) MUST_USE;

#endif
