/* Writes gzip. Callers: encode.c, the tests. */
#ifndef PROFILE_GZIP_H
#define PROFILE_GZIP_H

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

/* Appends `raw` as one gzip member (time stamp 0, no name: the same bytes every time). ERR_NOMEM.
 */
enum err_code profile_gzip(struct str raw, struct buf *out, struct err *e) MUST_USE;

#endif
