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
#include "object/dwarf_section.h"
#include "object/object_impl.h"

#define MAX_UNITS (1u << 20)

/* A number of the unit's own DIE; `missing` when it has none. */
static uint64_t unit_number(Dwarf_Die *die, unsigned name, uint64_t missing)
{
	Dwarf_Attribute a;
	Dwarf_Word v;

	return dwarf_formudata(dwarf_attr(die, name, &a), &v) == 0 ? v : missing;
}

/* Where tables by index begin, as the half of the unit that is in the program says. */
static void read_bases(struct dwarf_unit *u)
{
	struct dwarf_source *s = &u->source;
	Dwarf_Addr low;

	s->low = dwarf_lowpc(&u->die, &low) == 0 ? low : 0;
	s->addresses_at = unit_number(
	    &u->die, DW_AT_addr_base, unit_number(&u->die, DW_AT_GNU_addr_base, s->addresses_at));
	if (u->is_split && s->widths.version < 5)
		s->ranges_at = unit_number(&u->die, DW_AT_GNU_ranges_base, s->ranges_at);
	if (u->is_split)
		return;
	s->ranges_at = unit_number(&u->die, DW_AT_rnglists_base, s->ranges_at);
	s->str_offsets_at = unit_number(&u->die, DW_AT_str_offsets_base, s->str_offsets_at);
}

/* Which bytes the unit's tree is made of. */
static void find_bytes(struct dwarf_index *x, struct dwarf_unit *u)
{
	struct dwarf_source *s = &u->source;

	if (u->is_packaged) {
		(void)dwarf_package_unit(x->package, u->id, s);
	} else {
		s->in = u->is_split
			    ? dwarf_sections_of(dwarf_getelf(dwarf_cu_getdwarf(u->tree.cu)), true)
			    : x->sections;
		s->at = dwarf_dieoffset(&u->tree) - dwarf_cuoffset(&u->tree);
	}
	if (u->is_split) {
		s->in.addresses = x->sections.addresses;
		s->in.ranges = x->sections.ranges;
	}
}

void dwarf_unit_prepare(struct dwarf_index *x, struct dwarf_unit *u)
{
	Dwarf_Attribute a;
	Dwarf_Die ignored;

	if (u->is_prepared)
		return;
	u->is_prepared = true;
	find_bytes(x, u);
	if (dwarf_source_header(&u->source))
		read_bases(u);
	else
		u->source.in.info = STR("");
	u->address_size = 8;
	(void)dwarf_cu_die(u->die.cu, &ignored, NULL, NULL, &u->address_size, NULL, NULL, NULL);
	u->lines_at = unit_number(&u->die, DW_AT_stmt_list, UINT64_MAX);
	u->folder = dwarf_formstring(dwarf_attr_integrate(&u->die, DW_AT_comp_dir, &a));
}

static struct dwarf_line_sections line_sections(const struct dwarf_sections *s)
{
	return (struct dwarf_line_sections){ s->line, s->line_str, s->str, s->swap };
}

/* Line programs that are damaged are as none. */
static void read_lines(
    const struct dwarf_index *x, struct dwarf_unit *u, const struct dwarf_wanted *wanted)
{
	struct dwarf_line_sections sections = line_sections(&x->sections);

	if (u->lines_at != UINT64_MAX &&
	    !dwarf_rows_read(&u->rows, &sections, u->lines_at, u->address_size, wanted))
		dwarf_rows_release(&u->rows);
	sections = line_sections(&u->source.in);
	if (u->is_split && !dwarf_rows_read(&u->call_files, &sections, 0, u->address_size, wanted))
		dwarf_rows_release(&u->call_files);
}

/* Moves storage, empty; what `to` had must be nothing. */
#define MOVE_STORAGE(to, from)                                                                     \
	do {                                                                                       \
		(to)->p = (from)->p;                                                               \
		(to)->cap = (from)->cap;                                                           \
		(to)->n = 0;                                                                       \
		(to)->failed = false;                                                              \
		(from)->p = NULL;                                                                  \
		(from)->cap = (from)->n = 0;                                                       \
		(from)->failed = false;                                                            \
	} while (0)

static void release_store(struct dwarf_store *s)
{
	VEC_RELEASE(&s->bytes);
	VEC_RELEASE(&s->nodes);
	VEC_RELEASE(&s->ranges);
	VEC_RELEASE(&s->spare.v);
	VEC_RELEASE(&s->segments);
	VEC_RELEASE(&s->rows);
}

static struct dwarf_store take_store(struct dwarf_index *x)
{
	struct dwarf_store s = { 0 };

	pthread_mutex_lock(&x->lock);
	if (x->n_stores)
		s = x->stores[--x->n_stores];
	pthread_mutex_unlock(&x->lock);
	return s;
}

static void give_store(struct dwarf_index *x, struct dwarf_store *s)
{
	bool is_kept;

	pthread_mutex_lock(&x->lock);
	is_kept = x->n_stores < DWARF_STORES;
	if (is_kept)
		x->stores[x->n_stores++] = *s;
	pthread_mutex_unlock(&x->lock);
	if (!is_kept)
		release_store(s);
}

