/*
 * From an HTTP request to a handler and back: the table of URLs, the checks every request must
 * pass, compression and security headers. The only file that knows both libmicrohttpd and the
 * handlers.
 */
#ifndef WEB_WEB_ROUTES_H
#define WEB_WEB_ROUTES_H

#include <microhttpd.h>

#include "web/web_reply.h"

/* The access handler for MHD_start_daemon; its context is the struct web. Runs in any thread. */
enum MHD_Result web_route(void *web, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **state);

#endif
