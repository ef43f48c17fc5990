/*
 * Where the bytes of one unit are, and what its DIEs say by them: texts and addresses by index,
 * lists of ranges, names. For dwarf_index.c and dwarf_tree.c. Needs no libdw, so that units of
 * packages, which libdw 0.188 does not know, are read as all others are, and by any thread.
 */
#ifndef OBJECT_DWARF_SOURCE_H
#define OBJECT_DWARF_SOURCE_H

#include "object/dwarf_abbrev.h"
#include "object/dwarf_rows.h"

/* Sections of a file, decompressed; "" when absent. All live as long as the file is open. */
struct dwarf_sections {
	struct str info, abbrev, line, str, line_str, str_offsets, addresses, ranges, rnglists;
	bool swap; /* the file's byte order is not ours */
};

struct dwarf_source {
	struct dwarf_sections in; /* of a package: the unit's contributions to it */
	uint64_t at, die_at, end; /* header, first DIE and end of the unit, in its section */
	const uint8_t *bytes;     /* of the unit, from `at` on: in.info's, or read apart from it */
	uint64_t abbrev_at;
	struct dwarf_widths widths;
	/* Where tables by index begin in their sections. */
	uint64_t str_offsets_at, addresses_at, ranges_at;
	uint64_t low; /* of the unit: what ranges count from */
};

/*
 * Reads the header at s->at and sets the bases to where they are when no attribute says otherwise.
 * False when it is damaged. s->in, s->at are set by the caller.
 */
bool dwarf_source_header(struct dwarf_source *s);
/* A cursor on an offset of the unit's section; it ends where the unit does. */
struct dwarf_bytes dwarf_source_cursor(const struct dwarf_source *s, uint64_t offset);

/* Where in the section a cursor stands. */
static inline uint64_t dwarf_source_place(const struct dwarf_source *s, const uint8_t *p)
{
	return s->at + (uint64_t)(p - s->bytes);
}

/* True for forms that are an index into the table of addresses. */
bool dwarf_is_address_index(unsigned form);
/* The address behind an index; 0 when there is none. */
uint64_t dwarf_source_address(const struct dwarf_source *s, uint64_t index);

/*
 * Calls add for each range of the list that a DW_AT_ranges of that form and value means, at most
 * `limit` times. Damage ends the list.
 */
void dwarf_source_ranges(const struct dwarf_source *s, unsigned form, uint64_t value, size_t limit,
    void (*add)(void *ctx, uint64_t low, uint64_t high), void *ctx);

/*
 * Name (mangled when there is such a one) and first line of the function whose DIE is at an offset,
 * or of what it says it is an instance of. False when that leads out of the unit, or nowhere.
 */
bool dwarf_source_name(const struct dwarf_source *s, const struct dwarf_abbrevs *abbrevs,
    uint64_t offset, struct str *name, int64_t *line);

#endif
