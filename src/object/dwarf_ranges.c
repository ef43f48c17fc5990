/*
 * Lists of ranges, DWARF 3 to 5. Called by dwarf_tree.c for every function and inlined call that
 * lies in pieces: a third of those of C++ programs, so libdw's way through three tables is too
 * long. The lists are the file's: each step makes progress, the count is bounded.
 */
#include <dwarf.h>

#include "object/dwarf_source.h"

struct list {
	const struct dwarf_source *s;
	struct dwarf_bytes b;
	uint64_t base;
	size_t left; /* ranges that may still be added */
	void (*add)(void *ctx, uint64_t low, uint64_t high);
	void *ctx;
};

static void add(struct list *l, uint64_t low, uint64_t high)
{
	l->add(l->ctx, low, high);
	l->left--;
}

static uint64_t most(const struct dwarf_source *s)
{
	return s->widths.address >= 8 ? UINT64_MAX : ((uint64_t)1 << 8 * s->widths.address) - 1;
}

/* One pair of .debug_ranges; false at the end. */
static bool old_step(struct list *l)
{
	const unsigned size = l->s->widths.address;
	const uint64_t low = dwarf_fixed(&l->b, size);
	const uint64_t high = dwarf_fixed(&l->b, size);

	if (l->b.failed || (!low && !high))
		return false;
	if (low == most(l->s))
		l->base = high;
	else
		add(l, l->base + low, l->base + high);
	return true;
}

/* One entry of .debug_rnglists; false at the end. */
static bool step(struct list *l)
{
	struct dwarf_bytes *b = &l->b;
	const unsigned size = l->s->widths.address;
	uint64_t low;

	switch (dwarf_u8(b)) {
	case DW_RLE_base_addressx:
		l->base = dwarf_source_address(l->s, dwarf_uleb(b));
		return !b->failed;
	case DW_RLE_startx_endx:
		low = dwarf_source_address(l->s, dwarf_uleb(b));
		add(l, low, dwarf_source_address(l->s, dwarf_uleb(b)));
		return !b->failed;
	case DW_RLE_startx_length:
		low = dwarf_source_address(l->s, dwarf_uleb(b));
		add(l, low, low + dwarf_uleb(b));
		return !b->failed;
	case DW_RLE_offset_pair:
		low = l->base + dwarf_uleb(b);
		add(l, low, l->base + dwarf_uleb(b));
		return !b->failed;
	case DW_RLE_base_address:
		l->base = dwarf_fixed(b, size);
		return !b->failed;
	case DW_RLE_start_end:
		low = dwarf_fixed(b, size);
		add(l, low, dwarf_fixed(b, size));
		return !b->failed;
	case DW_RLE_start_length:
		low = dwarf_fixed(b, size);
		add(l, low, low + dwarf_uleb(b));
		return !b->failed;
	default:
		return false;
	}
}

/* Where in its section the list is; false when the index is none. */
static bool place(const struct dwarf_source *s, struct str section, unsigned form, uint64_t *v)
{
	const uint64_t at = s->ranges_at + *v * s->widths.offset;
	struct dwarf_bytes b = { .swap = s->in.swap };

	if (form != DW_FORM_rnglistx) {
		/* Split DWARF before version 5 counts from the unit's part of the section. */
		*v += s->widths.version < 5 ? s->ranges_at : 0;
		return *v < section.n;
	}
	if (*v > section.n || at >= section.n)
		return false;
	b.p = (const uint8_t *)section.p + at;
	b.end = (const uint8_t *)section.p + section.n;
	*v = s->ranges_at + dwarf_fixed(&b, s->widths.offset);
	return !b.failed && *v < section.n;
}

void dwarf_source_ranges(const struct dwarf_source *s, unsigned form, uint64_t value, size_t limit,
    void (*add_range)(void *ctx, uint64_t low, uint64_t high), void *ctx)
{
	const bool is_new = s->widths.version >= 5;
	const struct str section = is_new ? s->in.rnglists : s->in.ranges;
	struct list l = { .s = s, .base = s->low, .left = limit, .add = add_range, .ctx = ctx };

	if (!place(s, section, form, &value))
		return;
	l.b = (struct dwarf_bytes){ (const uint8_t *)section.p + value,
		(const uint8_t *)section.p + section.n, false, s->in.swap };
	while (l.left && (is_new ? step(&l) : old_step(&l)))
		;
}
