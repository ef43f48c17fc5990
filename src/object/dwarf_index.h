/*
 * The index over libdw: which unit holds an address, and within a unit which function or inlined
 * call, and which line. For dwarf.c only. Units and functions are arrays of segments: sorted start
 * addresses that cut the address space into pieces, each with one owner, so that a look-up is one
 * binary search however deep the inlining is.
 */
#ifndef OBJECT_DWARF_INDEX_H
#define OBJECT_DWARF_INDEX_H

#include <elfutils/libdw.h>
#include <pthread.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "core/str.h"
#include "object/dwarf_package.h"
#include "object/dwarf_rows.h"
#include "object/dwarf_tree.h"
#include "object/object.h"

/* [start, next segment's start) belongs to owner. */
struct dwarf_segment {
	uint64_t start;
	uint32_t owner;
};

struct dwarf_segments {
	VEC(struct dwarf_segment) v;
};

/* Storage of ranges. */
struct dwarf_ranges {
	VEC(struct dwarf_range) v;
};

/* What a function is called; made when the first of its nodes is hit. */
struct dwarf_name {
	uint64_t origin;
	struct str name;
	int64_t start_line;
};

struct dwarf_unit {
	Dwarf_Die die;    /* with line table and ranges: the skeleton when split */
	Dwarf_Die tree;   /* whose children are the functions: the split unit when there is one */
	uint64_t id;      /* of the split unit; 0 when it is not split */
	bool is_split;    /* the tree is another file's */
	bool is_packaged; /* which is a package: libdw knows nothing of it */
	bool is_prepared, is_loaded;
	VEC(uint8_t) bytes;             /* of the tree; empty when its section is in memory */
	VEC(struct dwarf_range) ranges; /* storage only, as spare */
	struct dwarf_ranges spare;
	bool is_partial;            /* loaded for some addresses only */
	struct dwarf_source source; /* of the tree */
	uint64_t lines_at;          /* place of the line program; UINT64_MAX none */
	uint8_t address_size;
	VEC(struct dwarf_node) nodes;
	VEC(struct dwarf_name) names;
	struct map names_map;           /* by origin */
	struct dwarf_segments segments; /* owners are nodes */
	struct dwarf_rows rows;
	struct dwarf_rows call_files; /* of a split unit: its files only */
	const char *folder;           /* DW_AT_comp_dir; NULL unknown */
};

/*
 * Memory of units that were unloaded, for those that come: new memory would have to be cleared by
 * the kernel first, which costs as much as reading what is put there.
 */
struct dwarf_store {
	VEC(uint8_t) bytes; /* of the tree, when they were read for this unit */
	VEC(struct dwarf_node) nodes;
	VEC(struct dwarf_range) ranges;
	struct dwarf_ranges spare;
	VEC(struct dwarf_segment) segments;
	VEC(struct dwarf_row) rows;
};

/* As many as may be loaded at a time. */
#define DWARF_STORES 3

struct dwarf_index {
	pthread_mutex_t lock; /* of stores */
	struct dwarf_store stores[DWARF_STORES];
	uint32_t n_stores;
	struct object *file; /* whose units' trees are read when they are loaded; NULL: all there */
	struct arena texts;  /* that lay in such a tree */
	Dwarf *dwarf;
	struct dwarf_sections sections;
	const struct dwarf_package *package; /* NULL: none */
	struct dwarf_abbrevs abbrevs;        /* of the unit loaded last */
	struct dwarf_abbrevs name_abbrevs;   /* of the unit that a name was asked of last */
	VEC(struct dwarf_unit) units;
	uint32_t n_split, n_missing;    /* split units; those whose other half was not found */
	struct dwarf_segments segments; /* owners are units */
};

/*
 * Reads the units' ranges. Takes over dwarf, also on failure. The sections are those of its file
 * (kept: must outlive the index), from which trees are read that are not in memory.
 * Units whose split half libdw has not found are looked for by dwarf_index_add_package.
 */
enum err_code dwarf_index_new(struct dwarf_index **out, Dwarf *dwarf,
    const struct dwarf_sections *sections, struct object *file, struct err *e) MUST_USE;
void dwarf_index_free(struct dwarf_index *x);
/* Takes split units from a package (kept: must outlive x). */
void dwarf_index_add_package(struct dwarf_index *x, const struct dwarf_package *package);

/* The place of the unit that holds an address, or DWARF_NO_OWNER. */
uint32_t dwarf_index_owner(const struct dwarf_index *x, uint64_t address);
/* The unit at a place, loaded. ERR_NOMEM. */
enum err_code dwarf_index_unit(
    struct dwarf_index *x, uint32_t owner, struct dwarf_unit **out, struct err *e) MUST_USE;
/*
 * The two steps of dwarf_index_unit. What libdw must be asked first, by one thread at a time; then
 * the reading, which needs only the unit and a table of the caller's and may run in any thread.
 * For some addresses only when there are any in the list. False when memory is short.
 */
void dwarf_unit_prepare(struct dwarf_index *x, struct dwarf_unit *u);
bool dwarf_unit_load(struct dwarf_index *x, struct dwarf_unit *u, struct dwarf_abbrevs *abbrevs,
    const struct dwarf_wanted *wanted);
/* Takes back what loading made; the next dwarf_index_unit loads again. Any thread. */
void dwarf_unit_unload(struct dwarf_index *x, struct dwarf_unit *u);

/*
 * Innermost node at an address, or DWARF_NO_OWNER. Reads the unit whole when it was loaded for some
 * addresses and this one has no owner: places of nodes that were given before are no longer valid.
 */
uint32_t dwarf_unit_node(struct dwarf_index *x, struct dwarf_unit *u, uint64_t address);
/* Name and first line of a node; NULL when memory is short. */
const struct dwarf_name *dwarf_unit_name(
    struct dwarf_index *x, struct dwarf_unit *u, struct dwarf_node *node);

/*
 * Turns ranges into segments; sorts `ranges`, with help of spare storage that the caller releases.
 * False when memory is short.
 */
bool dwarf_flatten(
    struct dwarf_segments *out, struct dwarf_range *ranges, size_t n, struct dwarf_ranges *spare);
/* Owner of the piece that holds an address. */
uint32_t dwarf_segment_owner(const struct dwarf_segments *s, uint64_t address);

#endif
