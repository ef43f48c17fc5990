/*
 * gzip by ISA-L: a third of libdeflate's time at its lowest level, for up to 6 % more bytes
 * (docs/decisions/0010-isa-l.md).
 *
 * Most of its time goes into a search for repetitions. Stacks that are all different have hardly
 * any; so each TRIAL-th piece shows whether the search is worth it, and when it is not, those up to
 * the next trial are coded by huffman.c alone. Pieces are stretches of the one deflate stream which
 * end at a byte.
 */
#include "profile/gzip.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdint.h>

#include "profile/huffman.h"

#define LEVEL      1
#define LEVEL_SIZE ISAL_DEF_LVL1_DEFAULT
#define PIECE      ((size_t)128 << 10) /* what comes out of it stays in the caches */
#define TRIAL      16
#define WORTH      15 /* the search must spare one byte in so many */
#define ROOM_MIN   ((size_t)4 << 10)

void gzip_begin(struct gzip *g, struct buf *out)
{
	static const char header[] = "\x1f\x8b\x08\0\0\0\0\0\0\xff"; /* no name, time, system */
	struct isal_zstream *z = ARENA_NEW(&g->scratch, struct isal_zstream);

	g->out = out;
	g->stream = z;
	g->level = ARENA_ARRAY(&g->scratch, uint8_t, LEVEL_SIZE);
	g->failed = arena_failed(&g->scratch);
	g->searching = true;
	buf_add(out, header, sizeof header - 1);
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

/* What ISA-L knows of the stream: nothing, when others have written since. */
static void begin_search(struct gzip *g)
{
	struct isal_zstream *z = g->stream;

	isal_deflate_init(z);
	z->level = LEVEL;
	z->level_buf = g->level;
	z->level_buf_size = LEVEL_SIZE;
	z->flush = SYNC_FLUSH;
	g->in_search = true;
}

static void add_searched(struct gzip *g, struct str raw)
{
	struct isal_zstream *z = g->stream;

	if (!g->in_search)
		begin_search(g);
	/* ISA-L only reads there, but its field is not const. */
	memcpy(&z->next_in, &raw.p, sizeof z->next_in);
	z->avail_in = (uint32_t)raw.n;
	do
		deflate_step(g);
	while (!g->failed && (z->avail_in > 0 || z->avail_out == 0));
}

static void add_piece(struct gzip *g, struct str raw)
{
	bool trial = g->pieces++ % TRIAL == 0;
	size_t before = g->out->n;
	struct huffman h;

	if (trial || !g->searching)
		huffman_fit(&h, raw);
	if (trial || g->searching) {
		add_searched(g, raw);
	} else {
		g->failed = !huffman_write(&h, raw, g->out);
		g->in_search = false;
	}
	if (trial)
		g->searching = g->out->n - before < h.bytes - h.bytes / WORTH;
	g->crc = crc32_gzip_refl(g->crc, (const unsigned char *)raw.p, raw.n);
	g->size += (uint32_t)raw.n;
}

void gzip_add(struct gzip *g, struct str raw)
{
	while (raw.n > 0 && !g->failed) {
		size_t n = raw.n < PIECE ? raw.n : PIECE;

		add_piece(g, str_head(raw, n));
		buf_drain(g->out);
		raw = str_skip(raw, n);
	}
}

static void add_u32(struct buf *out, uint32_t v)
{
	const char bytes[] = { (char)v, (char)(v >> 8), (char)(v >> 16), (char)(v >> 24) };

	buf_add(out, bytes, sizeof bytes);
}

bool gzip_end(struct gzip *g)
{
	bool good;

	if (g->out) {
		BUF_LIT(g->out, "\3\0"); /* an empty last block */
		add_u32(g->out, g->crc);
		add_u32(g->out, g->size);
		g->failed |= buf_failed(g->out);
	}
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
