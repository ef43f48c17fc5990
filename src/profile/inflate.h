/*
 * gzip, a piece at a time: by ISA-L, which is as fast as libdeflate and can stop in the middle, so
 * that a compression bomb ends when it is noticed and not when it has filled the memory. Callers:
 * uncompress.c, and expansion_check() also for zstd.
 */
#ifndef PROFILE_INFLATE_H
#define PROFILE_INFLATE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"

/* Output is made in steps of this size, and looked at after each. */
#define INFLATE_STEP  ((size_t)1 << 20)
/* And in pieces of about this size for a sink: they stay in the caches until it has taken them. */
#define INFLATE_PIECE ((size_t)256 << 10)

/* How far a stream has come when it was last compared with its input. Starts as zero. */
struct expansion {
	size_t in;
	size_t out;
};

/*
 * To be called after every step with what was read and written so far. ERR_LIMIT when a stretch of
 * 16 MiB took less than a 256th of that, or when more than 4 GiB were written. No profile that was
 * measured shrinks to less than a fortieth; what small files hold is never a matter.
 */
enum err_code expansion_check(struct expansion *x, size_t in, size_t out, struct err *e) MUST_USE;

/* Appends the contents of all members in `in` to *out. Errors: see profile_uncompress(). */
enum err_code inflate_gzip(struct buf *out, struct str in, struct err *e) MUST_USE;

/* What a gzip file of `size` bytes says it holds; 0 when that cannot be. A guess. */
size_t inflate_claimed_size(int fd, size_t size);

/* Where the contents of a large file go, piece by piece. */
struct inflate_sink {
	/*
	 * Takes what it can use from the beginning of *out and leaves the rest, at the beginning;
	 * an error ends the inflating.
	 */
	enum err_code (*take)(struct inflate_sink *sink, struct buf *out, struct err *e);
};

/*
 * The same from a file that stands at its beginning into a sink, which must have taken everything
 * in the end. Neither the packed nor the inflated bytes are ever in memory together. ERR_FORMAT
 * then has no words: whoever wants them reads the file again, from memory. Other errors are final.
 */
enum err_code inflate_gzip_fd(int fd, struct inflate_sink *sink, struct err *e) MUST_USE;

/*
 * The same with a second thread, which inflates while the sink works: for files that take longer
 * than making a thread does. The sink is called by the caller's thread only.
 */
enum err_code inflate_gzip_fd_ahead(int fd, struct inflate_sink *sink, struct err *e) MUST_USE;

#endif
