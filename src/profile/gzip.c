/*
 * gzip by ISA-L: a third of libdeflate's time at its lowest level, for up to 6 % more bytes
 * (docs/decisions/0010-isa-l.md).
 */
#include "profile/gzip.h"

#include <isa-l/igzip_lib.h>
#include <stdint.h>

#define LEVEL      1
#define LEVEL_SIZE ISAL_DEF_LVL1_DEFAULT
#define PIECE      ((size_t)256 << 10) /* what comes out of it stays in the caches */
#define ROOM_MIN   ((size_t)4 << 10)

void gzip_begin(struct gzip *g, struct buf *out)
{
	struct isal_zstream *z = ARENA_NEW(&g->scratch, struct isal_zstream);
	uint8_t *level = arena_alloc_raw(&g->scratch, LEVEL_SIZE, 1);

	g->out = out;
	g->stream = z;
	g->failed = arena_failed(&g->scratch);
	if (g->failed)
		return;
	isal_deflate_init(z);
	z->level = LEVEL;
	z->level_buf = level;
	z->level_buf_size = LEVEL_SIZE;
	z->gzip_flag = IGZIP_GZIP;
}

/* One call of ISA-L, with room for about what it will write. */
static void deflate_step(struct gzip *g)
{
	struct isal_zstream *z = g->stream;
	struct buf *out = g->out;
	size_t room;

	if (!buf_reserve(out, z->avail_in / 2 + ROOM_MIN)) {
		g->failed = true;
		return;
	}
	room = out->cap - out->n < UINT32_MAX ? out->cap - out->n : UINT32_MAX;
	z->next_out = (uint8_t *)out->p + out->n;
	z->avail_out = (uint32_t)room;
	g->failed = isal_deflate(z) != COMP_OK;
	out->n += room - z->avail_out;
}

void gzip_add(struct gzip *g, struct str raw)
{
	struct isal_zstream *z = g->stream;

	while (raw.n > 0 && !g->failed) {
		size_t n = raw.n < PIECE ? raw.n : PIECE;

		/* ISA-L only reads there, but its field is not const. */
		memcpy(&z->next_in, &raw.p, sizeof z->next_in);
		z->avail_in = (uint32_t)n;
		while (z->avail_in > 0 && !g->failed)
			deflate_step(g);
		buf_drain(g->out);
		raw = str_skip(raw, n);
	}
}

bool gzip_end(struct gzip *g)
{
	bool good;

	if (g->stream && !g->failed)
		g->stream->end_of_stream = 1;
	while (g->stream && !g->failed && g->stream->internal_state.state != ZSTATE_END)
		deflate_step(g);
	good = !g->failed;
	arena_release(&g->scratch);
	*g = (struct gzip){ 0 };
	return good;
}

enum err_code profile_gzip(struct str raw, struct buf *out, struct err *e)
{
	struct gzip g = { 0 };

	gzip_begin(&g, out);
	gzip_add(&g, raw);
	return gzip_end(&g) ? OK : FAIL_NOMEM(e);
}
