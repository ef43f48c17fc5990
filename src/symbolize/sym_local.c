/*
 * Names from the binaries on this machine. What is hard: saying why there is none. Each mapping is
 * either skipped by rule, refused with a message, or opened; only then its locations are asked.
 */
#include <stdlib.h>

#include "base/fs.h"
#include "base/vec.h"
#include "net/url.h"
#include "object/frame_set.h"
#include "symbolize/sym_cache.h"
#include "symbolize/sym_open.h"
#include "symbolize/sym_special.h"
#include "symbolize/sym_tables.h"
#include "symbolize/symbolize.h"

/* One mapping's binary while locations are looked up. */
struct binary {
	struct object *object;      /* NULL: skipped or refused */
	struct sym_special special; /* its text is asked when there is no object */
	struct object_mapping place;
	bool base_failed;        /* said once */
	VEC(uint64_t) addresses; /* object addresses of its locations; later sorted and unique */
	struct frame_set frames;
	struct buf cached; /* holds texts of frames */
	uint32_t
	    *functions; /* of the profile, by index of frames.functions; PROFILE_NONE not yet */
};

/* A location's binary (NULL: none) and its address there. */
struct place {
	struct binary *binary;
	uint64_t address;
};

struct local {
	struct profile *p;
	const struct symbolize_mode *mode;
	const struct ui *ui;
	struct arena arena;
	struct binary *binaries; /* by mapping */
	struct place *places;    /* by location */
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

/* The profile knows which build it was, the file does not say: its names may be another's. */
static void warn_without_id(struct local *l, struct str name, struct str id, struct object *o)
{
	if (id.n && !object_build_id(o).n)
		ui_error(l->ui, "%.*s has no build ID: it may not be the build that was profiled",
		    STR_ARG(name));
}

/* A mapping that is no file, or a compiler's map: named when it is certainly this machine's. */
static void open_special(struct local *l, const struct mapping *m, struct binary *b)
{
	struct err e;

	if (sym_special_open(
		&b->special, profile_str(l->p, m->file), profile_str(l->p, m->build_id), &e) != OK)
		l->no_memory = true;
	b->object = b->special.object;
	b->special.object = NULL;
	b->place = (struct object_mapping){ m->start, m->limit, m->offset, STR("") };
}

static void open_binary(struct local *l, const struct mapping *m, struct binary *b)
{
	struct str name = display_name(l, m);
	struct str id = profile_str(l->p, m->build_id);
	struct err e;

	if (sym_open(&b->object, profile_str(l->p, m->file), id, NULL, l->ui, &e) != OK) {
		bool is_other = strstr(e.msg, ": build ID mismatch (") != NULL;

		b->object = NULL;
		l->no_memory |= e.code == ERR_NOMEM;
		l->is_incomplete |= !is_other;
		ui_error(l->ui, "Local symbolization failed for %.*s: %s", STR_ARG(name),
		    is_other ? "build ID mismatch" : e.msg);
		return;
	}
	warn_without_id(l, name, id, b->object);
	b->place = (struct object_mapping){ m->start, m->limit, m->offset,
		profile_str(l->p, m->kernel_reloc) };
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
	if (symbolize_is_special(file) || sym_text_is_perf_map(file)) {
		open_special(l, m, &l->binaries[i]);
		return;
	}
	if (!m->build_id && url_is_http(file))
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

/* Puts one of the binary's functions into the profile, readable when that name is known. */
static void add_function(struct local *l, struct binary *b, uint32_t i, struct mapping *m)
{
	const struct frame_function *f = &b->frames.functions.p[i];
	const bool readable = l->mode->demangle == DEMANGLE_DEFAULT && f->readable.p;

	m->has_functions |= f->name.n > 0;
	m->has_filenames |= f->file.n > 0;
	b->functions[i] = sym_tables_function(
	    &l->tables, f->name, readable ? f->readable : f->name, f->file, f->start_line);
}

static void set_lines(
    struct local *l, uint32_t location, struct binary *b, const struct frame_place *place)
{
	struct sym_tables *t = &l->tables;
	struct mapping *m = &t->mappings[t->locations[location].mapping];
	const struct frame_entry *frames = &b->frames.frames.p[place->first];
	struct line *lines = sym_tables_lines(t, location, place->n);
	bool has_lines = false;

	for (uint32_t i = 0; lines && i < place->n; i++) {
		const struct frame_entry *f = &frames[i];

		has_lines |= f->line != 0;
		lines[i] = (struct line){ b->functions[f->function], f->line, f->column };
	}
	m->has_line_numbers |= has_lines;
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

static struct place place_of(struct local *l, uint32_t location)
{
	const struct location *at = &l->p->locations[location];
	struct binary *b = at->mapping < l->p->n_mappings ? &l->binaries[at->mapping] : NULL;
	struct place p = { b, at->address };

	if (!b || b->special.text.v.n)
		return p;
	if (!b->object || !object_address(l, at, b, &p.address))
		p.binary = NULL;
	return p;
}

static MUST_USE enum err_code find_places(struct local *l, struct err *e)
{
	l->places = arena_alloc_raw(&l->arena, l->p->n_locations + 1, sizeof *l->places);
	if (!l->places)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < l->p->n_locations; i++) {
		const struct place p = place_of(l, i);

		l->places[i] = p;
		if (p.binary)
			(void)VEC_PUSH(&p.binary->addresses, p.address);
	}
	return OK;
}

static int by_value(const void *x, const void *y)
{
	const uint64_t a = *(const uint64_t *)x;
	const uint64_t b = *(const uint64_t *)y;

	return (a > b) - (a < b);
}

static size_t sort_unique(uint64_t *v, size_t n)
{
	size_t kept = 0;
	size_t sorted = 1;

	while (sorted < n && v[sorted - 1] <= v[sorted])
		sorted++;
	if (sorted < n)
		qsort(v, n, sizeof *v, by_value);
	for (size_t i = 0; i < n; i++)
		if (!kept || v[kept - 1] != v[i])
			v[kept++] = v[i];
	return kept;
}

/* Names alone: from the symbol table, or from a text. */
static MUST_USE enum err_code ask_symbols(struct binary *b, struct err *e)
{
	for (size_t i = 0; i < b->addresses.n; i++) {
		const uint64_t address = b->addresses.p[i];
		const struct object_frame f = {
			.function = b->object ? object_symbol_name(b->object, address)
					      : sym_text_find(&b->special.text, address),
			.file = STR(""),
		};

		if (f.function.n && !frame_set_add(&b->frames, b->addresses.p[i], &f, 1))
			return FAIL_NOMEM(e);
	}
	return OK;
}

/* Names are made readable before they are kept: that costs more than reading the rest again. */
static MUST_USE enum err_code make_readable(struct local *l, struct frame_set *s, struct err *e)
{
	for (uint32_t i = 0; i < s->functions.n && l->mode->demangle == DEMANGLE_DEFAULT; i++)
		if (!frame_set_demangle(s, i))
			return FAIL_NOMEM(e);
	return OK;
}

/* What the cache does not know is looked up, and kept for the next time. */
static MUST_USE enum err_code ask_debug_information(
    struct local *l, struct binary *b, struct err *e)
{
	const struct sym_cache cache = sym_cache_of(b->object, &l->arena);
	uint64_t *v = b->addresses.p;
	size_t n = 0, hint = 0;

	if (!sym_cache_load(&cache, &b->frames, &b->cached))
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < b->addresses.n; i++)
		if (!frame_set_find(&b->frames, v[i], &hint))
			v[n++] = v[i];
	if (!n)
		return OK;
	TRY(object_frames_many(b->object, v, n, &b->frames, e));
	TRY(make_readable(l, &b->frames, e));
	if (!object_lacks_split_units(b->object))
		sym_cache_save(&cache, &b->frames);
	return OK;
}

/* Frames of all addresses of a binary. */
static MUST_USE enum err_code ask(struct local *l, struct binary *b, struct err *e)
{
	if (b->addresses.failed)
		return FAIL_NOMEM(e);
	b->addresses.n = sort_unique(b->addresses.p, b->addresses.n);
	if (l->mode->fast || !b->object)
		TRY(ask_symbols(b, e));
	else
		TRY(ask_debug_information(l, b, e));
	b->functions = arena_alloc_raw(&l->arena, b->frames.functions.n + 1, sizeof *b->functions);
	if (!b->functions)
		return FAIL_NOMEM(e);
	memset(b->functions, 0xff, b->frames.functions.n * sizeof *b->functions);
	return OK;
}

static bool is_open(const struct binary *b)
{
	return b->object || b->special.text.v.n;
}

static void set_all_lines(struct local *l)
{
	size_t hint = 0;

	for (uint32_t i = 0; i < l->p->n_locations; i++) {
		const struct place *at = &l->places[i];
		const struct frame_place *place;

		if (!at->binary)
			continue;
		place = frame_set_find(&at->binary->frames, at->address, &hint);
		if (place && place->n)
			set_lines(l, i, at->binary, place);
	}
}

/* Functions first: when they are the profile's, the binaries can go before the lines come. */
static void add_all_functions(struct local *l)
{
	size_t hint = 0;

	for (uint32_t i = 0; i < l->p->n_locations; i++) {
		const struct place *at = &l->places[i];
		const struct frame_place *place =
		    at->binary ? frame_set_find(&at->binary->frames, at->address, &hint) : NULL;

		for (uint32_t k = 0; place && k < place->n; k++) {
			const uint32_t f = at->binary->frames.frames.p[place->first + k].function;

			if (at->binary->functions[f] == PROFILE_NONE)
				add_function(l, at->binary, f,
				    &l->tables.mappings[l->p->locations[i].mapping]);
		}
	}
}

/* What texts of frames lie in. */
static void close_objects(struct local *l)
{
	for (uint32_t i = 0; l->binaries && i < l->p->n_mappings; i++) {
		struct binary *b = &l->binaries[i];

		object_close(b->object);
		b->object = NULL;
		buf_release(&b->cached);
		sym_special_release(&b->special);
	}
}

static void release_binaries(struct local *l)
{
	close_objects(l);
	for (uint32_t i = 0; l->binaries && i < l->p->n_mappings; i++) {
		struct binary *b = &l->binaries[i];

		frame_set_release(&b->frames);
		VEC_RELEASE(&b->addresses);
	}
}

/* Room for all lines at once, as far as locations have frames of their own. */
static void reserve_lines(struct local *l)
{
	size_t n = 0;

	for (uint32_t i = 0; i < l->p->n_mappings; i++)
		n += l->binaries[i].frames.frames.n;
	if (n <= (size_t)l->p->n_locations * 8)
		(void)VEC_RESERVE(&l->tables.lines, n);
}

static MUST_USE enum err_code look_up_all(struct local *l, struct err *e)
{
	bool any = false;

	for (uint32_t i = 0; i < l->p->n_mappings; i++)
		any |= is_open(&l->binaries[i]);
	if (!any)
		return OK;
	TRY(sym_tables_init(&l->tables, l->p, e));
	TRY(find_places(l, e));
	for (uint32_t i = 0; i < l->p->n_mappings; i++)
		if (is_open(&l->binaries[i]))
			TRY(ask(l, &l->binaries[i], e));
	add_all_functions(l);
	close_objects(l);
	reserve_lines(l);
	set_all_lines(l);
	release_binaries(l);
	return sym_tables_publish(&l->tables, e);
}

static void release(struct local *l)
{
	release_binaries(l);
	sym_tables_release(&l->tables);
	arena_release(&l->arena);
}

enum err_code symbolize_local(
    struct profile *p, const struct symbolize_mode *mode, const struct ui *ui, struct err *e)
{
	struct local l = { .p = p, .mode = mode, .ui = ui };
	enum err_code rc = prepare(&l, e);

	if (rc == OK)
		rc = look_up_all(&l, e);
	release(&l);
	return rc;
}
