/*
 * The line table of one unit: decoded once, searched many times. Called by dwarf_index.c. Replaces
 * libdw's, which keeps three times the memory and sorts all rows.
 */
#ifndef OBJECT_DWARF_ROWS_H
#define OBJECT_DWARF_ROWS_H

#include "base/vec.h"
#include "object/dwarf_bytes.h"

struct dwarf_row {
	uint32_t at; /* bytes behind the start of the sequence */
	uint32_t line, column;
	uint32_t file; /* index as the table's version counts */
};

/* A run of rows with growing addresses. */
struct dwarf_sequence {
	uint64_t start, end;
	uint32_t first, n; /* rows */
};

struct dwarf_file {
	struct str dir, name; /* as written; dir is "" when it is the unit's own */
	struct str full;      /* made by the caller on the first use */
};

/* Sections that the table's texts lie in; empty when absent. */
struct dwarf_line_sections {
	struct str line, line_str, str;
	bool swap;
};

struct dwarf_rows {
	VEC(struct dwarf_row) rows;
	VEC(struct dwarf_sequence) sequences; /* by start */
	VEC(struct dwarf_file) files;
};

/* Addresses that will be asked for, in growing order; .n is 0 when all may be. */
struct dwarf_wanted {
	const uint64_t *v;
	size_t n;
};

/* The first wanted address that is not below `low`: its place in the list, .n when there is none.
 */
size_t dwarf_wanted_from(const struct dwarf_wanted *w, uint64_t low);

/*
 * Decodes the program at `offset` of the line section, keeping the rows that cover what is wanted.
 * Damage ends it where it is met: what was decoded before stays. False when memory is short.
 */
bool dwarf_rows_read(struct dwarf_rows *r, const struct dwarf_line_sections *s, uint64_t offset,
    unsigned address_size, const struct dwarf_wanted *wanted);
void dwarf_rows_release(struct dwarf_rows *r);

/* The row that covers an address, or NULL. */
const struct dwarf_row *dwarf_rows_find(const struct dwarf_rows *r, uint64_t address);

#endif
