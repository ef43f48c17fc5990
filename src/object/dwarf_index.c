/*
 * Reads units and their functions through libdw into the segments of dwarf_index.h. Called by
 * dwarf.c. What is hard: speed, as a large C++ program has a million DIEs (so only units that are
 * hit are read, names are left for later, and what cannot hold code is skipped), and hostile files
 * (so depth, counts and forward progress are checked here).
 */
#include "object/dwarf_index.h"

#include <dwarf.h>

#include "base/arena.h"

/* Deepest nesting of DIEs that is followed. */
#define MAX_DEPTH 256
#define MAX_UNITS (1u << 20)
/* Nodes, and ranges, of one unit. */
#define MAX_NODES (1u << 22)

/* One unit while its tree is read. */
struct reader {
	struct dwarf_unit *unit;
	VEC(struct dwarf_range) ranges;
};

static bool has_code_inside(int tag)
{
	switch (tag) {
	case DW_TAG_lexical_block:
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
	case DW_TAG_common_block:
	case DW_TAG_interface_type:
		return true;
	default:
		return false;
	}
}

/*
 * Adds the ranges of a DIE. Address 0 is what linkers leave of dropped functions. Returns whether
 * there was any.
 */
static bool add_ranges(struct reader *r, Dwarf_Die *die, uint32_t owner, uint32_t depth)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	bool any = false;

	while (r->ranges.n < MAX_NODES && (at = dwarf_ranges(die, at, &base, &low, &high)) > 0) {
		any = true;
		if (low && low < high)
			(void)VEC_PUSH(&r->ranges, (struct dwarf_range){ low, high, owner, depth });
	}
	return any;
}

static void read_children(struct reader *r, Dwarf_Die *parent, uint32_t node, uint32_t depth);

/* A function or an inlined call: a node when it has code, and what is inside. */
static void read_code(
    struct reader *r, Dwarf_Die *die, bool is_function, uint32_t outer, uint32_t depth)
{
	uint32_t node = (uint32_t)r->unit->nodes.n;
	uint32_t level = is_function ? 0 : depth;

	if (!add_ranges(r, die, node, level)) {
		/* An abstract instance: nothing in it has an address. Local classes may. */
		if (is_function)
			read_children(r, die, DWARF_NO_OWNER, depth + 1);
		return;
	}
	(void)VEC_PUSH(&r->unit->nodes, (struct dwarf_node){ .die = dwarf_dieoffset(die),
					    .is_function = is_function,
					    .parent = is_function ? DWARF_NO_OWNER : outer });
	if (r->unit->nodes.n > node)
		read_children(r, die, node, depth + 1);
}

static void read_die(struct reader *r, Dwarf_Die *die, uint32_t node, uint32_t depth)
{
	int tag = dwarf_tag(die);

	if (tag == DW_TAG_subprogram)
		read_code(r, die, true, node, depth);
	else if (tag == DW_TAG_inlined_subroutine && node != DWARF_NO_OWNER)
		read_code(r, die, false, node, depth);
	else if (has_code_inside(tag))
		read_children(r, die, node, depth + 1);
}

static void read_children(struct reader *r, Dwarf_Die *parent, uint32_t node, uint32_t depth)
{
	Dwarf_Off before = dwarf_dieoffset(parent);
	Dwarf_Die die;

	if (depth > MAX_DEPTH || r->unit->nodes.n >= MAX_NODES || !dwarf_haschildren(parent) ||
	    dwarf_child(parent, &die) != 0)
		return;
	do {
		Dwarf_Off here = dwarf_dieoffset(&die);

		/* Siblings are found by an attribute, which may point backwards. */
		if (here <= before)
			return;
		before = here;
		read_die(r, &die, node, depth);
	} while (dwarf_siblingof(&die, &die) == 0);
}

static void read_lines(struct dwarf_unit *u)
{
	Dwarf_Attribute a;

	if (dwarf_getsrclines(&u->die, &u->lines, &u->n_lines) != 0)
		u->n_lines = 0;
	if (dwarf_getsrcfiles(&u->tree, &u->files, &u->n_files) != 0)
		u->n_files = 0;
	u->folder = dwarf_formstring(dwarf_attr_integrate(&u->die, DW_AT_comp_dir, &a));
}

static bool load(struct dwarf_unit *u)
{
	struct reader r = { .unit = u };
	bool ok;

	u->is_loaded = true;
	read_children(&r, &u->tree, DWARF_NO_OWNER, 1);
	ok = !r.ranges.failed && !u->nodes.failed &&
	     dwarf_flatten(&u->segments, r.ranges.p, r.ranges.n);
	VEC_RELEASE(&r.ranges);
	if (!ok) {
		u->segments.v.n = 0;
		u->nodes.n = 0;
	}
	read_lines(u);
	return ok;
}

enum err_code dwarf_index_unit(
    struct dwarf_index *x, uint64_t address, struct dwarf_unit **out, struct err *e)
{
	uint32_t owner = dwarf_segment_owner(&x->segments, address);

	*out = NULL;
	if (owner == DWARF_NO_OWNER)
		return OK;
	if (!x->units.p[owner].is_loaded && !load(&x->units.p[owner]))
		return FAIL_NOMEM(e);
	*out = &x->units.p[owner];
	return OK;
}

uint32_t dwarf_unit_node(const struct dwarf_unit *u, uint64_t address)
{
	uint32_t node = dwarf_segment_owner(&u->segments, address);

	return node < u->nodes.n ? node : DWARF_NO_OWNER;
}

static bool is_code_unit(uint8_t type)
{
	return type == DW_UT_compile || type == DW_UT_skeleton || type == DW_UT_split_compile ||
	       type == DW_UT_partial;
}

/* All units' ranges, with the unit's place as owner. */
static bool read_units(struct dwarf_index *x, struct reader *r)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die, split;
	Dwarf_Half version;
	uint8_t type;

	while (x->units.n < MAX_UNITS &&
	       dwarf_get_units(x->dwarf, cu, &cu, &version, &type, &die, &split) == 0) {
		uint32_t owner = (uint32_t)x->units.n;
		bool is_split = type == DW_UT_skeleton && split.addr;

		if (!is_code_unit(type) || !add_ranges(r, &die, owner, 0))
			continue;
		if (!VEC_PUSH(&x->units,
			(struct dwarf_unit){ .die = die, .tree = is_split ? split : die }))
			return false;
	}
	return !r->ranges.failed;
}

enum err_code dwarf_index_new(struct dwarf_index **out, Dwarf *dwarf, struct err *e)
{
	struct dwarf_index *x = alloc_get(sizeof *x);
	struct reader r = { 0 };
	bool ok;

	if (!x) {
		dwarf_end(dwarf);
		return FAIL_NOMEM(e);
	}
	*x = (struct dwarf_index){ .dwarf = dwarf };
	ok = read_units(x, &r) && dwarf_flatten(&x->segments, r.ranges.p, r.ranges.n);
	VEC_RELEASE(&r.ranges);
	if (!ok) {
		dwarf_index_free(x);
		return FAIL_NOMEM(e);
	}
	*out = x;
	return OK;
}

void dwarf_index_free(struct dwarf_index *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->units.n; i++) {
		VEC_RELEASE(&x->units.p[i].nodes);
		VEC_RELEASE(&x->units.p[i].segments.v);
		VEC_RELEASE(&x->units.p[i].paths);
	}
	VEC_RELEASE(&x->units);
	VEC_RELEASE(&x->segments.v);
	dwarf_end(x->dwarf);
	alloc_put(x);
}
