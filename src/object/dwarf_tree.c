/*
 * One pass over the tree of a unit, see dwarf_tree.h. What is hard: a large C++ program has a
 * million DIEs of which few hold code. libdw takes 300 ns for each; here most cost one addition, as
 * the abbreviation knows their size. The file is not trusted: every step makes progress, depth is
 * bounded.
 */
#include "object/dwarf_tree.h"

#include <dwarf.h>

/* Deepest nesting of DIEs that is told apart. */
#define MAX_DEPTH 256
/* Nodes, and ranges, of one unit. */
#define MAX_NODES (1u << 22)

struct walk {
	struct dwarf_tree *t;
	const struct dwarf_source *s;
	const struct dwarf_abbrevs *abbrevs;
	const struct dwarf_wanted *wanted;
	struct dwarf_bytes b;
	size_t kept;     /* depth below which types are not skipped; 0 none */
	uint64_t behind; /* where the DIE's children end, by its own account; 0 unknown */
	uint32_t owner[MAX_DEPTH];
	size_t depth;
};

/* What a DIE with code says of itself. */
struct code_die {
	uint64_t low, high, ranges, origin;
	uint32_t call_file, call_line, call_column;
	uint16_t ranges_form;
	bool has_low, has_high, high_is_size, has_ranges, has_origin, is_declaration;
};

void dwarf_tree_release(struct dwarf_tree *t)
{
	VEC_RELEASE(&t->nodes);
	VEC_RELEASE(&t->ranges);
}

/* Address 0 is what linkers leave of dropped functions. */
void dwarf_tree_add_range(
    struct dwarf_tree *t, uint64_t low, uint64_t high, uint32_t owner, uint32_t depth)
{
	if (low && low < high && t->ranges.n < MAX_NODES)
		(void)VEC_PUSH(&t->ranges, (struct dwarf_range){ low, high, owner, depth });
}

static uint64_t read_form(struct walk *w, const struct dwarf_attr_form *a)
{
	return dwarf_read_form(&w->b, a, &w->s->widths);
}

/* An address, also one by index. */
static uint64_t read_address(struct walk *w, const struct dwarf_attr_form *a)
{
	const uint64_t v = read_form(w, a);

	return dwarf_is_address_index(a->form) ? dwarf_source_address(w->s, v) : v;
}

/* The place of another DIE of this file; 0 when it is in another one. */
static uint64_t read_reference(struct walk *w, const struct dwarf_attr_form *a)
{
	const uint64_t v = read_form(w, a);

	switch (a->form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		return w->s->at + v;
	case DW_FORM_ref_addr:
		return v;
	default:
		return 0;
	}
}

static uint32_t number(struct walk *w, const struct dwarf_attr_form *a)
{
	const uint64_t v = read_form(w, a);

	return v > INT32_MAX ? 0 : (uint32_t)v;
}

static void take_attribute(struct walk *w, struct code_die *c, const struct dwarf_attr_form *a)
{
	switch (a->name) {
	case DW_AT_low_pc:
		c->has_low = true;
		c->low = read_address(w, a);
		return;
	case DW_AT_high_pc:
		c->has_high = true;
		c->high_is_size = a->form != DW_FORM_addr && !dwarf_is_address_index(a->form);
		c->high = read_address(w, a);
		return;
	case DW_AT_ranges:
		c->has_ranges = true;
		c->ranges_form = a->form;
		c->ranges = read_form(w, a);
		return;
	case DW_AT_abstract_origin: /* in another file: found from the DIE itself */
		c->origin = read_reference(w, a);
		c->has_origin = c->origin != 0;
		return;
	case DW_AT_declaration:
		c->is_declaration = true;
		dwarf_skip_form(&w->b, a->form, &w->s->widths);
		return;
	case DW_AT_sibling:
		w->behind = read_reference(w, a);
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
		dwarf_skip_form(&w->b, a->form, &w->s->widths);
		return;
	}
}

/* Where ranges of a list go. */
struct listed {
	struct dwarf_tree *t;
	uint32_t node, depth;
};

static void add_listed(void *ctx, uint64_t low, uint64_t high)
{
	const struct listed *l = ctx;

	dwarf_tree_add_range(l->t, low, high, l->node, l->depth);
}

static void add_code_ranges(struct walk *w, const struct code_die *c, uint32_t node, uint32_t depth)
{
	struct listed l = { w->t, node, depth };

	if (c->has_ranges)
		dwarf_source_ranges(
		    w->s, c->ranges_form, c->ranges, MAX_NODES - w->t->ranges.n, add_listed, &l);
	else
		dwarf_tree_add_range(
		    w->t, c->low, c->high_is_size ? c->low + c->high : c->high, node, depth);
}

static bool is_hit(const struct dwarf_wanted *w, const struct dwarf_range *r)
{
	const size_t i = dwarf_wanted_from(w, r->low);

	return i < w->n && w->v[i] < r->high;
}

/* Whether a function or call, whose ranges are those from `first` on, need not be looked into. */
static bool is_unwanted(const struct walk *w, size_t first)
{
	const struct dwarf_tree *t = w->t;

	for (size_t i = first; i < t->ranges.n; i++)
		if (is_hit(w->wanted, &t->ranges.p[i]))
			return false;
	return w->wanted->n > 0;
}

/*
 * A function without code of its own, as all of it was inlined, may have local classes (lambdas)
 * whose members have code: it is looked into, types and all.
 */
static void keep_local_classes(struct walk *w, const struct code_die *c, bool is_function)
{
	if (is_function && !c->is_declaration && !w->kept)
		w->kept = w->depth + 1;
	if (w->kept)
		w->behind = 0;
}

