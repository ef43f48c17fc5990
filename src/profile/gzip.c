/*
 * gzip by ISA-L: a third of libdeflate's time at its lowest level, for up to 6 % more bytes
 * (docs/decisions/0010-isa-l.md). Half of its time is the search for repetitions, of which stacks
 * that are all different have next to none: so a bit of every few megabytes is packed both ways.
 */
#include "profile/gzip.h"

#include <isa-l/igzip_lib.h>
#include <stdint.h>

#define LEVEL      1
#define LEVEL_SIZE ISAL_DEF_LVL1_DEFAULT
#define PIECE      ((size_t)512 << 10) /* what comes out of it stays in the caches */
#define ROOM_MIN   ((size_t)4 << 10)
#define STRETCH    ((size_t)4 << 20) /* packed one way */
#define TRIAL      ((size_t)64 << 10)

/* Bits of ISA-L's longest look back: its default, and two bytes, which no repetition fits in. */
#define FAR  0
#define NEAR 1

#define WORTH 12 /* searching must save one byte of so many */

/* What a trial needs. */
struct gzip_trial {
	struct isal_zstream stream;
	uint8_t level[LEVEL_SIZE];
	uint8_t out[2 * TRIAL];
};

static size_t packed_size(struct gzip_trial *t, struct str raw, uint16_t hist_bits)
{
	struct isal_zstream *z = &t->stream;

	isal_deflate_stateless_init(z);
	z->level = LEVEL;
	z->level_buf = t->level;
	z->level_buf_size = LEVEL_SIZE;
	z->hist_bits = hist_bits;
	/* ISA-L only reads there, but its field is not const. */
	memcpy(&z->next_in, &raw.p, sizeof z->next_in);
	z->avail_in = (uint32_t)raw.n;
	z->next_out = t->out;
	z->avail_out = sizeof t->out;
	return isal_deflate_stateless(z) == COMP_OK ? z->total_out : raw.n;
}

/* How far back repetitions of such data should be searched for. Little data: as far as can be. */
static uint16_t best_hist_bits(struct gzip *g, struct str raw)
{
	size_t near, far;

	if (raw.n < TRIAL)
		return FAR;
	if (!g->trial)
		g->trial = arena_alloc_raw(&g->scratch, 1, sizeof *g->trial);
	if (!g->trial)
		return FAR; /* the arena has failed, which ends the packing */
	raw.n = TRIAL;
	far = packed_size(g->trial, raw, FAR);
	near = packed_size(g->trial, raw, NEAR);
	return near - near / WORTH > far ? FAR : NEAR;
}

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

/* ISA-L takes another look back only where what comes does not refer to what was. */
static void set_hist_bits(struct gzip *g, uint16_t hist_bits)
{
	struct isal_zstream *z = g->stream;

	if (z->hist_bits == hist_bits)
		return;
	if (z->total_in > 0) {
		z->flush = FULL_FLUSH;
		do
			deflate_step(g);
		while (!g->failed && z->avail_out == 0);
		z->flush = NO_FLUSH;
	}
	z->hist_bits = hist_bits;
}

void gzip_other_data(struct gzip *g)
{
	g->left = 0;
}

static void begin_piece(struct gzip *g, struct str piece)
{
	if (g->left < piece.n) {
		set_hist_bits(g, best_hist_bits(g, piece));
		g->failed |= arena_failed(&g->scratch);
		g->left = STRETCH;
	}
	g->left -= piece.n;
}

void gzip_add(struct gzip *g, struct str raw)
{
	struct isal_zstream *z = g->stream;

	while (raw.n > 0 && !g->failed) {
		size_t n = raw.n < PIECE ? raw.n : PIECE;

		begin_piece(g, (struct str){ raw.p, n });
		if (g->failed)
			return;
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
