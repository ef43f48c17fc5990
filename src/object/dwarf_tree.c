/*
 * One pass over the tree of a unit, see dwarf_tree.h. What is hard: a large C++ program has a
 * million DIEs of which few hold code. libdw takes 300 ns for each; here most cost one addition, as
 * the abbreviation knows their size. libdw is asked for what is rare or involved: lists of ranges
 * and addresses by index. The file is not trusted: every step makes progress, depth is bounded.
 */
#include "object/dwarf_tree.h"

#include <dwarf.h>

/* Deepest nesting of DIEs that is told apart. */
#define MAX_DEPTH 256
/* Nodes, and ranges, of one unit. */
#define MAX_NODES (1u << 22)

struct walk {
	struct dwarf_tree *t;
	const struct dwarf_abbrevs *abbrevs;
	struct dwarf_bytes b;
	const uint8_t *unit_die;
	Dwarf_Die *die;    /* of the unit */
	Dwarf_Off die_at;  /* its offset */
	Dwarf_Off unit_at; /* offset of the unit's header */
	uint32_t owner[MAX_DEPTH];
	size_t depth;
};

/* What a DIE with code says of itself. */
struct code_die {
	uint64_t low, high, origin;
	uint32_t call_file, call_line, call_column;
	bool has_low, has_high, high_is_size, by_libdw, has_origin;
};

void dwarf_tree_release(struct dwarf_tree *t)
{
	VEC_RELEASE(&t->nodes);
	VEC_RELEASE(&t->ranges);
}

/* Address 0 is what linkers leave of dropped functions. */
static void add_range(
    struct dwarf_tree *t, uint64_t low, uint64_t high, uint32_t owner, uint32_t depth)
{
	if (low && low < high && t->ranges.n < MAX_NODES)
		(void)VEC_PUSH(&t->ranges, (struct dwarf_range){ low, high, owner, depth });
}

bool dwarf_tree_add_ranges(struct dwarf_tree *t, Dwarf_Die *die, uint32_t owner, uint32_t depth)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	bool any = false;

	while (t->ranges.n < MAX_NODES && (at = dwarf_ranges(die, at, &base, &low, &high)) > 0) {
		any = true;
		add_range(t, low, high, owner, depth);
	}
	return any;
}

static void take_origin(struct walk *w, struct code_die *c, const struct dwarf_attr_form *a)
{
	const uint64_t v = dwarf_read_form(&w->b, a, &w->abbrevs->widths);

	switch (a->form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		c->origin = w->unit_at + v;
		c->has_origin = true;
		break;
	case DW_FORM_ref_addr:
		c->origin = v;
		c->has_origin = true;
		break;
	default: /* in another file: libdw follows it from the DIE */
		break;
	}
}

static uint32_t number(struct walk *w, const struct dwarf_attr_form *a)
{
	const uint64_t v = dwarf_read_form(&w->b, a, &w->abbrevs->widths);

	return v > INT32_MAX ? 0 : (uint32_t)v;
}

static inline void skip(struct walk *w, const struct dwarf_attr_form *a)
{
	if (a->size >= 0)
		dwarf_skip(&w->b, (uint64_t)a->size);
	else
		dwarf_skip_form(&w->b, a->form, &w->abbrevs->widths);
}

static void take_attribute(struct walk *w, struct code_die *c, const struct dwarf_attr_form *a)
{
	const struct dwarf_widths *widths = &w->abbrevs->widths;

	switch (a->name) {
	case DW_AT_low_pc:
		c->by_libdw |= a->form != DW_FORM_addr;
		c->has_low = true;
		c->low = dwarf_read_form(&w->b, a, widths);
		return;
	case DW_AT_high_pc:
		c->by_libdw |= a->form == DW_FORM_addrx || a->form == DW_FORM_GNU_addr_index ||
			       (a->form >= DW_FORM_addrx1 && a->form <= DW_FORM_addrx4);
		c->has_high = true;
		c->high_is_size = a->form != DW_FORM_addr;
		c->high = dwarf_read_form(&w->b, a, widths);
		return;
	case DW_AT_ranges:
		c->by_libdw = true;
		break;
	case DW_AT_abstract_origin:
		take_origin(w, c, a);
		return;
	case DW_AT_call_file:
		c->call_file = number(w, a);
		return;
	case DW_AT_call_line:
		c->call_line = number(w, a);
		return;
	case DW_AT_call_column:
		c->call_column = number(w, a);
		return;
	default:
		break;
	}
	skip(w, a);
}

static void add_code_ranges(
    struct walk *w, const struct code_die *c, const uint8_t *at, uint32_t node, uint32_t depth)
{
	if (c->by_libdw) {
		Dwarf_Die die = { .cu = w->die->cu,
			.addr = (char *)w->die->addr + (at - w->unit_die) };

		(void)dwarf_tree_add_ranges(w->t, &die, node, depth);
	} else {
		add_range(w->t, c->low, c->high_is_size ? c->low + c->high : c->high, node, depth);
	}
}

