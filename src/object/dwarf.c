/*
 * Address → inlined frames. Called by symbolize/ for every location, by disassembly for lines and
 * by reports for inlined instructions. What is hard: who names what. The line table gives the place
 * of the innermost frame, each inlined call gives the place of the frame around it, and the
 * outermost name is the symbol table's, which alone knows "f.cold" and "f.part.0".
 */
#include "object/dwarf.h"

#include <dwarf.h>

#include "object/dwarf_index.h"
#include "object/dwarf_line.h"
#include "object/object_impl.h"

/* The last answer; made with the index. */
struct dwarf_state {
	struct object_frame frames[OBJECT_MAX_FRAMES];
};

static int64_t number(Dwarf_Die *die, unsigned name, bool inherit)
{
	Dwarf_Attribute a;
	Dwarf_Word v;
	Dwarf_Attribute *found =
	    inherit ? dwarf_attr_integrate(die, name, &a) : dwarf_attr(die, name, &a);

	if (!found || dwarf_formudata(found, &v) || v > INT32_MAX)
		return 0;
	return (int64_t)v;
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

/* A file name as llvm-symbolizer has it: below the unit's folder when it is relative. */
static struct str full_path(struct object *o, struct dwarf_unit *u, const char *raw)
{
	struct str full;

	if (!raw || raw[0] == '/' || !u->folder || !u->folder[0])
		return raw ? str_c(raw) : STR("");
	for (size_t i = 0; i < u->paths.n; i++)
		if (u->paths.p[i].raw == raw)
			return u->paths.p[i].full;
	full = arena_printf(&o->arena, "%s/%s", u->folder, raw);
	(void)VEC_PUSH(&u->paths, (struct dwarf_path){ raw, full });
	return full;
}

static struct str call_file(struct object *o, struct dwarf_unit *u, int64_t i)
{
	if (i < 0 || (size_t)i >= u->n_files)
		return STR("");
	return full_path(o, u, dwarf_filesrc(u->files, (size_t)i, NULL, NULL));
}

static void resolve(struct object *o, struct dwarf_unit *u, struct dwarf_node *n)
{
	Dwarf_Die die;

	n->is_resolved = true;
	n->name = STR("");
	n->call_file = STR("");
	if (!dwarf_offdie(dwarf_cu_getdwarf(u->tree.cu), n->die, &die))
		return;
	n->name = die_name(&die);
	n->start_line = number(&die, DW_AT_decl_line, true);
	if (n->is_function)
		return;
	n->call_file = call_file(o, u, number(&die, DW_AT_call_file, false));
	n->call_line = number(&die, DW_AT_call_line, false);
	n->call_column = number(&die, DW_AT_call_column, false);
}

static uint64_t line_address(const struct dwarf_unit *u, size_t i)
{
	Dwarf_Addr address = 0;

	(void)dwarf_lineaddr(dwarf_onesrcline(u->lines, i), &address);
	return address;
}

/* The row of the line table that covers an address; NULL between sequences. */
static Dwarf_Line *find_line(const struct dwarf_unit *u, uint64_t address)
{
	size_t low = 0;
	size_t high = u->n_lines;
	Dwarf_Line *line;
	bool is_end = true;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (line_address(u, mid) <= address)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return NULL;
	line = dwarf_onesrcline(u->lines, low - 1);
	return !line || dwarf_lineendsequence(line, &is_end) || is_end ? NULL : line;
}

static void set_place(
    struct object *o, struct dwarf_unit *u, struct object_frame *f, Dwarf_Line *line)
{
	int v = 0;

	f->file = STR("");
	if (!line)
		return;
	f->file = full_path(o, u, dwarf_linesrc(line, NULL, NULL));
	if (dwarf_lineno(line, &v) == 0 && v > 0)
		f->line = v;
	v = 0;
	if (dwarf_linecol(line, &v) == 0 && v > 0)
		f->column = v;
}

/* Frames of a unit's address into `frames`; at least one, perhaps without a name. */
static uint32_t unit_frames(
    struct object *o, struct dwarf_unit *u, uint64_t address, struct object_frame *frames)
{
	uint32_t i = dwarf_unit_node(u, address);
	uint32_t n = 1;

	frames[0] = (struct object_frame){ .function = STR("") };
	set_place(o, u, &frames[0], find_line(u, address));
	while (i != DWARF_NO_OWNER) {
		struct dwarf_node *node = &u->nodes.p[i];

		if (!node->is_resolved)
			resolve(o, u, node);
		frames[n - 1].function = node->name;
		frames[n - 1].start_line = node->start_line;
		i = node->parent;
		if (i == DWARF_NO_OWNER || n == OBJECT_MAX_FRAMES)
			break;
		frames[n++] = (struct object_frame){ .function = STR(""),
			.file = node->call_file,
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

static MUST_USE enum err_code make_index(struct object *o, struct err *e)
{
	struct object *holder = dwarf_holder(o);
	Dwarf *dwarf;

	if (!holder) {
		o->dwarf_why = STR("no debug information (.debug_info) in the file, and no "
				   "separate debug file");
		return OK;
	}
	dwarf = dwarf_begin_elf(holder->elf, DWARF_C_READ, NULL);
	if (!dwarf) {
		o->dwarf_why =
		    arena_printf(&o->arena, "%.*s: %s", STR_ARG(holder->path), dwarf_errmsg(-1));
		return arena_failed(&o->arena) ? FAIL_NOMEM(e) : OK;
	}
	o->dwarf_why = holder->path;
	return dwarf_index_new(&o->dwarf, dwarf, e);
}

/* The unit that holds an address; NULL (with the reason kept in o) when there is none. */
static MUST_USE enum err_code find_unit(
    struct object *o, uint64_t address, struct dwarf_unit **u, struct err *e)
{
	*u = NULL;
	if (!o->dwarf_tried)
		TRY(make_index(o, e));
	o->dwarf_tried = true;
	return o->dwarf ? dwarf_index_unit(o->dwarf, address, u, e) : OK;
}

static struct dwarf_state *state_of(struct object *o)
{
	if (!o->state)
		o->state = ARENA_NEW(&o->arena, struct dwarf_state);
	return o->state;
}

enum err_code object_frames(
    struct object *o, uint64_t address, const struct object_frame **out, uint32_t *n, struct err *e)
{
	struct dwarf_state *s = state_of(o);
	const struct object_symbol *symbol;
	struct object_frame *outer;
	struct dwarf_unit *u;
	size_t n_symbols;

	*n = 0;
	if (!s)
		return FAIL_NOMEM(e);
	TRY(object_symbols(o, &symbol, &n_symbols, e));
	TRY(find_unit(o, address, &u, e));
	symbol = object_find_symbol(o, address);
	*out = s->frames;
	*n = 1;
	if (u)
		*n = unit_frames(o, u, address, s->frames);
	else
		s->frames[0] = (struct object_frame){ .function = STR(""), .file = STR("") };
	outer = &s->frames[*n - 1];
	if (symbol) {
		outer->function = symbol->name;
		if (!outer->file.n)
			outer->file = symbol->file;
	}
	if (*n == 1 && !outer->function.n && !outer->file.n)
		*n = 0;
	return arena_failed(&o->arena) ? FAIL_NOMEM(e) : OK;
}

bool object_line(struct object *o, uint64_t address, struct str *file, int64_t *line)
{
	struct object_frame f = { 0 };
	struct dwarf_unit *u;
	struct err ignored;

	if (find_unit(o, address, &u, &ignored) == OK && u)
		set_place(o, u, &f, find_line(u, address));
	*file = f.file;
	*line = f.line;
	return f.line > 0;
}

bool object_has_dwarf(struct object *o, struct str *why)
{
	struct dwarf_unit *u;
	struct err e;

	if (find_unit(o, 0, &u, &e) != OK)
		o->dwarf_why = STR("out of memory");
	if (why)
		*why = o->dwarf_why;
	return o->dwarf != NULL;
}

void object_dwarf_release(struct object *o)
{
	dwarf_index_free(o->dwarf);
	o->dwarf = NULL;
}
