/*
 * gzip by ISA-L: a third of libdeflate's time at its lowest level, for up to 6 % more bytes
 * (docs/decisions/0010-isa-l.md).
 */
#include "profile/gzip.h"

#include <isa-l/igzip_lib.h>
#include <stdint.h>

#include "base/arena.h"

#define LEVEL      1
#define LEVEL_SIZE ISAL_DEF_LVL1_DEFAULT
#define FEED_MAX   ((size_t)1 << 30) /* ISA-L counts in 32 bits */
#define ROOM_MIN   ((size_t)4 << 10)

static bool deflate_piece(struct isal_zstream *z, struct str *raw, struct buf *out)
{
	size_t room = raw->n / 2 + z->avail_in / 2 + ROOM_MIN, n;

	if (z->avail_in == 0 && raw->n > 0) {
		n = raw->n < FEED_MAX ? raw->n : FEED_MAX;
		/* ISA-L only reads there, but its field is not const. */
		memcpy(&z->next_in, &raw->p, sizeof z->next_in);
		z->avail_in = (uint32_t)n;
		*raw = str_skip(*raw, n);
	}
	if (!buf_reserve(out, room))
		return false;
	n = out->cap - out->n < FEED_MAX ? out->cap - out->n : FEED_MAX;
	z->next_out = (uint8_t *)out->p + out->n;
	z->avail_out = (uint32_t)n;
	z->end_of_stream = raw->n == 0;
	if (isal_deflate(z) != COMP_OK)
		return false;
	out->n += n - z->avail_out;
	return true;
}

enum err_code profile_gzip(struct str raw, struct buf *out, struct err *e)
{
	struct arena scratch = { 0 };
	struct isal_zstream *z = ARENA_NEW(&scratch, struct isal_zstream);
	uint8_t *level = ARENA_ARRAY(&scratch, uint8_t, LEVEL_SIZE);
	bool good = z && level;

	if (good) {
		isal_deflate_init(z);
		z->level = LEVEL;
		z->level_buf = level;
		z->level_buf_size = LEVEL_SIZE;
		z->gzip_flag = IGZIP_GZIP;
		do
			good = deflate_piece(z, &raw, out);
		while (good && z->internal_state.state != ZSTATE_END);
	}
	arena_release(&scratch);
	return good ? OK : FAIL_NOMEM(e);
}
