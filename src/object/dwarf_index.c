/*
 * Units and what is known of one that is hit, see dwarf_index.h. Called by dwarf.c. What is hard:
 * speed, as a large C++ program has a million DIEs (so only units that are hit are read, by
 * dwarf_tree.c and dwarf_rows.c, and names are left for later), and hostile files (so counts are
 * bounded here).
 */
#include "object/dwarf_index.h"

#include <dwarf.h>

#include "base/arena.h"
#include "core/hash.h"

#define MAX_UNITS (1u << 20)

static void read_lines(struct dwarf_index *x, struct dwarf_unit *u)
{
	Dwarf_Attribute a;
	Dwarf_Word offset;
	uint8_t address_size = 8;
	Dwarf_Die ignored;

	(void)dwarf_cu_die(u->die.cu, &ignored, NULL, NULL, &address_size, NULL, NULL, NULL);
	if (dwarf_formudata(dwarf_attr(&u->die, DW_AT_stmt_list, &a), &offset) == 0 &&
	    !dwarf_rows_read(&u->rows, &x->sections, offset, address_size))
		dwarf_rows_release(&u->rows);
	if (u->is_split && dwarf_getsrcfiles(&u->tree, &u->files, &u->n_files) != 0)
		u->n_files = 0;
	u->folder = dwarf_formstring(dwarf_attr_integrate(&u->die, DW_AT_comp_dir, &a));
}

static bool load(struct dwarf_index *x, struct dwarf_unit *u)
{
	struct dwarf_tree t = { 0 };
	bool ok = dwarf_tree_read(&t, &u->tree, &x->abbrevs, x->sections.swap) &&
		  dwarf_flatten(&u->segments, t.ranges.p, t.ranges.n);

	u->is_loaded = true;
	u->nodes.p = t.nodes.p;
	u->nodes.n = t.nodes.n;
	u->nodes.cap = t.nodes.cap;
	VEC_RELEASE(&t.ranges);
	if (!ok)
		dwarf_unit_unload(u);
	else
		read_lines(x, u);
	return ok;
}

void dwarf_unit_unload(struct dwarf_unit *u)
{
	VEC_RELEASE(&u->nodes);
	VEC_RELEASE(&u->names);
	map_release(&u->names_map);
	VEC_RELEASE(&u->segments.v);
	dwarf_rows_release(&u->rows);
	u->is_loaded = false;
}

uint32_t dwarf_index_owner(const struct dwarf_index *x, uint64_t address)
{
	return dwarf_segment_owner(&x->segments, address);
}

enum err_code dwarf_index_unit(
    struct dwarf_index *x, uint32_t owner, struct dwarf_unit **out, struct err *e)
{
	if (!x->units.p[owner].is_loaded && !load(x, &x->units.p[owner]))
		return FAIL_NOMEM(e);
	*out = &x->units.p[owner];
	return OK;
}

uint32_t dwarf_unit_node(const struct dwarf_unit *u, uint64_t address)
{
	uint32_t node = dwarf_segment_owner(&u->segments, address);

	return node < u->nodes.n ? node : DWARF_NO_OWNER;
}

static struct str die_name(Dwarf_Die *die)
{
	static const unsigned names[] = { DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		Dwarf_Attribute a;
		const char *s = dwarf_formstring(dwarf_attr_integrate(die, names[i], &a));

		if (s && *s)
			return str_c(s);
	}
	return STR("");
}

static int64_t first_line(Dwarf_Die *die)
{
	Dwarf_Attribute a;
	Dwarf_Word v;
	Dwarf_Attribute *found = dwarf_attr_integrate(die, DW_AT_decl_line, &a);

	return !found || dwarf_formudata(found, &v) || v > INT32_MAX ? 0 : (int64_t)v;
}

static bool same_origin(const void *ctx, uint32_t index, const void *key)
{
	const struct dwarf_unit *u = ctx;

	return u->names.p[index].origin == *(const Dwarf_Off *)key;
}

const struct dwarf_name *dwarf_unit_name(struct dwarf_unit *u, struct dwarf_node *node)
{
	const uint32_t fresh = (uint32_t)u->names.n;
	struct dwarf_name name = { node->origin, STR(""), 0 };
	Dwarf_Die die;

	if (node->name != DWARF_NO_OWNER)
		return &u->names.p[node->name];
	node->name = map_intern(
	    &u->names_map, hash_mix(node->origin, 0), same_origin, u, &node->origin, fresh);
	if (node->name == fresh) {
		if (dwarf_offdie(dwarf_cu_getdwarf(u->tree.cu), node->origin, &die)) {
			name.name = die_name(&die);
			name.start_line = first_line(&die);
		}
		if (!VEC_PUSH(&u->names, name))
			node->name = DWARF_NO_OWNER;
	}
	return node->name == DWARF_NO_OWNER ? NULL : &u->names.p[node->name];
}

static bool is_code_unit(uint8_t type)
{
	return type == DW_UT_compile || type == DW_UT_skeleton || type == DW_UT_split_compile ||
	       type == DW_UT_partial;
}

/* All units' ranges, with the unit's place as owner. */
static bool read_units(struct dwarf_index *x, struct dwarf_tree *t)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die, split;
	Dwarf_Half version;
	uint8_t type;

	while (x->units.n < MAX_UNITS &&
	       dwarf_get_units(x->dwarf, cu, &cu, &version, &type, &die, &split) == 0) {
		uint32_t owner = (uint32_t)x->units.n;
		bool is_split = type == DW_UT_skeleton && split.addr;

		if (!is_code_unit(type) || !dwarf_tree_add_ranges(t, &die, owner, 0))
			continue;
		if (!VEC_PUSH(&x->units,
			(struct dwarf_unit){
			    .die = die, .tree = is_split ? split : die, .is_split = is_split }))
			return false;
	}
	return !t->ranges.failed;
}

enum err_code dwarf_index_new(struct dwarf_index **out, Dwarf *dwarf,
    const struct dwarf_line_sections *sections, struct err *e)
{
	struct dwarf_index *x = alloc_get(sizeof *x);
	struct dwarf_tree t = { 0 };
	bool ok;

	if (!x) {
		dwarf_end(dwarf);
		return FAIL_NOMEM(e);
	}
	*x = (struct dwarf_index){ .dwarf = dwarf, .sections = *sections };
	ok = read_units(x, &t) && dwarf_flatten(&x->segments, t.ranges.p, t.ranges.n);
	dwarf_tree_release(&t);
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
	for (size_t i = 0; i < x->units.n; i++)
		dwarf_unit_unload(&x->units.p[i]);
	VEC_RELEASE(&x->units);
	VEC_RELEASE(&x->segments.v);
	dwarf_abbrevs_release(&x->abbrevs);
	dwarf_end(x->dwarf);
	alloc_put(x);
}
