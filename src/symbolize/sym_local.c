/*
 * Names from the binaries on this machine. What is hard: saying why there is none. Each mapping is
 * either skipped by rule, refused with a message, or opened; only then its locations are asked.
 */
#include "base/fs.h"
#include "net/url.h"
#include "object/dwarf.h"
#include "symbolize/sym_map.h"
#include "symbolize/sym_tables.h"
#include "symbolize/symbolize.h"

/* One mapping's binary while locations are looked up. */
struct binary {
	struct object *object; /* NULL: skipped or refused */
	struct sym_map map;    /* instead, for the kernel and for JIT code */
	struct object_mapping place;
	bool base_failed; /* said once */
};

struct local {
	struct profile *p;
	const struct symbolize_mode *mode;
	const struct ui *ui;
	struct arena arena;
	struct binary *binaries; /* by mapping */
	bool is_incomplete;      /* some binary was not available */
	bool no_memory;
	struct sym_tables tables;
};

/* "demo.elf (build ID f641…)": what messages call a binary. */
static struct str display_name(struct local *l, const struct mapping *m)
{
	struct str base = fs_base(profile_str(l->p, m->file));
	struct str id = profile_str(l->p, m->build_id);

	if (!id.n)
		return base;
	return arena_printf(&l->arena, "%.*s (build ID %.*s)", STR_ARG(base), STR_ARG(id));
}

static void open_binary(struct local *l, const struct mapping *m, struct binary *b)
{
	struct str name = display_name(l, m);
	struct str want = profile_str(l->p, m->build_id);
	struct str got;
	struct err e;

	if (object_open(&b->object, profile_str(l->p, m->file), &e) != OK) {
		l->no_memory |= e.code == ERR_NOMEM;
		ui_error(l->ui, "Local symbolization failed for %.*s: %s", STR_ARG(name), e.msg);
		l->is_incomplete = true;
		b->object = NULL;
		return;
	}
	got = object_build_id(b->object);
	if (want.n && got.n && !str_eq(want, got)) {
		ui_error(
		    l->ui, "Local symbolization failed for %.*s: build ID mismatch", STR_ARG(name));
		object_close(b->object);
		b->object = NULL;
		return;
	}
	b->place = (struct object_mapping){ m->start, m->limit, m->offset,
		profile_str(l->p, m->kernel_reloc) };
}

/* Missing names of these are no reason to search for binaries. */
static void open_map(struct local *l, const struct mapping *m, struct binary *b)
{
	struct str file = profile_str(l->p, m->file);
	struct err e;

	if (sym_map_load(&b->map, file, profile_str(l->p, m->build_id), &e) == OK)
		return;
	l->no_memory |= e.code == ERR_NOMEM;
	/* A profile of another machine's kernel is nothing to complain about. */
	if (e.code != ERR_UNSUPPORTED)
		ui_error(l->ui, "No symbols for %.*s: %s", STR_ARG(file), e.msg);
}

static void prepare_mapping(struct local *l, uint32_t i)
{
	const struct mapping *m = &l->p->mappings[i];
	struct str file = profile_str(l->p, m->file);

	if (!l->mode->force && (m->has_functions || m->has_filenames || m->has_line_numbers))
		return;
	if (!file.n && i == 0) {
		ui_error(l->ui, "Main binary filename not available.");
		return;
	}
	if (!file.n) {
		l->is_incomplete = true;
		return;
	}
	if (sym_map_is_jit(file) || (sym_map_is_kernel(file) && m->build_id)) {
		open_map(l, m, &l->binaries[i]);
		return;
	}
	if (symbolize_is_special(file) || (!m->build_id && url_is_http(file)))
		return;
	open_binary(l, m, &l->binaries[i]);
}

