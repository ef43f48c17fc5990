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
	uint64_t base;
	bool has_base;           /* of all its addresses */
	bool base_failed;        /* said once */
	VEC(uint64_t) addresses; /* object addresses not yet known; later sorted and unique */
	struct frame_set frames;
	size_t hint; /* of frames, for the next location */
	struct sym_cache cache;
	struct sym_cache_bytes cached; /* holds tables and texts of frames */
	uint32_t
	    *functions;  /* of the profile, by index of frames.functions; PROFILE_NONE not yet */
	uint32_t *lines; /* of the profile, by index of frames.frames; PROFILE_NONE not wanted */
	str_id *texts;   /* of the profile, by index of cached.texts; PROFILE_NONE not yet */
};

struct local {
	struct profile *p;
	const struct symbolize_mode *mode;
	const struct ui *ui;
	struct arena arena;
	struct binary *binaries; /* by mapping */
	uint32_t *places;        /* by location: index of its binary's frames.places */
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

static str_id cached_text(struct local *l, const struct binary *b, uint32_t i)
{
	const struct text_span *at = &b->cached.texts[i];

	if (b->texts[i] == PROFILE_NONE)
		b->texts[i] =
		    profile_intern(l->p, (struct str){ b->cached.text.p + at->at, at->n });
	return b->texts[i];
}

/* A function with the profile's texts; the name is readable when that is known and wanted. */
static struct function function_of(struct local *l, const struct binary *b, uint32_t i)
{
	const bool wants_readable = l->mode->demangle == DEMANGLE_DEFAULT;
	struct function g = { 0 };

	if (i < b->frames.functions.n) {
		const struct frame_function *f = &b->frames.functions.p[i];

		g.name = g.system_name = profile_intern(l->p, f->name);
		g.filename = profile_intern(l->p, f->file);
		g.start_line = f->start_line;
		if (wants_readable && f->readable.p && f->readable.p != f->name.p)
			g.name = profile_intern(l->p, f->readable);
	} else {
		const struct sym_cache_function *f = &b->cached.functions[i];

		g.name = g.system_name = cached_text(l, b, f->name);
		g.filename = cached_text(l, b, f->file);
		g.start_line = f->start_line;
		if (wants_readable && f->readable != SYM_CACHE_NOT_MADE)
			g.name = cached_text(l, b, f->readable);
	}
	return g;
}

/* Puts one of the binary's functions into the profile. */
static void add_function(struct local *l, struct binary *b, uint32_t i, struct mapping *m)
{
	const struct function f = function_of(l, b, i);

	m->has_functions |= f.system_name != 0;
	m->has_filenames |= f.filename != 0;
	b->functions[i] =
	    sym_tables_function(&l->tables, f.system_name, f.name, f.filename, f.start_line);
}

/* False when the address has no place in the binary; the reason is said once per binary. */
static bool object_address(
    struct local *l, const struct location *at, struct binary *b, uint64_t *address)
{
	struct err e;
	uint64_t base;

	if (object_base(b->object, &b->place, at->address, &base, &e) == OK) {
		*address = at->address - base;
		b->base = base;
		b->has_base = object_has_one_base(b->object);
		return true;
	}
	if (!b->base_failed)
		ui_error(l->ui, "Local symbolization failed for %.*s: %s",
		    STR_ARG(fs_base(object_path(b->object))), e.msg);
	b->base_failed = true;
	return false;
}

static bool is_open(const struct binary *b)
{
	return b->object || b->special.text.v.n;
}

/* The binary of a location and its address there; NULL when there is none. */
static struct binary *binary_of(struct local *l, uint32_t location, uint64_t *address)
{
	const struct location *at = &l->p->locations[location];
	struct binary *b = at->mapping < l->p->n_mappings ? &l->binaries[at->mapping] : NULL;