/* A function or an inlined call: a node when it has code. Returns the owner of what is inside. */
static uint32_t read_code(
    struct walk *w, const struct dwarf_abbrev *a, const uint8_t *at, uint32_t outer)
{
	const bool is_function = a->tag == DW_TAG_subprogram;
	const uint32_t node = (uint32_t)w->t->nodes.n;
	struct code_die c = { 0 };
	struct dwarf_node n;

	for (uint32_t i = 0; i < a->n_attrs; i++)
		take_attribute(w, &c, &w->abbrevs->attrs.p[a->first_attr + i]);
	if (!is_function && outer == DWARF_NO_OWNER)
		return DWARF_NO_OWNER;
	/* An abstract instance: nothing in it has an address, but local classes may. */
	if (!c.by_libdw && !(c.has_low && c.has_high))
		return is_function ? DWARF_NO_OWNER : outer;
	n = (struct dwarf_node){ .die = w->die_at + (Dwarf_Off)(at - w->unit_die),
		.parent = is_function ? DWARF_NO_OWNER : outer,
		.name = DWARF_NO_OWNER,
		.call_file = c.call_file,
		.call_line = c.call_line,
		.call_column = c.call_column,
		.is_function = is_function };
	n.origin = is_function || !c.has_origin ? n.die : c.origin;
	if (node >= MAX_NODES || !VEC_PUSH(&w->t->nodes, n))
		return outer;
	add_code_ranges(w, &c, at, node, is_function ? 0 : (uint32_t)w->depth + 1);
	return node;
}

static void skip_attributes(struct walk *w, const struct dwarf_abbrev *a)
{
	if (a->size != DWARF_VARIABLE_SIZE) {
		dwarf_skip(&w->b, a->size);
		return;
	}
	for (uint32_t i = 0; i < a->n_attrs; i++)
		skip(w, &w->abbrevs->attrs.p[a->first_attr + i]);
}

static uint32_t *owner_at(struct walk *w, size_t depth)
{
	return &w->owner[depth < MAX_DEPTH ? depth : MAX_DEPTH - 1];
}

/* One DIE, or the end of a list of children; false at the end of the tree. */
static bool step(struct walk *w)
{
	const uint8_t *at = w->b.p;
	const uint64_t code = dwarf_uleb(&w->b);
	const struct dwarf_abbrev *a;
	uint32_t owner;

	if (!code)
		return w->depth && --w->depth;
	a = dwarf_abbrev_find(w->abbrevs, code);
	if (!a)
		return false;
	owner = *owner_at(w, w->depth);
	if (a->tag == DW_TAG_subprogram || a->tag == DW_TAG_inlined_subroutine)
		owner = read_code(w, a, at, owner);
	else
		skip_attributes(w, a);
	if (!a->has_children)
		return w->depth > 0;
	*owner_at(w, ++w->depth) = owner;
	return true;
}

/* Where the bytes of the unit end; NULL when libdw cannot say. */
static const uint8_t *find_end(struct walk *w)
{
	Dwarf_Off next;
	size_t header;

	if (dwarf_next_unit(dwarf_cu_getdwarf(w->die->cu), w->unit_at, &next, &header, NULL, NULL,
		NULL, NULL, NULL, NULL) != 0 ||
	    next <= w->die_at)
		return NULL;
	return w->unit_die + (next - w->die_at);
}

bool dwarf_tree_read(
    struct dwarf_tree *t, Dwarf_Die *unit, struct dwarf_abbrevs *abbrevs, bool swap)
{
	struct walk w = { .t = t, .abbrevs = abbrevs, .die = unit, .unit_die = unit->addr };
	struct dwarf_widths widths = { 0 };
	Dwarf_Off offset = 0;
	Dwarf_Die ignored;

	if (!dwarf_cu_die(unit->cu, &ignored, &widths.version, &offset, &widths.address,
		&widths.offset, NULL, NULL))
		return true;
	if (!dwarf_abbrevs_read(abbrevs, dwarf_cu_getdwarf(unit->cu), offset, &widths))
		return !abbrevs->v.failed && !abbrevs->attrs.failed;
	w.die_at = dwarf_dieoffset(unit);
	w.unit_at = w.die_at - dwarf_cuoffset(unit);
	w.b = (struct dwarf_bytes){ w.unit_die, find_end(&w), false, swap };
	w.owner[0] = DWARF_NO_OWNER;
	while (w.b.end && !w.b.failed && !t->nodes.failed && step(&w))
		;
	return !t->nodes.failed && !t->ranges.failed && !abbrevs->v.failed &&
	       !abbrevs->attrs.failed;
}
