/*
 * Address → inlined frames. Called by symbolize/ for every location, by disassembly for lines and
 * by reports for inlined instructions. What is hard: who names what. The line table gives the place
 * of the innermost frame, each inlined call gives the place of the frame around it, and the
 * outermost name is that of the object's own symbols, which alone know "f.cold" and "f.part.0".
 */
#include "object/dwarf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "core/hash.h"
#include "object/dwarf_frames.h"
#include "object/dwarf_line.h"
#include "object/dwarf_section.h"
#include "object/object_impl.h"

static bool same_text(const void *ctx, uint32_t index, const void *key)
{
	const struct object *o = ctx;

	return str_eq(o->texts.p[index], *(const struct str *)key);
}

/* A copy of s that lives as long as o; equal texts are one copy. */
static struct str intern(struct object *o, struct str s)
{
	const uint32_t fresh = (uint32_t)o->texts.n;
	uint32_t i = MAP_NONE;

	/* Room first: an index that is in the map must be one of the table's. */
	if (VEC_RESERVE(&o->texts, 1))
		i = map_intern(&o->texts_map, hash_bytes(s.p, s.n), same_text, o, &s, fresh);
	if (i == fresh)
		(void)VEC_PUSH(&o->texts, arena_str(&o->arena, s));
	if (i == MAP_NONE)
		o->arena.failed = true;
	return i < o->texts.n ? o->texts.p[i] : STR("");
}

/* dir/name, below the unit's folder when that is relative, as llvm-symbolizer has it. */
static struct str full_path(
    struct object *o, const struct dwarf_unit *u, struct str dir, struct str name)
{
	struct buf b = { 0 };
	struct str full;
	bool is_absolute = str_starts(name, STR("/"));

	if (!is_absolute && dir.n) {
		buf_printf(&b, "%.*s/", STR_ARG(dir));
		is_absolute = str_starts(dir, STR("/"));
	}
	buf_add_str(&b, name);
	if (!is_absolute && u->folder && u->folder[0]) {
		struct buf below = { 0 };

		buf_printf(&below, "%s/%.*s", u->folder, STR_ARG(buf_str(&b)));
		buf_release(&b);
		b = below;
	}
	full = intern(o, buf_str(&b));
	if (buf_failed(&b))
		o->arena.failed = true;
	buf_release(&b);
	return full;
}

/* A file of the unit by its number; "" unknown. */
static struct str file_at(
    struct object *o, const struct dwarf_unit *u, const struct dwarf_rows *rows, size_t i)
{
	struct dwarf_file *f;

	if (i >= rows->files.n)
		return STR("");
	f = &rows->files.p[i];
	if (!f->name.n)
		return STR("");
	if (!f->full.n)
		f->full = full_path(o, u, f->dir, f->name);
	return f->full;
}

/* A split unit has files of its own. */
static struct str call_file(struct object *o, const struct dwarf_unit *u, uint32_t i)
{
	return file_at(o, u, u->call_files.files.n ? &u->call_files : &u->rows, i);
}

static void set_place(
    struct object *o, struct dwarf_unit *u, struct object_frame *f, uint64_t address)
{
	const struct dwarf_row *row = dwarf_rows_find(&u->rows, address);

	f->file = row ? file_at(o, u, &u->rows, row->file) : STR("");
	f->line = row ? row->line : 0;
	f->column = row ? row->column : 0;
}

/* Frames of a unit's address into `frames`; at least one, perhaps without a name. */
static uint32_t unit_frames(
    struct object *o, struct dwarf_unit *u, uint64_t address, struct object_frame *frames)
{
	uint32_t i = dwarf_unit_node(o->dwarf, u, address);
	uint32_t n = 1;

	frames[0] = (struct object_frame){ .function = STR("") };
	set_place(o, u, &frames[0], address);
	while (i != DWARF_NO_OWNER) {
		struct dwarf_node *node = &u->nodes.p[i];
		const struct dwarf_name *name = dwarf_unit_name(o->dwarf, u, node);

		if (!name)
			o->arena.failed = true;
		frames[n - 1].function = name ? name->name : STR("");
		frames[n - 1].start_line = name ? name->start_line : 0;
		i = node->parent;
		if (i == DWARF_NO_OWNER || n == OBJECT_MAX_FRAMES)
			break;
		frames[n++] = (struct object_frame){ .function = STR(""),
			.file = call_file(o, u, node->call_file),
			.line = node->call_line,
			.column = node->call_column };
	}
	return n;
}

/* The object or its debug file, whichever has line tables; NULL when neither has. */
static struct object *dwarf_holder(struct object *o)
{
	static const char *const names[] = { ".debug_info", ".zdebug_info" };
	struct object *debug;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (object_has_section(o, names[i]))
			return o;
	debug = object_debug(o);
	for (size_t i = 0; debug && i < sizeof names / sizeof *names; i++)
		if (object_has_section(debug, names[i]))
			return debug;
	return NULL;
}

/* What libdw has not found is perhaps in a package; what nobody has is said. */
static MUST_USE enum err_code add_split_units(struct object *o, struct err *e)
{
	struct dwarf_index *x = o->dwarf;

	if (x->n_missing)
		dwarf_index_add_package(x, object_package(o));
	if (x->n_missing)
		o->dwarf_why = arena_printf(&o->arena,
		    "%.*s (of %u split units %u were found neither as .dwo nor in a .dwp file: "
		    "their inlined calls are not known)",
		    STR_ARG(o->dwarf_why), x->n_split, x->n_missing);
	else if (o->package)
		o->dwarf_why = arena_printf(
		    &o->arena, "%.*s and %.*s", STR_ARG(o->dwarf_why), STR_ARG(o->package->path));
	return arena_failed(&o->arena) ? FAIL_NOMEM(e) : OK;
}