	*address = at->address;
	if (!b || !is_open(b))
		return NULL;
	if (b->has_base) {
		*address -= b->base;
		return b;
	}
	return b->special.text.v.n || object_address(l, at, b, address) ? b : NULL;
}

/* Finds each location's frames; addresses that are new to their binary are noted there. */
static MUST_USE enum err_code find_places(struct local *l, bool *is_missing, struct err *e)
{
	bool failed = false;

	*is_missing = false;
	for (uint32_t i = 0; i < l->p->n_locations; i++) {
		const struct frame_place *place;
		uint64_t address;
		struct binary *b = binary_of(l, i, &address);

		l->places[i] = PROFILE_NONE;
		if (!b)
			continue;
		place = frame_set_find(&b->frames, address, &b->hint);
		if (place) {
			l->places[i] = (uint32_t)(place - b->frames.places.p);
			continue;
		}
		failed |= !VEC_PUSH(&b->addresses, address);
		*is_missing = true;
	}
	return failed ? FAIL_NOMEM(e) : OK;
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

static MUST_USE enum err_code ask_debug_information(
    struct local *l, struct binary *b, struct err *e)
{
	if (!sym_cache_add_functions(&b->cached, &b->frames))
		return FAIL_NOMEM(e);
	TRY(object_frames_many(b->object, b->addresses.p, b->addresses.n, &b->frames, e));
	TRY(make_readable(l, &b->frames, e));
	if (!object_lacks_split_units(b->object))
		sym_cache_save(&b->cache, &b->frames);
	return OK;
}

/* Frames of the addresses of a binary that are not known, which are kept for the next time. */
static MUST_USE enum err_code ask(struct local *l, struct binary *b, struct err *e)
{
	b->addresses.n = sort_unique(b->addresses.p, b->addresses.n);
	b->hint = 0;
	if (l->mode->fast || !b->object)
		return ask_symbols(b, e);
	return ask_debug_information(l, b, e);
}

/* What was kept of a binary. */
static MUST_USE enum err_code load(struct local *l, struct binary *b, struct err *e)
{
	if (l->mode->fast || !b->object)
		return OK;
	b->cache = sym_cache_of(b->object, &l->arena);
	return sym_cache_load(&b->cache, &b->frames, &b->cached) ? OK : FAIL_NOMEM(e);
}

static MUST_USE enum err_code find_all_frames(struct local *l, struct err *e)
{
	bool is_missing;

	l->places = arena_alloc_raw(&l->arena, l->p->n_locations + 1, sizeof *l->places);
	if (!l->places)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < l->p->n_mappings; i++)
		if (is_open(&l->binaries[i]))
			TRY(load(l, &l->binaries[i], e));
	TRY(find_places(l, &is_missing, e));
	if (!is_missing)
		return OK;
	for (uint32_t i = 0; i < l->p->n_mappings; i++)
		if (l->binaries[i].addresses.n)
			TRY(ask(l, &l->binaries[i], e));
	return find_places(l, &is_missing, e);
}

/*
 * The cache's texts become the profile's where they lie when most of it is wanted; else those that
 * are wanted are copied, one by one.
 */
static MUST_USE enum err_code take_texts(struct local *l, struct binary *b, struct err *e)
{
	struct sym_cache_bytes *c = &b->cached;
	const char *base;

	b->texts = arena_alloc_raw(&l->arena, c->n_texts + 1, sizeof *b->texts);
	if (!b->texts)
		return FAIL_NOMEM(e);
	memset(b->texts, 0xff, c->n_texts * sizeof *b->texts);
	if (b->frames.functions.n || b->frames.places.n / 2 > l->p->n_locations || !c->text.n)
		return OK;
	base = arena_adopt(&l->p->arena, c->text.p);
	c->text = (struct buf){ 0 };
	if (!base || !profile_intern_distinct(l->p, base, c->texts, c->n_texts, b->texts))
		return FAIL_NOMEM(e);
	return OK;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Tables from a binary's frames and functions to the profile's, nothing in them yet. */
static MUST_USE enum err_code make_tables(struct local *l, struct binary *b, struct err *e)
{
	const size_t n = larger(b->frames.functions.n, b->cached.n_functions);
	/* Of a large cache perhaps little is wanted. */
	const size_t most = (size_t)l->p->n_locations * 8;

	b->functions = arena_alloc_raw(&l->arena, n + 1, sizeof *b->functions);
	b->lines = arena_alloc_raw(&l->arena, b->frames.frames.n + 1, sizeof *b->lines);
	if (!b->functions || !b->lines)
		return FAIL_NOMEM(e);
	memset(b->functions, 0xff, n * sizeof *b->functions);
	memset(b->lines, 0xff, b->frames.frames.n * sizeof *b->lines);
	TRY(take_texts(l, b, e));
	return sym_tables_expect(&l->tables, n < most ? n : most) ? OK : FAIL_NOMEM(e);
}

/* The frames of a location; NULL when there are none. */
static const struct frame_place *frames_of(
    const struct local *l, uint32_t location, struct binary **b)
{
	const struct frame_place *place;

	if (l->places[location] == PROFILE_NONE)
		return NULL;
	*b = &l->binaries[l->p->locations[location].mapping];
	place = &(*b)->frames.places.p[l->places[location]];
	return place->n ? place : NULL;
}

/*
 * Functions first, in the locations' order: when they are the profile's, the binaries can go before
 * the lines come. Frames that have a line to be are marked.
 */
static MUST_USE enum err_code add_all_functions(struct local *l, struct err *e)
{
	uint64_t n_lines = 0;

	for (uint32_t i = 0; i < l->p->n_mappings; i++)
		if (is_open(&l->binaries[i]))
			TRY(make_tables(l, &l->binaries[i], e));
	for (uint32_t i = 0; i < l->p->n_locations; i++) {
		struct binary *b;
		const struct frame_place *place = frames_of(l, i, &b);

		n_lines += place ? place->n : 0;
		for (uint32_t k = 0; place && k < place->n; k++) {
			const uint32_t f = b->frames.frames.p[place->first + k].function;

			b->lines[place->first + k] = 0;
			if (b->functions[f] == PROFILE_NONE)
				add_function(
				    l, b, f, &l->tables.mappings[l->p->locations[i].mapping]);
		}
	}
	return n_lines < UINT32_MAX ? OK : FAIL(e, ERR_LIMIT, "profile has too many lines");
}

/* What texts of frames lie in. */
static void close_objects(struct local *l)
{
	for (uint32_t i = 0; l->binaries && i < l->p->n_mappings; i++) {
		struct binary *b = &l->binaries[i];

		object_close(b->object);
		b->object = NULL;
		buf_release(&b->cached.text);
		sym_special_release(&b->special);
	}
}

static void release_binaries(struct local *l)
{
	close_objects(l);
	for (uint32_t i = 0; l->binaries && i < l->p->n_mappings; i++) {
		struct binary *b = &l->binaries[i];

		frame_set_release(&b->frames);
		sym_cache_bytes_release(&b->cached);
		VEC_RELEASE(&b->addresses);
	}
}

/*
 * A line for each marked frame of a binary, in their order: what was a run of frames is one of
 * lines, and those that have the same run share its lines.
 */
static void add_lines(struct local *l, uint32_t mapping)
{
	struct binary *b = &l->binaries[mapping];
	struct sym_tables *t = &l->tables;
	bool has_lines = false;
	size_t n = 0;

	for (size_t i = 0; i < b->frames.frames.n; i++)
		n += b->lines[i] != PROFILE_NONE;
	if (t->lines.n >= UINT32_MAX - n)
		t->lines.failed = true;
	if (!VEC_RESERVE(&t->lines, n))
		return;
	for (size_t i = 0; i < b->frames.frames.n; i++) {
		const struct frame_entry *f = &b->frames.frames.p[i];

		if (b->lines[i] == PROFILE_NONE)
			continue;
		has_lines |= f->line != 0;
		b->lines[i] = (uint32_t)t->lines.n;
		t->lines.p[t->lines.n++] =
		    (struct line){ b->functions[f->function], f->line, f->column };
	}
	t->mappings[mapping].has_line_numbers |= has_lines;
	t->mappings[mapping].has_inline_frames |= n > 0;
}

/*
 * A location that its binary says nothing of gets a line without a name when it has none: without
 * a line, -show and -hide would take it away whatever they match.
 */
static void set_nameless(struct local *l, uint32_t location, uint32_t *nameless)
{
	struct sym_tables *t = &l->tables;
	const struct location *at = &t->locations[location];

	if (l->places[location] == PROFILE_NONE || at->n_lines != 0)
		return;
	if (*nameless == PROFILE_NONE) {
		*nameless = (uint32_t)t->lines.n;
		(void)VEC_PUSH(
		    &t->lines, (struct line){ .function = sym_tables_function(t, 0, 0, 0, 0) });
	}
	t->mappings[at->mapping].has_inline_frames = true;
	sym_tables_set_lines(t, location, *nameless, 1);
}

static void set_all_lines(struct local *l)
{
	uint32_t nameless = PROFILE_NONE; /* the line, once there is one */

	for (uint32_t i = 0; i < l->p->n_mappings; i++)
		if (l->binaries[i].lines)
			add_lines(l, i);
	for (uint32_t i = 0; i < l->p->n_locations; i++) {
		struct binary *b;
		const struct frame_place *place = frames_of(l, i, &b);

		if (place)
			sym_tables_set_lines(&l->tables, i, b->lines[place->first], place->n);
		else
			set_nameless(l, i, &nameless);
	}
}

static MUST_USE enum err_code look_up_all(struct local *l, struct err *e)
{
	bool any = false;

	for (uint32_t i = 0; i < l->p->n_mappings; i++)
		any |= is_open(&l->binaries[i]);
	if (!any)
		return OK;
	TRY(sym_tables_init(&l->tables, l->p, e));
	TRY(find_all_frames(l, e));
	TRY(add_all_functions(l, e));
	close_objects(l);
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
