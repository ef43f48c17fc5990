/*
 * The functions and inlined calls of one unit, read from its tree in one pass. For dwarf_index.c.
 */
#ifndef OBJECT_DWARF_TREE_H
#define OBJECT_DWARF_TREE_H

#include "base/vec.h"
#include "object/dwarf_source.h"

#define DWARF_NO_OWNER UINT32_MAX

/* Ranges before they are flattened; of two that overlap, the deeper and later one wins. */
struct dwarf_range {
	uint64_t low, high;
	uint32_t owner;
	uint32_t depth;
};

/* A function or an inlined call. */
struct dwarf_node {
	uint64_t origin; /* in its section: of the function's DIE, or of the one that is inlined */
	uint32_t parent; /* of the call it is inlined in; DWARF_NO_OWNER for a function */
	uint32_t name;   /* index of dwarf_unit.names; DWARF_NO_OWNER until it was asked for */
	uint32_t call_file, call_line, call_column;
	bool is_function; /* out of line: the chain ends here */
};

struct dwarf_tree {
	VEC(struct dwarf_node) nodes;
	VEC(struct dwarf_range) ranges; /* owners are nodes */
};

/*
 * Reads the tree below a unit's own DIE; abbrevs becomes the unit's table. Damage ends the reading:
 * what was read before stays. When addresses are wanted, functions without them and types are
 * skipped: a wanted address that has no owner then may have one in what was skipped (a member of a
 * local class), which reading again without a list finds. False when memory is short. May run in
 * any thread.
 */
bool dwarf_tree_read(struct dwarf_tree *t, const struct dwarf_source *s,
    struct dwarf_abbrevs *abbrevs, const struct dwarf_wanted *wanted);
void dwarf_tree_release(struct dwarf_tree *t);

/* Adds a range unless it is empty or there are too many. */
void dwarf_tree_add_range(
    struct dwarf_tree *t, uint64_t low, uint64_t high, uint32_t owner, uint32_t depth);

#endif