static MUST_USE enum err_code make_index(struct object *o, struct err *e)
{
	struct object *holder = dwarf_holder(o);
	struct dwarf_sections sections;
	Dwarf *dwarf;
	Elf *elf;

	if (!holder) {
		o->dwarf_why = STR("no debug information (.debug_info) in the file, and no "
				   "separate debug file");
		return OK;
	}
	elf = object_debug_elf(holder);
	if (!holder->image)
		object_leave_out_sections(elf);
	dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	if (!dwarf) {
		o->dwarf_why =
		    arena_printf(&o->arena, "%.*s: %s", STR_ARG(holder->path), dwarf_errmsg(-1));
		return arena_failed(&o->arena) ? FAIL_NOMEM(e) : OK;
	}
	o->dwarf_why = holder->path;
	sections = dwarf_sections_of(elf, false);
	TRY(dwarf_index_new(&o->dwarf, dwarf, &sections, holder, e));
	return add_split_units(o, e);
}

enum err_code dwarf_need_index(struct object *o, struct err *e)
{
	if (!o->dwarf_tried)
		TRY(make_index(o, e));
	o->dwarf_tried = true;
	return OK;
}

/* The unit that holds an address; NULL (with the reason kept in o) when there is none. */
static MUST_USE enum err_code find_unit(
    struct object *o, uint64_t address, struct dwarf_unit **u, struct err *e)
{
	uint32_t owner;

	*u = NULL;
	TRY(dwarf_need_index(o, e));
	owner = o->dwarf ? dwarf_index_owner(o->dwarf, address) : DWARF_NO_OWNER;
	return owner == DWARF_NO_OWNER ? OK : dwarf_index_unit(o->dwarf, owner, u, e);
}

struct dwarf_state *dwarf_state_of(struct object *o)
{
	if (!o->state)
		o->state = ARENA_NEW(&o->arena, struct dwarf_state);
	return o->state;
}

uint32_t dwarf_all_frames(
    struct object *o, struct dwarf_unit *u, uint64_t address, struct dwarf_state *s)
{
	const struct object_symbol *symbol = object_find_symbol(o, address);
	struct object_frame *outer;
	uint32_t n = 1;

	if (u)
		n = unit_frames(o, u, address, s->frames);
	else
		s->frames[0] = (struct object_frame){ .function = STR(""), .file = STR("") };
	outer = &s->frames[n - 1];
	/* llvm-symbolizer, and so google/pprof, asks no symbols of a separate debug file. */
	if (symbol && (symbol->is_own || !outer->function.n)) {
		outer->function = symbol->name;
		if (!outer->file.n)
			outer->file = symbol->file;
	}
	return n == 1 && !outer->function.n && !outer->file.n ? 0 : n;
}

enum err_code object_frames(
    struct object *o, uint64_t address, const struct object_frame **out, uint32_t *n, struct err *e)
{
	struct dwarf_state *s = dwarf_state_of(o);
	const struct object_symbol *symbols;
	struct dwarf_unit *u;
	size_t n_symbols;

	*n = 0;
	if (!s)
		return FAIL_NOMEM(e);
	TRY(object_symbols(o, &symbols, &n_symbols, e));
	TRY(find_unit(o, address, &u, e));
	*out = s->frames;
	*n = dwarf_all_frames(o, u, address, s);
	return arena_failed(&o->arena) ? FAIL_NOMEM(e) : OK;
}

bool object_line(struct object *o, uint64_t address, struct str *file, int64_t *line)
{
	struct object_frame f = { 0 };
	struct dwarf_unit *u;
	struct err ignored;

	if (find_unit(o, address, &u, &ignored) == OK && u)
		set_place(o, u, &f, address);
	*file = f.file;
	*line = f.line;
	return f.line > 0;
}

bool object_has_dwarf(struct object *o, struct str *why)
{
	struct err e;

	if (dwarf_need_index(o, &e) != OK)
		o->dwarf_why = STR("out of memory");
	if (why)
		*why = o->dwarf_why;
	return o->dwarf != NULL;
}

struct Dwarf *object_dwarf(struct object *o)
{
	struct err ignored;

	if (dwarf_need_index(o, &ignored) != OK || !o->dwarf)
		return NULL;
	return object_fill_holes(o->dwarf->file) ? o->dwarf->dwarf : NULL;
}

uint64_t object_names_identity(struct object *o)
{
	struct object *holder = dwarf_holder(o);

	uint64_t id = o->identity;

	if (holder && holder != o)
		id = hash_mix(id, holder->identity);
	/* Only programs with split units have such a table. */
	if (holder && object_has_section(holder, ".debug_addr") && object_package(o))
		id = hash_mix(id, o->package->identity);
	return id;
}

bool object_lacks_split_units(const struct object *o)
{
	return o->dwarf && o->dwarf->n_missing;
}

void object_dwarf_release(struct object *o)
{
	dwarf_index_free(o->dwarf);
	o->dwarf = NULL;
	VEC_RELEASE(&o->texts);
	map_release(&o->texts_map);
}