/* A function or an inlined call: a node when it has code. Returns the owner of what is inside. */
static uint32_t read_code(struct walk *w, const struct dwarf_abbrev *a, uint64_t at, uint32_t outer)
{
	const bool is_function = a->tag == DW_TAG_subprogram;
	const uint32_t node = (uint32_t)w->t->nodes.n;
	const size_t first_range = w->t->ranges.n;
	struct code_die c = { 0 };
	struct dwarf_node n;

	for (uint32_t i = 0; i < a->n_steps; i++) {
		const struct dwarf_step *step = &w->abbrevs->steps.p[a->first_step + i];

		dwarf_skip(&w->b, step->skip);
		if (step->attr.form)
			take_attribute(w, &c, &step->attr);
	}
	if (!is_function && outer == DWARF_NO_OWNER)
		return DWARF_NO_OWNER;
	/* An abstract instance: nothing in it has an address, but local classes may. */
	if (!c.has_ranges && !(c.has_low && c.has_high)) {
		w->behind = is_function ? w->behind : 0;
		keep_local_classes(w, &c, is_function);
		return is_function ? DWARF_NO_OWNER : outer;
	}
	n = (struct dwarf_node){ .origin = is_function || !c.has_origin ? at : c.origin,
		.parent = is_function ? DWARF_NO_OWNER : outer,
		.name = DWARF_NO_OWNER,
		.call_file = c.call_file,
		.call_line = c.call_line,
		.call_column = c.call_column,
		.is_function = is_function };
	if (node >= MAX_NODES || !VEC_PUSH(&w->t->nodes, n))
		return outer;
	add_code_ranges(w, &c, node, is_function ? 0 : (uint32_t)w->depth + 1);
	if (!is_unwanted(w, first_range)) {
		w->behind = 0;
		return node;
	}
	/* Calls inside have their code in it, so none of them is wanted either. */
	w->t->ranges.n = first_range;
	w->t->nodes.n = node;
	return DWARF_NO_OWNER;
}

static void skip_attributes(struct walk *w, const struct dwarf_abbrev *a)
{
	if (a->size != DWARF_VARIABLE_SIZE && !a->is_skippable) {
		dwarf_skip(&w->b, a->size);
		return;
	}
	for (uint32_t i = 0; i < a->n_steps; i++) {
		const struct dwarf_step *step = &w->abbrevs->steps.p[a->first_step + i];

		dwarf_skip(&w->b, step->skip);
		if (step->attr.form == DW_FORM_exprloc)
			dwarf_skip(&w->b, dwarf_uleb(&w->b));
		else if (step->attr.name == DW_AT_sibling)
			w->behind = read_reference(w, &step->attr);
		else if (step->attr.form)
			dwarf_skip_form(&w->b, step->attr.form, &w->s->widths);
	}
}

static uint32_t *owner_at(struct walk *w, size_t depth)
{
	return &w->owner[depth < MAX_DEPTH ? depth : MAX_DEPTH - 1];
}

/* read_code has said of a function whether it is. */
static bool is_skipped(const struct walk *w, const struct dwarf_abbrev *a)
{
	return a->is_skippable && (!w->kept || a->tag == DW_TAG_subprogram);
}

/* Goes behind the children of a DIE, if it says where that is: forward, and in the unit. */
static bool skip_children(struct walk *w)
{
	if (!w->wanted->n || w->behind <= dwarf_source_place(w->s, w->b.p) ||
	    w->behind >= w->s->end)
		return false;
	w->b.p = w->s->bytes + (w->behind - w->s->at);
	return true;
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
	w->behind = 0;
	if (w->depth < w->kept)
		w->kept = 0;
	if (a->tag == DW_TAG_subprogram || a->tag == DW_TAG_inlined_subroutine)
		owner = read_code(w, a, dwarf_source_place(w->s, at), owner);
	else
		skip_attributes(w, a);
	if (!a->has_children || (is_skipped(w, a) && skip_children(w)))
		return w->depth > 0;
	*owner_at(w, ++w->depth) = owner;
	return true;
}

/*
 * Crosses plain DIEs that follow each other, as long as their codes have at most two bytes; step
 * reads all others. Most of a tree is such runs: parameters, members, imported names.
 */
static void skip_plain(struct walk *w)
{
	const struct dwarf_abbrev *v = w->abbrevs->v.p;
	const size_t n = w->abbrevs->v.n;
	const uint8_t *p = w->b.p;

	while (w->b.end - p > 2) {
		const size_t length = p[0] < 0x80 ? 1 : 2;
		const size_t code = p[0] < 0x80 ? p[0] : (p[0] & 0x7fu) | (size_t)p[1] << 7;
		const struct dwarf_abbrev *a;

		if (code == 0 || code > n)
			break;
		a = &v[code - 1];
		if (a->code != code || !a->is_plain || a->size > (size_t)(w->b.end - p) - length)
			break;
		p += length + a->size;
	}
	w->b.p = p;
}

bool dwarf_tree_read(struct dwarf_tree *t, const struct dwarf_source *s,
    struct dwarf_abbrevs *abbrevs, const struct dwarf_wanted *wanted)
{
	struct walk w = { .t = t,
		.s = s,
		.abbrevs = abbrevs,
		.wanted = wanted,
		.b = dwarf_source_cursor(s, s->die_at),
		.owner = { DWARF_NO_OWNER } };

	if (dwarf_abbrevs_read(abbrevs, s->in.abbrev, s->abbrev_at, &s->widths))
		while (!w.b.failed && !t->nodes.failed && step(&w))
			skip_plain(&w);
	return !t->nodes.failed && !t->ranges.failed && !abbrevs->v.failed &&
	       !abbrevs->attrs.failed && !abbrevs->steps.failed;
}
