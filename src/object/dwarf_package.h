/*
 * DWARF packages (.dwp): the split units of a program in one file, found by an index. Of version 5
 * and of GNU's before it (version 2). For dwarf_index.c; object_package is debug_package.c's.
 */
#ifndef OBJECT_DWARF_PACKAGE_H
#define OBJECT_DWARF_PACKAGE_H

#include "object/dwarf_source.h"

/* Columns of the index that are looked at. */
#define DWARF_PACKAGE_COLUMNS 16

struct dwarf_package {
	struct dwarf_sections all; /* whole sections of the file */
	struct str hash, rows;     /* slots: identities, and numbers of rows that count from 1 */
	struct str offsets, sizes; /* a number for each column of each row */
	uint32_t n_columns, n_units, n_slots;
	uint32_t columns[DWARF_PACKAGE_COLUMNS]; /* what section each is of */
	unsigned version;                        /* 2 or 5; 0: there is no package */
};

/* Reads the index (.debug_cu_index) of a file with these sections; false when it is damaged. */
bool dwarf_package_read(
    struct dwarf_package *p, const struct dwarf_sections *sections, struct str index);
/*
 * The unit with an identity (DW_AT_GNU_dwo_id): sets s->in to its parts of the sections and s->at.
 * False when the package has no such unit. Addresses and old ranges are the program's: the
 * caller's.
 */
bool dwarf_package_unit(const struct dwarf_package *p, uint64_t id, struct dwarf_source *s);

#endif
