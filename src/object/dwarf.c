/*
 * Address → inlined frames. Called by symbolize/ for every location, by disassembly for lines and
 * by reports for inlined instructions. What is hard: who names what. The line table gives the place
 * of the innermost frame, each inlined call gives the place of the frame around it, and the
 * outermost name is the symbol table's, which alone knows "f.cold" and "f.part.0".
 */
#include "object/dwarf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "core/hash.h"
#include "object/dwarf_index.h"
#include "object/dwarf_line.h"
#include "object/dwarf_section.h"
#include "object/frame_set.h"
#include "object/object_impl.h"

/* The last answer; made with the index. */
struct dwarf_state {
	struct object_frame frames[OBJECT_MAX_FRAMES];
};

static bool same_text(const void *ctx, uint32_t index, const void *key)
{
	const struct object *o = ctx;

	return str_eq(o->texts.p[index], *(const struct str *)key);
}

/* A copy of s that lives as long as o; equal texts are one copy. */
static struct str intern(struct object *o, struct str s)
{
	const uint32_t fresh = (uint32_t)o->texts.n;
	const uint32_t i = map_intern(&o->texts_map, hash_bytes(s.p, s.n), same_text, o, &s, fresh);

	if (i == fresh)
		(void)VEC_PUSH(&o->texts, arena_str(&o->arena, s));
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

/* The file that a row or a call of the unit means by a number. */
static struct str file_at(struct object *o, struct dwarf_unit *u, size_t i)
{
	struct dwarf_file *f;

	if (i >= u->rows.files.n)
		return STR("");
	f = &u->rows.files.p[i];
	if (!f->name.n)
		return STR("");
	if (!f->full.n)
		f->full = full_path(o, u, f->dir, f->name);
	return f->full;
}

static struct str call_file(struct object *o, struct dwarf_unit *u, uint32_t i)
{
	const char *raw;

	if (!u->is_split)
		return file_at(o, u, i);
	raw = i < u->n_files ? dwarf_filesrc(u->files, i, NULL, NULL) : NULL;
	return raw ? full_path(o, u, STR(""), str_c(raw)) : STR("");
}

static void set_place(
    struct object *o, struct dwarf_unit *u, struct object_frame *f, uint64_t address)
{
	const struct dwarf_row *row = dwarf_rows_find(&u->rows, address);

	f->file = row ? file_at(o, u, row->file) : STR("");
	f->line = row ? row->line : 0;
	f->column = row ? row->column : 0;
}

/* Frames of a unit's address into `frames`; at least one, perhaps without a name. */
static uint32_t unit_frames(
    struct object *o, struct dwarf_unit *u, uint64_t address, struct object_frame *frames)
{
	uint32_t i = dwarf_unit_node(u, address);
	uint32_t n = 1;

	frames[0] = (struct object_frame){ .function = STR("") };
	set_place(o, u, &frames[0], address);
	while (i != DWARF_NO_OWNER) {
		struct dwarf_node *node = &u->nodes.p[i];
		const struct dwarf_name *name = dwarf_unit_name(u, node);

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

/* Decompressed: libdw has opened the file before. */
static struct str debug_section(Elf *elf, const char *name)
{
	static const char *const prefixes[] = { ".debug_", ".zdebug_" };
	char full[32];
	struct str bytes;

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		snprintf(full, sizeof full, "%s%s", prefixes[i], name);
		bytes = dwarf_section(elf, full);
		if (bytes.n)
			return bytes;
	}
	return STR("");
}

/*
 * libdw reads every debug section when it opens a file. Those that are never asked for here, a
 * third of the bytes, are declared empty in the section table's copy in memory.
 */
static void leave_out_sections(struct object *o)
{
	static const char *const names[] = { "loc", "loclists", "aranges", "frame", "macro",
		"macinfo", "pubnames", "pubtypes", "gnu_pubnames", "gnu_pubtypes" };
	Elf_Scn *section = NULL;
	size_t strings;

	if (o->image || elf_getshdrstrndx(o->elf, &strings))
		return;
	while ((section = elf_nextscn(o->elf, section))) {
		const char *name;
		GElf_Shdr h;

		if (!gelf_getshdr(section, &h) ||
		    !(name = elf_strptr(o->elf, strings, h.sh_name)) ||
		    strncmp(name, ".debug_", 7) != 0)
			continue;
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			if (strcmp(name + 7, names[i]) != 0)
				continue;
			h.sh_type = SHT_NOBITS;
			(void)gelf_update_shdr(section, &h);
		}
	}
}

static MUST_USE enum err_code make_index(struct object *o, struct err *e)
{
	struct object *holder = dwarf_holder(o);
	struct dwarf_line_sections sections = { 0 };
	Dwarf *dwarf;
	Elf *elf;

	if (!holder) {
		o->dwarf_why = STR("no debug information (.debug_info) in the file, and no "
				   "separate debug file");
		return OK;
	}
	leave_out_sections(holder);
	elf = object_plain_elf(holder);
	dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	if (!dwarf) {
		o->dwarf_why =
		    arena_printf(&o->arena, "%.*s: %s", STR_ARG(holder->path), dwarf_errmsg(-1));
		return arena_failed(&o->arena) ? FAIL_NOMEM(e) : OK;
	}
	o->dwarf_why = holder->path;
	sections.line = debug_section(elf, "line");
	sections.line_str = debug_section(elf, "line_str");
	sections.str = debug_section(elf, "str");
	sections.swap = holder->header.e_ident[EI_DATA] != OBJECT_OUR_BYTE_ORDER;
	return dwarf_index_new(&o->dwarf, dwarf, &sections, e);
}

static MUST_USE enum err_code need_index(struct object *o, struct err *e)
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
	TRY(need_index(o, e));
	owner = o->dwarf ? dwarf_index_owner(o->dwarf, address) : DWARF_NO_OWNER;
	return owner == DWARF_NO_OWNER ? OK : dwarf_index_unit(o->dwarf, owner, u, e);
}

