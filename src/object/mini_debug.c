/*
 * MiniDebugInfo: the symbol table that some distributions leave in a stripped program, as an xz
 * compressed ELF file in .gnu_debugdata. Called by symtab.c.
 */
#include <lzma.h>

#include "base/buf.h"
#include "object/object_impl.h"

/* Largest file that is unpacked, and memory for it: the bytes are not trusted. */
#define MAX_UNPACKED ((size_t)256 << 20)
#define MAX_MEMORY   ((uint64_t)128 << 20)
#define STEP         ((size_t)1 << 20)

/* One more piece of output; false at the end, with *ok telling which. */
static bool unpack_step(lzma_stream *s, struct buf *out, bool *ok)
{
	lzma_ret got;

	if (out->n > MAX_UNPACKED || !buf_reserve(out, STEP))
		return false;
	s->next_out = (uint8_t *)out->p + out->n;
	s->avail_out = STEP;
	got = lzma_code(s, LZMA_FINISH);
	out->n += STEP - s->avail_out;
	*ok = got == LZMA_STREAM_END;
	/* No progress is an error of liblzma's own, LZMA_BUF_ERROR. */
	return got == LZMA_OK;
}

static bool unpack(struct str packed, struct buf *out)
{
	lzma_stream s = LZMA_STREAM_INIT;
	bool ok = false;

	if (lzma_stream_decoder(&s, MAX_MEMORY, 0) != LZMA_OK)
		return false;
	s.next_in = (const uint8_t *)packed.p;
	s.avail_in = packed.n;
	while (unpack_step(&s, out, &ok))
		;
	lzma_end(&s);
	return ok && !buf_failed(out);
}

struct object *object_mini(struct object *o)
{
	struct buf b = { 0 };
	struct str packed, copy;
	struct err ignored;

	if (o->mini_tried)
		return o->mini;
	o->mini_tried = true;
	if (!object_section(o, ".gnu_debugdata", &packed))
		return NULL;
	if (unpack(packed, &b)) {
		copy = arena_str(&o->arena, buf_str(&b));
		if (copy.n && object_open_memory(&o->mini, copy.p, copy.n, o->path, &ignored) != OK)
			o->mini = NULL;
	}
	buf_release(&b);
	return o->mini;
}