static MUST_USE enum err_code prepare(struct local *l, struct err *e)
{
	const struct profile *p = l->p;
	bool *used = ARENA_ARRAY(&l->arena, bool, p->n_mappings);

	l->binaries = ARENA_ARRAY(&l->arena, struct binary, p->n_mappings);
	if (!used || !l->binaries)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_locations; i++)
		if (p->locations[i].mapping < p->n_mappings)
			used[p->locations[i].mapping] = true;
	for (uint32_t i = 0; i < p->n_mappings; i++)
		if (used[i])
			prepare_mapping(l, i);
	if (l->is_incomplete)
		ui_error(l->ui, "Some binary filenames not available. Symbolization may be "
				"incomplete.\nTry setting PPROF_BINARY_PATH to the search path for "
				"local binaries.");
	return l->no_memory || arena_failed(&l->arena) ? FAIL_NOMEM(e) : OK;
}

static void set_lines(
    struct local *l, uint32_t location, const struct object_frame *frames, uint32_t n)
{
	struct sym_tables *t = &l->tables;
	struct mapping *m = &t->mappings[t->locations[location].mapping];

	sym_tables_begin(t, location);
	for (uint32_t i = 0; i < n; i++) {
		const struct object_frame *f = &frames[i];
		uint32_t function = sym_tables_function(t, f->function, f->file, f->start_line);

		m->has_functions |= f->function.n > 0;
		m->has_filenames |= f->file.n > 0;
		m->has_line_numbers |= f->line != 0;
		sym_tables_line(t, location, function, f->line, f->column);
	}
	m->has_inline_frames = true;
}

/* False when the address has no place in the binary; the reason is said once per binary. */
static bool object_address(
    struct local *l, const struct location *at, struct binary *b, uint64_t *address)
{
	struct err e;
	uint64_t base;

	if (object_base(b->object, &b->place, at->address, &base, &e) == OK) {
		*address = at->address - base;
		return true;
	}
	if (!b->base_failed)
		ui_error(l->ui, "Local symbolization failed for %.*s: %s",
		    STR_ARG(fs_base(object_path(b->object))), e.msg);
	b->base_failed = true;
	return false;
}

static MUST_USE enum err_code look_up(struct local *l, uint32_t location, struct err *e)
{
	const struct location *at = &l->p->locations[location];
	struct binary *b = at->mapping < l->p->n_mappings ? &l->binaries[at->mapping] : NULL;
	const struct object_frame *frames;
	struct object_frame alone = { 0 };
	uint64_t address;
	uint32_t n;

	if (b && b->map.v.n) {
		alone.function = sym_map_find(&b->map, at->address);
		if (alone.function.n)
			set_lines(l, location, &alone, 1);
		return OK;
	}
	if (!b || !b->object || !object_address(l, at, b, &address))
		return OK;
	if (l->mode->fast) {
		alone.function = object_symbol_name(b->object, address);
		frames = &alone;
		n = alone.function.n > 0;
	} else {
		TRY(object_frames(b->object, address, &frames, &n, e));
	}
	if (n)
		set_lines(l, location, frames, n);
	return OK;
}

static MUST_USE enum err_code look_up_all(struct local *l, struct err *e)
{
	bool any = false;

	for (uint32_t i = 0; i < l->p->n_mappings; i++)
		any |= l->binaries[i].object || l->binaries[i].map.v.n;
	if (!any)
		return OK;
	TRY(sym_tables_init(&l->tables, l->p, e));
	for (uint32_t i = 0; i < l->p->n_locations; i++)
		TRY(look_up(l, i, e));
	return sym_tables_publish(&l->tables, e);
}

static void binary_close(struct binary *b)
{
	object_close(b->object);
	sym_map_release(&b->map);
}

enum err_code symbolize_local(
    struct profile *p, const struct symbolize_mode *mode, const struct ui *ui, struct err *e)
{
	struct local l = { .p = p, .mode = mode, .ui = ui };
	enum err_code rc = prepare(&l, e);

	if (rc == OK)
		rc = look_up_all(&l, e);
	for (uint32_t i = 0; l.binaries && i < p->n_mappings; i++)
		binary_close(&l.binaries[i]);
	sym_tables_release(&l.tables);
	arena_release(&l.arena);
	return rc;
}