/* Whether the tree is to be read from the file: it is that file's own, and not in memory. */
static bool is_apart(const struct dwarf_index *x, const struct dwarf_unit *u)
{
	return x->file && object_has_holes(x->file) && !u->is_split && !u->is_packaged;
}

/* Trees that cannot be read are as damaged ones; false when memory is short. */
static bool read_bytes(struct dwarf_index *x, struct dwarf_unit *u)
{
	struct dwarf_source *s = &u->source;
	const uint64_t n = s->end > s->at ? s->end - s->at : 0;

	if (!s->in.info.n || !n)
		return true;
	s->bytes = (const uint8_t *)s->in.info.p + s->at;
	if (!is_apart(x, u))
		return true;
	/* Room for larger ones too, which will come; and nothing that is there need be copied. */
	if (u->bytes.cap < n)
		VEC_RELEASE(&u->bytes);
	if (!VEC_RESERVE(&u->bytes, (size_t)(n + n / 4)))
		return false;
	u->bytes.n = (size_t)n;
	if (object_read_unit(x->file, s->at, n, u->bytes.p))
		s->bytes = u->bytes.p;
	else
		s->in.info = STR("");
	return true;
}

static bool read_tree(
    struct dwarf_unit *u, struct dwarf_abbrevs *abbrevs, const struct dwarf_wanted *wanted)
{
	struct dwarf_tree t = { 0 };
	bool ok;

	u->segments.v.n = 0;
	MOVE_STORAGE(&t.nodes, &u->nodes);
	MOVE_STORAGE(&t.ranges, &u->ranges);
	ok = dwarf_tree_read(&t, &u->source, abbrevs, wanted) &&
	     dwarf_flatten(&u->segments, t.ranges.p, t.ranges.n, &u->spare);
	u->is_partial = wanted->n > 0;
	u->nodes.p = t.nodes.p;
	u->nodes.cap = t.nodes.cap;
	u->nodes.n = ok ? t.nodes.n : 0;
	u->segments.v.n = ok ? u->segments.v.n : 0;
	MOVE_STORAGE(&u->ranges, &t.ranges);
	return ok;
}

bool dwarf_unit_load(struct dwarf_index *x, struct dwarf_unit *u, struct dwarf_abbrevs *abbrevs,
    const struct dwarf_wanted *wanted)
{
	struct dwarf_store s = take_store(x);

	MOVE_STORAGE(&u->bytes, &s.bytes);
	MOVE_STORAGE(&u->nodes, &s.nodes);
	MOVE_STORAGE(&u->ranges, &s.ranges);
	MOVE_STORAGE(&u->spare.v, &s.spare.v);
	MOVE_STORAGE(&u->segments.v, &s.segments);
	MOVE_STORAGE(&u->rows.rows, &s.rows);
	u->is_loaded = read_bytes(x, u) && read_tree(u, abbrevs, wanted);
	if (u->is_loaded)
		read_lines(x, u, wanted);
	else
		dwarf_unit_unload(x, u);
	return u->is_loaded;
}

void dwarf_unit_unload(struct dwarf_index *x, struct dwarf_unit *u)
{
	struct dwarf_store s = { 0 };

	MOVE_STORAGE(&s.bytes, &u->bytes);
	MOVE_STORAGE(&s.nodes, &u->nodes);
	MOVE_STORAGE(&s.ranges, &u->ranges);
	MOVE_STORAGE(&s.spare.v, &u->spare.v);
	MOVE_STORAGE(&s.segments, &u->segments.v);
	MOVE_STORAGE(&s.rows, &u->rows.rows);
	if (s.bytes.p || s.nodes.p || s.segments.p || s.rows.p)
		give_store(x, &s);
	VEC_RELEASE(&u->names);
	map_release(&u->names_map);
	dwarf_rows_release(&u->rows);
	dwarf_rows_release(&u->call_files);
	u->is_loaded = false;
}

uint32_t dwarf_index_owner(const struct dwarf_index *x, uint64_t address)
{
	return dwarf_segment_owner(&x->segments, address);
}

enum err_code dwarf_index_unit(
    struct dwarf_index *x, uint32_t owner, struct dwarf_unit **out, struct err *e)
{
	static const struct dwarf_wanted all = { 0 };
	struct dwarf_unit *u = &x->units.p[owner];

	dwarf_unit_prepare(x, u);
	if (!u->is_loaded && !dwarf_unit_load(x, u, &x->abbrevs, &all))
		return FAIL_NOMEM(e);
	*out = u;
	return OK;
}

