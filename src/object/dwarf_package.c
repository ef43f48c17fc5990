/*
 * The index of a package, see dwarf_package.h: a hash table of units' identities to rows, and for
 * each row where its part of every section is. What is hard: nothing of it is trusted, so each
 * number is held against what is there. Source: the DWARF standard, version 5, section 7.3.5.
 */
#include "object/dwarf_package.h"

/* Section numbers of columns; those of both versions are the same but for ranges. */
enum { COLUMN_INFO = 1, COLUMN_ABBREV = 3, COLUMN_LINE = 4, COLUMN_STR_OFFSETS = 6 };

enum { COLUMN_RNGLISTS = 8 }; /* of version 5 */

static uint64_t number(const struct dwarf_package *p, struct str table, uint64_t i, unsigned size)
{
	struct dwarf_bytes b = { .swap = p->all.swap };

	if (i >= table.n / size)
		return 0;
	b.p = (const uint8_t *)table.p + i * size;
	b.end = b.p + size;
	return dwarf_fixed(&b, size);
}

/* The next n numbers of size bytes of *rest; false when there are fewer. */
static bool take(struct str *rest, uint64_t n, unsigned size, struct str *out)
{
	if (n > rest->n / size)
		return false;
	*out = str_head(*rest, (size_t)n * size);
	*rest = str_skip(*rest, (size_t)n * size);
	return true;
}

static bool read_version(struct dwarf_package *p, struct str header)
{
	/* Four bytes before version 5, then two and two of padding. */
	if (number(p, header, 0, 4) == 2)
		p->version = 2;
	else if (number(p, header, 0, 2) == 5)
		p->version = 5;
	return p->version != 0;
}

bool dwarf_package_read(
    struct dwarf_package *p, const struct dwarf_sections *sections, struct str index)
{
	struct str rest = index;
	struct str header, columns;
	uint64_t cells;

	*p = (struct dwarf_package){ .all = *sections };
	if (!take(&rest, 4, 4, &header) || !read_version(p, header))
		return false;
	p->n_columns = (uint32_t)number(p, header, 1, 4);
	p->n_units = (uint32_t)number(p, header, 2, 4);
	p->n_slots = (uint32_t)number(p, header, 3, 4);
	cells = (uint64_t)p->n_columns * p->n_units;
	if (!p->n_slots || (p->n_slots & (p->n_slots - 1)) ||
	    p->n_columns > DWARF_PACKAGE_COLUMNS || !take(&rest, p->n_slots, 8, &p->hash) ||
	    !take(&rest, p->n_slots, 4, &p->rows) || !take(&rest, p->n_columns, 4, &columns) ||
	    !take(&rest, cells, 4, &p->offsets) || !take(&rest, cells, 4, &p->sizes)) {
		p->version = 0;
		return false;
	}
	for (uint32_t i = 0; i < p->n_columns; i++)
		p->columns[i] = (uint32_t)number(p, columns, i, 4);
	return true;
}

/* The row of an identity, counted from 1; 0 when there is none. */
static uint32_t find_row(const struct dwarf_package *p, uint64_t id)
{
	const uint64_t mask = p->n_slots - 1;
	const uint64_t step = (id >> 32 & mask) | 1;
	uint64_t slot = id & mask;

	for (uint32_t i = 0; i < p->n_slots; i++, slot = (slot + step) & mask) {
		const uint32_t row = (uint32_t)number(p, p->rows, slot, 4);

		if (!row)
			return 0;
		if (number(p, p->hash, slot, 8) == id)
			return row <= p->n_units ? row : 0;
	}
	return 0;
}

static struct str *section_of(const struct dwarf_package *p, struct dwarf_sections *s, uint32_t id)
{
	switch (id) {
	case COLUMN_INFO:
		return &s->info;
	case COLUMN_ABBREV:
		return &s->abbrev;
	case COLUMN_LINE:
		return &s->line;
	case COLUMN_STR_OFFSETS:
		return &s->str_offsets;
	case COLUMN_RNGLISTS:
		return p->version == 5 ? &s->rnglists : NULL;
	default:
		return NULL;
	}
}

bool dwarf_package_unit(const struct dwarf_package *p, uint64_t id, struct dwarf_source *s)
{
	const uint32_t row = p->version ? find_row(p, id) : 0;

	if (!row)
		return false;
	s->in = p->all;
	s->at = 0;
	for (uint32_t i = 0; i < p->n_columns; i++) {
		const uint64_t cell = (uint64_t)(row - 1) * p->n_columns + i;
		const uint64_t offset = number(p, p->offsets, cell, 4);
		const uint64_t size = number(p, p->sizes, cell, 4);
		struct str *part = section_of(p, &s->in, p->columns[i]);

		if (!part)
			continue;
		if (offset > part->n || size > part->n - offset)
			return false;
		if (part->n) /* there may be no section */
			*part = (struct str){ part->p + offset, (size_t)size };
	}
	return true;
}
