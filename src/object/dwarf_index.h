/*
 * The index over libdw: which unit holds an address, and within a unit which function or inlined
 * call. For dwarf.c only. Both are arrays of segments: sorted start addresses that cut the address
 * space into pieces, each with one owner, so that a look-up is one binary search however deep the
 * inlining is.
 */
#ifndef OBJECT_DWARF_INDEX_H
#define OBJECT_DWARF_INDEX_H

#include <elfutils/libdw.h>

#include "base/err.h"
#include "base/vec.h"
#include "core/str.h"
#include "object/object.h"

#define DWARF_NO_OWNER UINT32_MAX

/* [start, next segment's start) belongs to owner. */
struct dwarf_segment {
	uint64_t start;
	uint32_t owner;
};

/* Ranges before they are flattened; of two that overlap, the deeper and later one wins. */
struct dwarf_range {
	uint64_t low, high;
	uint32_t owner;
	uint32_t depth;
};

struct dwarf_segments {
	VEC(struct dwarf_segment) v;
};

/* A function or an inlined call. The names are resolved when first hit. */
struct dwarf_node {
	Dwarf_Off die;   /* offset in the unit's own Dwarf */
	uint32_t parent; /* of the call it is inlined in; DWARF_NO_OWNER for a function */
	bool is_resolved;
	bool is_function; /* out of line: the chain ends here */
	struct str name;
	int64_t start_line;
	struct str call_file;
	int64_t call_line, call_column;
};

/* A relative file name of libdw's and what it is below the unit's folder. */
struct dwarf_path {
	const char *raw; /* libdw's pointer: the same for the same file */
	struct str full;
};

struct dwarf_unit {
	Dwarf_Die die;  /* with line table and ranges: the skeleton when split */
	Dwarf_Die tree; /* whose children are the functions: the split unit when there is one */
	bool is_loaded;
	VEC(struct dwarf_node) nodes;
	struct dwarf_segments segments; /* owners are nodes */
	Dwarf_Lines *lines;
	size_t n_lines;
	Dwarf_Files *files; /* of call sites */
	size_t n_files;
	const char *folder;           /* DW_AT_comp_dir; NULL unknown */
	VEC(struct dwarf_path) paths; /* relative files that were asked for */
};

struct dwarf_index {
	Dwarf *dwarf;
	VEC(struct dwarf_unit) units;
	struct dwarf_segments segments; /* owners are units */
};

/* Reads the units' ranges. Takes over dwarf, also on failure. */
enum err_code dwarf_index_new(struct dwarf_index **out, Dwarf *dwarf, struct err *e) MUST_USE;
void dwarf_index_free(struct dwarf_index *x);

/* The unit that holds an address, loaded; *out is NULL when there is none. ERR_NOMEM. */
enum err_code dwarf_index_unit(
    struct dwarf_index *x, uint64_t address, struct dwarf_unit **out, struct err *e) MUST_USE;

/* Innermost node at an address, or DWARF_NO_OWNER. */
uint32_t dwarf_unit_node(const struct dwarf_unit *u, uint64_t address);

/* Turns ranges into segments; sorts `ranges`. False when memory is short. */
bool dwarf_flatten(struct dwarf_segments *out, struct dwarf_range *ranges, size_t n);
/* Owner of the piece that holds an address. */
uint32_t dwarf_segment_owner(const struct dwarf_segments *s, uint64_t address);

#endif
