/*
 * One request as the pages see it, and the answer they fill. web_routes.c finds the handler and
 * sends the reply; handlers know nothing of the HTTP library.
 */
#ifndef WEB_WEB_REPLY_H
#define WEB_WEB_REPLY_H

#include <pthread.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cancel.h"
#include "base/err.h"
#include "driver/config.h"
#include "driver/driver.h"
#include "web/web_gate.h"
#include "web/web_profiles.h"

/* Shared by all requests. */
struct web {
	struct driver *driver; /* the command line's; not written while serving */
	struct str host;       /* as given: what a request's Host must name */
	struct web_profiles profiles;
	struct web_gate gate;
	pthread_mutex_t settings_lock; /* held while the settings file is changed */
};

/* Parameters of a URL that are no option. */
struct web_arguments {
	struct str f;       /* what peek, source and disasm are asked for */
	struct str p;       /* pattern: the function that a flame graph is about */
	struct str q;       /* pattern: what a search sums up */
	struct str side;    /* "callers": with p, the tree of callers instead of that of callees */
	struct str profile; /* id in web_profiles; "" the current one */
	struct str base;    /* id: show the difference to it; "" as it is */
	struct str config;  /* name of a saved configuration */
};

struct web_request {
	struct web *web;
	const struct driver *driver; /* the profile asked for, or a difference of two */
	struct web_loaded *loaded;   /* held while the request runs; NULL: no profile needed */
	struct cancel cancel;        /* asks the connection; in the profile's `cancel` */
	struct config config;        /* the command line's options with the URL's on top */
	struct web_arguments arguments;
	const char *view_command; /* of web_check_view */
	struct arena arena;       /* released when the reply has been sent */
	struct buf warnings; /* lines such as "Focus expression matched no samples": the page shows
				them, they do not make the answer a failure */
	int fd;              /* of the connection */
	bool gzip;           /* the browser takes it */
};

struct web_reply {
	struct buf body;
	bool gzip;               /* the body is compressed */
	const char *type;        /* Content-Type */
	const char *disposition; /* Content-Disposition, or NULL */
	const char *warnings;    /* one line, or NULL */
};

/* A page or a piece of data. On failure the error's message is the answer's text, status 400. */
typedef enum err_code web_handler(
    struct web_request *request, struct web_reply *reply, struct err *e);

web_handler web_check_view;  /* nothing: fails when the view would fail before it is computed */
web_handler web_api_meta;    /* JSON: title, legend, sample types, profiles */
web_handler web_api_options; /* JSON: the table of options */
web_handler web_api_top;     /* JSON: the rows of the top table */
web_handler web_api_flame;   /* bytes: see api_flame.c */
web_handler web_api_found;   /* JSON: value and net of all stacks that match q */
web_handler web_api_graph;   /* DOT */
web_handler web_api_peek;    /* text reports */
web_handler web_api_disasm;
web_handler web_api_source;   /* JSON: see api_source.c */
web_handler web_download;     /* the loaded profile */
web_handler web_api_configs;  /* JSON: saved configurations */
web_handler web_api_timeline; /* JSON: see driver/timeline_json.c */
web_handler web_save_config;  /* POST only, as the next four */
web_handler web_delete_config;
web_handler web_fetch_again;
web_handler web_sample; /* of a running program, for the course of time */

/* ERR_CANCELLED when the page has gone on to something else: asked between long steps. */
enum err_code web_wanted(struct web_request *request, struct err *e) MUST_USE;

struct view;

/* Appends the flame graph's bytes, as api_flame.c describes them. ERR_NOMEM. */
enum err_code web_flame_data(const struct view *view, struct buf *out, struct err *e) MUST_USE;

#endif
