/*
 * Variables and types, see types.h. Called by symbolize/sym_retained.c. libdw does the reading: one
 * pass over the units finds variables and where types are defined, as a unit may know a struct by
 * its name only. Files are not trusted: nesting, lengths of chains and numbers are bounded.
 */
#include "object/types.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>

#include "base/map.h"
#include "core/hash.h"
#include "object/dwarf.h"
#include "object/object_impl.h"

#define MAX_DEPTH     64
#define MAX_VARIABLES (1u << 22)
/* Typedefs and qualifiers in a row. */
#define MAX_PEEL      64

struct variable {
	struct object_variable v;
	bool is_tls;
};

struct object_types {
	struct object *o;
	VEC(struct variable) variables; /* by kind and address */
	VEC(Dwarf_Die) types;           /* by number - 1 */
	struct map types_map;           /* by the DIE's place in memory */
	VEC(Dwarf_Die) definitions;     /* of structs, unions and classes */
	VEC(bool) bases;                /* of each whether others derive from it */
	struct map definitions_map;     /* by name */
	const void *read_to;            /* the entry of this unit that was read last */
	bool no_memory;
};

static struct str name_of(Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);

	return name ? str_c(name) : STR("");
}

static bool same_die(const void *ctx, uint32_t index, const void *key)
{
	const struct object_types *t = ctx;

	return t->types.p[index].addr == ((const Dwarf_Die *)key)->addr;
}

static object_type number_of(struct object_types *t, Dwarf_Die *die)
{
	const uint32_t fresh = (uint32_t)t->types.n;
	uint32_t i = MAP_NONE;

	/* What the map names must be in the list. */
	if (VEC_RESERVE(&t->types, 1))
		i = map_intern(
		    &t->types_map, hash_u64((uintptr_t)die->addr), same_die, t, die, fresh);
	if (i == MAP_NONE) {
		t->no_memory = true;
		return 0;
	}
	if (i == fresh)
		(void)VEC_PUSH(&t->types, *die);
	return i + 1;
}

static bool is_record(int tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type || tag == DW_TAG_class_type;
}

static bool same_definition(const void *ctx, uint32_t index, const void *key)
{
	const struct object_types *t = ctx;
	Dwarf_Die die = t->definitions.p[index];

	return str_eq(name_of(&die), *(const struct str *)key);
}

static bool is_declaration(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_declaration);
}

/* The first definition of a name is taken. */
static void note_definition(struct object_types *t, Dwarf_Die *die)
{
	const struct str name = name_of(die);
	const uint32_t fresh = (uint32_t)t->definitions.n;
	uint32_t i = MAP_NONE;

	if (!name.n || is_declaration(die))
		return;
	if (VEC_RESERVE(&t->definitions, 1) && VEC_RESERVE(&t->bases, 1))
		i = map_intern(&t->definitions_map, hash_bytes(name.p, name.n), same_definition, t,
		    &name, fresh);
	if (i == MAP_NONE)
		t->no_memory = true;
	else if (i == fresh)
		(void)(VEC_PUSH(&t->definitions, *die) && VEC_PUSH(&t->bases, false));
}

/* The number of the definition that has a type's name, or MAP_NONE. */
static uint32_t definition_of(const struct object_types *t, Dwarf_Die *die)
{
	const struct str name = name_of(die);

	return map_find(&t->definitions_map, hash_bytes(name.p, name.n), same_definition, t, &name);
}

/* The type behind names and qualifiers; of one that is only declared its definition. */
static bool peel(struct object_types *t, Dwarf_Die *die)
{
	for (unsigned i = 0; i < MAX_PEEL; i++) {
		const int tag = dwarf_tag(die);
		Dwarf_Attribute a;

		if (tag != DW_TAG_typedef && tag != DW_TAG_const_type &&
		    tag != DW_TAG_volatile_type && tag != DW_TAG_atomic_type &&
		    tag != DW_TAG_restrict_type)
			break;
		if (!dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &a), die))
			return false;
	}
	if (is_record(dwarf_tag(die)) && is_declaration(die)) {
		uint32_t i = definition_of(t, die);

		if (i != MAP_NONE)
			*die = t->definitions.p[i];
	}
	return true;
}

/* The type that an attribute refers to, peeled. */
static bool type_of(struct object_types *t, Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute a;

	return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &a), type) && peel(t, type);
}

static uint64_t bytes_of(Dwarf_Die *type)
{
	Dwarf_Word n;

	return dwarf_aggregate_size(type, &n) == 0 ? n : 0;
}