static struct dwarf_state *state_of(struct object *o)
{
	if (!o->state)
		o->state = ARENA_NEW(&o->arena, struct dwarf_state);
	return o->state;
}

/*
 * All frames of an address into s: those of its unit (NULL: none), with the symbol's name for the
 * outermost one. Returns how many.
 */
static uint32_t all_frames(
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
	if (symbol) {
		outer->function = symbol->name;
		if (!outer->file.n)
			outer->file = symbol->file;
	}
	return n == 1 && !outer->function.n && !outer->file.n ? 0 : n;
}

enum err_code object_frames(
    struct object *o, uint64_t address, const struct object_frame **out, uint32_t *n, struct err *e)
{
	struct dwarf_state *s = state_of(o);
	const struct object_symbol *symbols;
	struct dwarf_unit *u;
	size_t n_symbols;

	*n = 0;
	if (!s)
		return FAIL_NOMEM(e);
	TRY(object_symbols(o, &symbols, &n_symbols, e));
	TRY(find_unit(o, address, &u, e));
	*out = s->frames;
	*n = all_frames(o, u, address, s);
	return arena_failed(&o->arena) ? FAIL_NOMEM(e) : OK;
}

/* An address and the place of its unit. */
struct wanted {
	uint64_t address;
	uint32_t owner;
};

static int by_owner(const void *x, const void *y)
{
	const struct wanted *a = x;
	const struct wanted *b = y;

	if (a->owner != b->owner)
		return a->owner < b->owner ? -1 : 1;
	return (a->address > b->address) - (a->address < b->address);
}

static MUST_USE enum err_code answer_unit(
    struct object *o, const struct wanted *v, size_t n, struct frame_set *out, struct err *e)
{
	struct dwarf_state *s = state_of(o);
	struct dwarf_unit *u = NULL;

	if (v->owner != DWARF_NO_OWNER)
		TRY(dwarf_index_unit(o->dwarf, v->owner, &u, e));
	for (size_t i = 0; s && i < n; i++) {
		const uint32_t n_frames = all_frames(o, u, v[i].address, s);

		if (!frame_set_add(out, v[i].address, s->frames, n_frames))
			o->arena.failed = true;
	}
	if (u)
		dwarf_unit_unload(u);
	return !s || arena_failed(&o->arena) ? FAIL_NOMEM(e) : OK;
}

static MUST_USE enum err_code answer_all(
    struct object *o, struct wanted *v, size_t n, struct frame_set *out, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		v[i].owner = o->dwarf ? dwarf_index_owner(o->dwarf, v[i].address) : DWARF_NO_OWNER;
	qsort(v, n, sizeof *v, by_owner);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && v[end].owner == v[i].owner; end++)
			;
		TRY(answer_unit(o, v + i, end - i, out, e));
	}
	frame_set_sort(out);
	return OK;
}

enum err_code object_frames_many(
    struct object *o, const uint64_t *addresses, size_t n, struct frame_set *out, struct err *e)
{
	const struct object_symbol *symbols;
	struct arena a = { 0 };
	struct wanted *v = ARENA_ARRAY(&a, struct wanted, n + 1);
	size_t n_symbols;
	enum err_code rc = OK;

	for (size_t i = 0; v && i < n; i++)
		v[i].address = addresses[i];
	if (!v)
		err_set(e, ERR_NOMEM, 0, "out of memory");
	rc = v ? object_symbols(o, &symbols, &n_symbols, e) : ERR_NOMEM;
	if (rc == OK)
		rc = need_index(o, e);
	if (rc == OK && n)
		rc = answer_all(o, v, n, out, e);
	arena_release(&a);
	return rc;
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

	if (need_index(o, &e) != OK)
		o->dwarf_why = STR("out of memory");
	if (why)
		*why = o->dwarf_why;
	return o->dwarf != NULL;
}

struct Dwarf *object_dwarf(struct object *o)
{
	struct err ignored;

	return need_index(o, &ignored) == OK && o->dwarf ? o->dwarf->dwarf : NULL;
}

uint64_t object_names_identity(struct object *o)
{
	struct object *holder = dwarf_holder(o);

	return holder && holder != o ? hash_mix(o->identity, holder->identity) : o->identity;
}

void object_dwarf_release(struct object *o)
{
	dwarf_index_free(o->dwarf);
	o->dwarf = NULL;
	VEC_RELEASE(&o->texts);
	map_release(&o->texts_map);
}
