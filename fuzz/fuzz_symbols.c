/*
 * A profile's mapping and a binary from a stranger, through the whole path: build id, base, frames
 * of many addresses at once, code of them, variables and their types. The first bytes choose the
 * mapping, the rest is the file.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "object/disasm.h"
#include "object/find.h"
#include "object/frame_set.h"
#include "object/dwarf_section.h"
#include "object/dwarf_tree.h"
#include "object/object.h"
#include "object/object_impl.h"
#include "object/dwarf_package.h"
#include "object/types.h"

#define MAX_ADDRESSES 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the driver does for a report with code: sorted addresses of one mapping. */
static size_t choose(struct object *o, const struct object_mapping *m, uint64_t *v)
{
	struct err e;
	uint64_t base;
	size_t n = 0;

	for (uint64_t i = 0; i < MAX_ADDRESSES; i++) {
		const uint64_t step = (m->limit - m->start) / MAX_ADDRESSES + 1;
		const uint64_t at = m->start + i * step;

		if (object_base(o, m, at, &base, &e) != OK)
			continue;
		if (!n || v[n - 1] < at - base)
			v[n++] = at - base;
	}
	return n;
}

static void read_text(struct str s)
{
	volatile unsigned sum = 0;

	for (size_t i = 0; i < s.n; i++)
		sum = sum + (unsigned char)s.p[i];
}

/* One split unit: its tree, its functions' names and its files; whole, or for an address. */
static void read_unit(struct dwarf_source *s, const struct dwarf_wanted *wanted)
{
	const struct dwarf_line_sections lines = { s->in.line, s->in.line_str, s->in.str,
		s->in.swap };
	struct dwarf_abbrevs abbrevs = { 0 };
	struct dwarf_rows rows = { 0 };
	struct dwarf_tree t = { 0 };
	struct str name;
	int64_t line;

	if (dwarf_source_header(s) && dwarf_tree_read(&t, s, &abbrevs, wanted))
		for (size_t i = 0; i < t.nodes.n && i < 1000; i++)
			if (dwarf_source_name(s, &abbrevs, t.nodes.p[i].origin, &name, &line))
				read_text(name);
	(void)dwarf_rows_read(&rows, &lines, 0, 8, wanted);
	dwarf_rows_release(&rows);
	dwarf_tree_release(&t);
	dwarf_abbrevs_release(&abbrevs);
}

/* The file as a package of split units. */
static void ask_package(struct object *o)
{
	const struct dwarf_sections sections = dwarf_sections_of(o->elf, true);
	struct dwarf_package p;
	const uint64_t address = 0x1000;
	const struct dwarf_wanted all = { 0 }, one = { &address, 1 };
	uint64_t id;

	if (!dwarf_package_read(&p, &sections, dwarf_section(o->elf, ".debug_cu_index")))
		return;
	for (uint32_t i = 0; i < p.n_slots && i < 64; i++) {
		struct dwarf_source s = { 0 };

		memcpy(&id, p.hash.p + (size_t)i * sizeof id, sizeof id);
		if (dwarf_package_unit(&p, sections.swap ? __builtin_bswap64(id) : id, &s)) {
			s.in.addresses = sections.str_offsets; /* any bytes: numbers */
			s.in.ranges = sections.str_offsets;
			read_unit(&s, &all);
			read_unit(&s, &one);
		}
	}
}

/* The ways into what a variable points to, as far as four pointers go. */
static void ask_type(struct object_types *t, const struct object_variable *v)
{
	struct buf path = { 0 };
	object_type type = v->type, to;

	for (unsigned depth = 0; type && depth < 4; depth++) {
		const uint64_t size = object_types_size(t, type);
		struct object_place place = { 0 };

		for (unsigned k = 0; k < 8; k++)
			(void)object_types_descend(t, type, size / 8 * k, &path, &place);
		type = object_types_is_pointer(t, type, &to) ? to : place.to;
	}
	read_text(buf_str(&path));
	buf_release(&path);
}

static void ask_variables(struct object *o, const struct object_mapping *m)
{
	const uint64_t step = (m->limit - m->start) / MAX_ADDRESSES + 1;
	struct object_types *t;
	struct err e;

	if (object_types_new(&t, o, &e) != OK)
		return;
	for (uint64_t i = 0; i < 2 * MAX_ADDRESSES; i++) {
		const struct object_variable *v =
		    object_types_variable(t, i / 2 * step, i % 2 == 1);

		if (v) {
			read_text(v->name);
			read_text(v->file);
			ask_type(t, v);
		}
	}
	object_types_free(t);
}

static void ask(struct object *o, const struct object_mapping *m)
{
	uint64_t v[MAX_ADDRESSES];
	const size_t n = choose(o, m, v);
	struct object_instruction *code;
	struct frame_set s = { 0 };
	struct arena a = { 0 };
	struct err e;
	uint32_t n_code;

	if (object_frames_many(o, v, n, &s, &e) == OK) {
		for (size_t i = 0; i < s.functions.n; i++) {
			read_text(s.functions.p[i].name);
			read_text(s.functions.p[i].file);
		}
	}
	for (size_t i = 0; i < n; i += 64)
		if (object_disassemble(o, v[i], v[i] + 64, false, &a, &code, &n_code, &e) == OK)
			for (uint32_t k = 0; k < n_code; k++)
				read_text(code[k].text);
	ask_package(o);
	ask_variables(o, m);
	(void)object_debug_tries(o);
	frame_set_release(&s);
	arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct object_mapping m = { 0x555500000000, 0, 0, STR("") };
	struct object *o;
	struct err e;

	if (size < 4)
		return 0;
	m.offset = (uint64_t)data[0] << 12;
	m.limit = m.start + ((uint64_t)data[1] << 12 | 0x800);
	if (data[2] & 1)
		m.start = m.offset = 0;
	if (object_open_memory(&o, data + 4, size - 4, STR("fuzz"), &e) != OK)
		return 0;
	ask(o, &m);
	object_close(o);
	return 0;
}