/* Where a variable lies: a fixed address, or an offset in thread-local storage. */
static bool location_of(Dwarf_Die *die, uint64_t *address, bool *is_tls)
{
	Dwarf_Attribute a, at;
	Dwarf_Op *ops;
	Dwarf_Addr value;
	size_t n;

	if (!dwarf_attr(die, DW_AT_location, &a) || dwarf_getlocation(&a, &ops, &n) || n == 0)
		return false;
	*is_tls = n == 2 && (ops[1].atom == DW_OP_GNU_push_tls_address ||
				ops[1].atom == DW_OP_form_tls_address);
	*address = ops[0].number;
	if (n != 1 && !*is_tls)
		return false;
	if (ops[0].atom == DW_OP_addrx || ops[0].atom == DW_OP_GNU_addr_index ||
	    ops[0].atom == DW_OP_constx || ops[0].atom == DW_OP_GNU_const_index) {
		if (dwarf_getlocation_attr(&a, &ops[0], &at) || dwarf_formaddr(&at, &value))
			return false;
		*address = value;
		return true;
	}
	return *is_tls ? ops[0].atom == DW_OP_const4u || ops[0].atom == DW_OP_const8u
		       : ops[0].atom == DW_OP_addr;
}

static void note_variable(struct object_types *t, Dwarf_Die *die)
{
	struct variable v = { .v.name = name_of(die) };
	const char *file;
	Dwarf_Die type;
	int line;

	if (t->variables.n >= MAX_VARIABLES || !location_of(die, &v.v.address, &v.is_tls))
		return;
	/* Types are looked at when all definitions are known. */
	file = dwarf_decl_file(die);
	v.v.file = str_c(file ? file : "");
	v.v.line = dwarf_decl_line(die, &line) == 0 ? line : 0;
	v.v.type = type_of(t, die, &type) ? number_of(t, &type) : 0;
	if (!VEC_PUSH(&t->variables, v))
		t->no_memory = true;
}

/*
 * Entries follow each other as they are met, so each is read once: one whose sibling lies among its
 * own children would have them all read twice, at every level.
 */
static bool is_ahead(struct object_types *t, const Dwarf_Die *die)
{
	if (t->read_to && (uintptr_t)die->addr <= (uintptr_t)t->read_to)
		return false;
	t->read_to = die->addr;
	return true;
}

/* A base is defined before what derives from it. */
static void note_base(struct object_types *t, Dwarf_Die *inheritance)
{
	uint32_t i = MAP_NONE;
	Dwarf_Die base;

	if (type_of(t, inheritance, &base))
		i = definition_of(t, &base);
	if (i != MAP_NONE)
		t->bases.p[i] = true;
}

/* Variables may be static ones of functions, types those of a namespace or a struct. */
static void read_children(struct object_types *t, Dwarf_Die *parent, unsigned depth)
{
	Dwarf_Die die;

	if (depth > MAX_DEPTH || dwarf_child(parent, &die) != 0)
		return;
	do {
		const int tag = dwarf_tag(&die);

		if (!is_ahead(t, &die))
			return;
		if (tag == DW_TAG_variable)
			note_variable(t, &die);
		else if (tag == DW_TAG_inheritance)
			note_base(t, &die);
		else if (is_record(tag))
			note_definition(t, &die);
		if (tag == DW_TAG_namespace || tag == DW_TAG_subprogram ||
		    tag == DW_TAG_lexical_block || is_record(tag))
			read_children(t, &die, depth + 1);
	} while (dwarf_siblingof(&die, &die) == 0);
}

static void read_units(struct object_types *t, Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die, split;

	while (dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, &split) == 0) {
		Dwarf_Die *whole = dwarf_tag(&split) == DW_TAG_invalid ? &die : &split;

		t->read_to = NULL;
		read_children(t, whole, 0);
		if (t->no_memory)
			return;
	}
}

static int by_address(const void *x, const void *y)
{
	const struct variable *a = x;
	const struct variable *b = y;

	if (a->is_tls != b->is_tls)
		return a->is_tls ? 1 : -1;
	return (a->v.address > b->v.address) - (a->v.address < b->v.address);
}

static void settle(struct object_types *t)
{
	for (size_t i = 0; i < t->variables.n; i++) {
		struct object_variable *v = &t->variables.p[i].v;
		Dwarf_Die type;

		if (!v->type)
			continue;
		type = t->types.p[v->type - 1];
		/* It may have been met before its definition. */
		if (peel(t, &type))
			v->type = number_of(t, &type);
		v->size = bytes_of(&type);
	}
	if (t->variables.n)
		qsort(t->variables.p, t->variables.n, sizeof *t->variables.p, by_address);
}

enum err_code object_types_new(struct object_types **out, struct object *o, struct err *e)
{
	struct object_types *t = alloc_get(sizeof *t);
	Dwarf *dwarf;

	*out = NULL;
	if (!t)
		return FAIL_NOMEM(e);
	*t = (struct object_types){ .o = o };
	dwarf = object_dwarf(o);
	if (dwarf)
		read_units(t, dwarf);
	settle(t);
	if (t->no_memory) {
		object_types_free(t);
		return FAIL_NOMEM(e);
	}
	*out = t;
	return OK;
}

void object_types_free(struct object_types *t)
{
	if (!t)
		return;
	VEC_RELEASE(&t->variables);
	VEC_RELEASE(&t->types);
	VEC_RELEASE(&t->definitions);
	VEC_RELEASE(&t->bases);
	map_release(&t->types_map);
	map_release(&t->definitions_map);
	alloc_put(t);
}

