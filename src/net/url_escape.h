/*
 * Percent-escapes of URLs with Go's tables: which byte stands for itself depends on the part of
 * the URL. Used by url.c only.
 */
#ifndef NET_URL_ESCAPE_H
#define NET_URL_ESCAPE_H

#include <stdbool.h>

#include "base/buf.h"
#include "core/str.h"

enum url_part {
	URL_PART_HOST,
	URL_PART_PATH,
	URL_PART_USER,
	URL_PART_QUERY, /* one key or value; space is '+' */
	URL_PART_FRAGMENT,
};

/* Appends s with every byte escaped that does not stand for itself in that part. */
void url_escape(struct buf *out, struct str s, enum url_part part);
/* Appends s with its escapes decoded; false (buffer as it was) when one is malformed. */
bool url_unescape(struct buf *out, struct str s, enum url_part part);
/* True when every escape of s is well formed and, in a host, every byte allowed. */
bool url_escapes_are_valid(struct str s, enum url_part part);
/* True when s can be printed as it is: an escaped form of something. */
bool url_is_escaped(struct str s, enum url_part part);

#endif
