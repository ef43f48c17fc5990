/*
 * Answers: compression, security headers, redirects. Called by web_routes.c.
 */
#ifndef WEB_WEB_SEND_H
#define WEB_WEB_SEND_H

#include <microhttpd.h>

#include "web/web_reply.h"

bool web_send_accepts_gzip(struct MHD_Connection *connection);
/* Compresses the reply's body where that pays. */
void web_send_pack(struct web_reply *reply);
/* Sends the reply, and empties its body when the response could be made. */
enum MHD_Result web_send_reply(
    struct MHD_Connection *connection, unsigned status, struct web_reply *reply);
/* Sends one line of plain text. */
enum MHD_Result web_send_text(struct MHD_Connection *connection, unsigned status, const char *text);
/* Leads to another path with the same query. */
enum MHD_Result web_send_redirect(
    struct MHD_Connection *connection, unsigned status, const char *to);

/* Warnings as the value of a header: lines joined by ";", printable ASCII; NULL when empty. */
const char *web_send_one_line(struct buf *warnings);

#endif