const struct object_variable *object_types_variable(
    const struct object_types *t, uint64_t address, bool is_tls)
{
	size_t low = 0, high = t->variables.n;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		const struct variable *v = &t->variables.p[mid];

		if (v->is_tls < is_tls || (v->is_tls == is_tls && v->v.address <= address))
			low = mid + 1;
		else
			high = mid;
	}
	/* Of several at one address those that are larger may cover it. */
	while (low > 0 && t->variables.p[low - 1].is_tls == is_tls) {
		const struct object_variable *v = &t->variables.p[--low].v;

		if (address - v->address < v->size)
			return v;
		if (v->address != t->variables.p[low ? low - 1 : 0].v.address)
			break;
	}
	return NULL;
}

/* The field of a record that an offset is in; *at is its own offset. */
static bool find_field(
    struct object_types *t, Dwarf_Die *record, uint64_t offset, Dwarf_Die *field, uint64_t *at)
{
	Dwarf_Die die, type;

	if (dwarf_child(record, &die) != 0)
		return false;
	do {
		const int tag = dwarf_tag(&die);
		Dwarf_Attribute a;
		Dwarf_Word start = 0;

		if (tag != DW_TAG_member && tag != DW_TAG_inheritance)
			continue;
		if (dwarf_attr(&die, DW_AT_data_member_location, &a) &&
		    dwarf_formudata(&a, &start) != 0)
			continue;
		/* Static members have no place in the struct. */
		if (dwarf_hasattr(&die, DW_AT_external) || !type_of(t, &die, &type))
			continue;
		/* An empty base is where the first member is. */
		if (tag == DW_TAG_inheritance && bytes_of(&type) <= 1)
			continue;
		if (offset >= start && offset - start < bytes_of(&type)) {
			*field = die;
			*at = start;
			return true;
		}
	} while (dwarf_siblingof(&die, &die) == 0);
	return false;
}

static bool point_to(struct object_types *t, Dwarf_Die *type, struct object_place *out)
{
	Dwarf_Die to;
	const int tag = dwarf_tag(type);

	if (tag != DW_TAG_pointer_type && tag != DW_TAG_reference_type &&
	    tag != DW_TAG_rvalue_reference_type)
		return false;
	out->to = type_of(t, type, &to) ? number_of(t, &to) : 0;
	return true;
}

/* Size of an array's elements in bytes; 0 when nobody knows. */
static uint64_t element_of(struct object_types *t, Dwarf_Die *array, Dwarf_Die *element)
{
	return type_of(t, array, element) ? bytes_of(element) : 0;
}

bool object_types_descend(struct object_types *t, object_type type, uint64_t offset,
    struct buf *path, struct object_place *out)
{
	Dwarf_Die die;
	uint64_t begun = 0;

	*out = (struct object_place){ 0 };
	if (!type)
		return false;
	die = t->types.p[type - 1];
	for (unsigned depth = 0; depth < MAX_DEPTH && peel(t, &die); depth++) {
		Dwarf_Die field;
		uint64_t at;

		if (dwarf_tag(&die) == DW_TAG_array_type) {
			const uint64_t size = element_of(t, &die, &field);

			if (!size)
				return false;
			offset %= size;
			begun = 0;
			BUF_LIT(path, "[*]");
			die = field;
			continue;
		}
		if (!is_record(dwarf_tag(&die)))
			return point_to(t, &die, out) || offset == 0;
		if (!find_field(t, &die, offset, &field, &at))
			return false;
		out->in = number_of(t, &die);
		out->at = begun;
		begun += at;
		offset -= at;
		/* Base classes and unnamed unions have their fields in the struct itself. */
		if (dwarf_tag(&field) == DW_TAG_member && name_of(&field).n)
			buf_printf(path, ".%.*s", STR_ARG(name_of(&field)));
		if (!type_of(t, &field, &die))
			return false;
	}
	return false;
}

uint64_t object_types_size(struct object_types *t, object_type type)
{
	Dwarf_Die die;

	if (!type)
		return 0;
	die = t->types.p[type - 1];
	return peel(t, &die) ? bytes_of(&die) : 0;
}

bool object_types_is_base(struct object_types *t, object_type type)
{
	uint32_t i = MAP_NONE;
	Dwarf_Die die;

	if (!type)
		return false;
	die = t->types.p[type - 1];
	if (peel(t, &die) && is_record(dwarf_tag(&die)))
		i = definition_of(t, &die);
	return i != MAP_NONE && t->bases.p[i];
}

bool object_types_is_pointer(struct object_types *t, object_type type, object_type *to)
{
	struct object_place place = { 0 };
	Dwarf_Die die;

	if (!type)
		return false;
	die = t->types.p[type - 1];
	if (!peel(t, &die) || !point_to(t, &die, &place))
		return false;
	*to = place.to;
	return true;
}
