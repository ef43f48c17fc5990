/*
 * The functions and inlined calls of one unit, read from its tree in one pass. For dwarf_index.c.
 */
#ifndef OBJECT_DWARF_TREE_H
#define OBJECT_DWARF_TREE_H

#include <elfutils/libdw.h>

#include "base/vec.h"
#include "object/dwarf_abbrev.h"

#define DWARF_NO_OWNER UINT32_MAX

/* Ranges before they are flattened; of two that overlap, the deeper and later one wins. */
struct dwarf_range {
	uint64_t low, high;
	uint32_t owner;
	uint32_t depth;
};

/* A function or an inlined call. */
struct dwarf_node {
	Dwarf_Off die;    /* offset in the unit's own Dwarf */
	Dwarf_Off origin; /* of the function that is inlined, `die` itself when it has names */
	uint32_t parent;  /* of the call it is inlined in; DWARF_NO_OWNER for a function */
	uint32_t name;    /* index of dwarf_unit.names; DWARF_NO_OWNER until it was asked for */
	uint32_t call_file, call_line, call_column;
	bool is_function; /* out of line: the chain ends here */
};

struct dwarf_tree {
	VEC(struct dwarf_node) nodes;
	VEC(struct dwarf_range) ranges; /* owners are nodes */
};

/*
 * Reads the tree below a unit's own DIE. Damage ends the reading: what was read before stays. False
 * when memory is short.
 */
bool dwarf_tree_read(
    struct dwarf_tree *t, Dwarf_Die *unit, struct dwarf_abbrevs *abbrevs, bool swap);
void dwarf_tree_release(struct dwarf_tree *t);

/* Adds the ranges of a DIE as libdw knows them; returns whether there was any. */
bool dwarf_tree_add_ranges(struct dwarf_tree *t, Dwarf_Die *die, uint32_t owner, uint32_t depth);

#endif