uint32_t dwarf_unit_node(struct dwarf_index *x, struct dwarf_unit *u, uint64_t address)
{
	static const struct dwarf_wanted all = { 0 };
	uint32_t node = dwarf_segment_owner(&u->segments, address);

	if (node >= u->nodes.n && u->is_partial) {
		(void)read_tree(u, &x->abbrevs, &all);
		node = dwarf_segment_owner(&u->segments, address);
	}
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

static bool is_in(const uint8_t *bytes, size_t n, const char *p)
{
	const uintptr_t at = (uintptr_t)p - (uintptr_t)bytes;

	return n && at < n;
}

/* From the unit's bytes; by libdw when its DIEs refer to others' (LTO, dwz). */
static void read_name(struct dwarf_index *x, struct dwarf_unit *u, struct dwarf_name *name)
{
	const struct dwarf_source *s = &u->source;
	Dwarf_Die die;

	if (dwarf_abbrevs_read(&x->name_abbrevs, s->in.abbrev, s->abbrev_at, &s->widths) &&
	    dwarf_source_name(s, &x->name_abbrevs, name->origin, &name->name, &name->start_line)) {
		if (is_in(u->bytes.p, u->bytes.n, name->name.p))
			name->name = arena_str(&x->texts, name->name);
		return;
	}
	if (u->is_packaged || !object_fill_holes(x->file) ||
	    !dwarf_offdie(dwarf_cu_getdwarf(u->tree.cu), name->origin, &die))
		return;
	name->name = die_name(&die);
	name->start_line = first_line(&die);
}

const struct dwarf_name *dwarf_unit_name(
    struct dwarf_index *x, struct dwarf_unit *u, struct dwarf_node *node)
{
	const uint32_t fresh = (uint32_t)u->names.n;
	struct dwarf_name name = { node->origin, STR(""), 0 };

	if (node->name != DWARF_NO_OWNER)
		return &u->names.p[node->name];
	/* Room first: an index that is in the map must be one of the table's. */
	if (!VEC_RESERVE(&u->names, 1))
		return NULL;
	node->name = map_intern(
	    &u->names_map, hash_mix(node->origin, 0), same_origin, u, &node->origin, fresh);
	if (node->name == fresh) {
		read_name(x, u, &name);
		(void)VEC_PUSH(&u->names, name);
	}
	return node->name == DWARF_NO_OWNER ? NULL : &u->names.p[node->name];
}

static bool is_code_unit(uint8_t type)
{
	return type == DW_UT_compile || type == DW_UT_skeleton || type == DW_UT_split_compile ||
	       type == DW_UT_partial;
}

/* A unit's ranges as libdw knows them; false when it has none. */
static bool add_unit_ranges(struct dwarf_tree *t, Dwarf_Die *die, uint32_t owner)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	bool any = false;

	while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0 && !t->ranges.failed) {
		any = true;
		dwarf_tree_add_range(t, low, high, owner, 0);
	}
	return any;
}

static uint64_t identity(Dwarf_CU *cu)
{
	uint64_t id = 0;

	return dwarf_cu_info(cu, NULL, NULL, NULL, NULL, &id, NULL, NULL) == 0 ? id : 0;
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
		const bool has_half = type == DW_UT_skeleton;
		const bool is_split = has_half && split.addr;

		if (!is_code_unit(type) || !add_unit_ranges(t, &die, (uint32_t)x->units.n))
			continue;
		x->n_split += has_half;
		x->n_missing += has_half && !is_split;
		if (!VEC_PUSH(&x->units, (struct dwarf_unit){ .die = die,
					     .tree = is_split ? split : die,
					     .id = has_half ? identity(cu) : 0,
					     .is_split = is_split }))
			return false;
	}
	return !t->ranges.failed;
}

void dwarf_index_add_package(struct dwarf_index *x, const struct dwarf_package *package)
{
	x->package = package;
	for (size_t i = 0; package && i < x->units.n; i++) {
		struct dwarf_unit *u = &x->units.p[i];
		struct dwarf_source s = { 0 };

		if (!u->id || u->is_split || !dwarf_package_unit(package, u->id, &s))
			continue;
		u->is_split = u->is_packaged = true;
		x->n_missing--;
	}
}

enum err_code dwarf_index_new(struct dwarf_index **out, Dwarf *dwarf,
    const struct dwarf_sections *sections, struct object *file, struct err *e)
{
	struct dwarf_index *x = alloc_get(sizeof *x);
	struct dwarf_tree t = { 0 };
	struct dwarf_ranges spare = { 0 };
	bool ok;

	if (!x) {
		dwarf_end(dwarf);
		return FAIL_NOMEM(e);
	}
	*x = (struct dwarf_index){ .dwarf = dwarf, .sections = *sections, .file = file };
	pthread_mutex_init(&x->lock, NULL);
	ok = read_units(x, &t) && dwarf_flatten(&x->segments, t.ranges.p, t.ranges.n, &spare);
	dwarf_tree_release(&t);
	VEC_RELEASE(&spare.v);
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
		dwarf_unit_unload(x, &x->units.p[i]);
	for (uint32_t i = 0; i < x->n_stores; i++)
		release_store(&x->stores[i]);
	pthread_mutex_destroy(&x->lock);
	arena_release(&x->texts);
	VEC_RELEASE(&x->units);
	VEC_RELEASE(&x->segments.v);
	dwarf_abbrevs_release(&x->abbrevs);
	dwarf_abbrevs_release(&x->name_abbrevs);
	dwarf_end(x->dwarf);
	alloc_put(x);
}
