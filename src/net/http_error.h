/*
 * What went wrong in a request, said as Go's net/http says it: users compare and search for these
 * texts. Used by http_client.c only.
 */
#ifndef NET_HTTP_ERROR_H
#define NET_HTTP_ERROR_H

#include <curl/curl.h>

#include "base/buf.h"
#include "core/str.h"

/*
 * Appends the reason for `code`, as it follows `Get "URL": `. `own` is libcurl's own text, used
 * when Go has no wording of its own; has_headers tells that the reply had begun.
 */
void http_error_text(
    struct buf *out, CURL *curl, CURLcode code, bool has_headers, struct str host, const char *own);

/* Appends what is to be said of an answer that is no HTTP at all, but `body`. */
void http_error_foreign(struct buf *out, struct str body);

#endif
