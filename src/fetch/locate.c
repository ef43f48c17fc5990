/*
 * Where are the binaries of a profile. Called by grab.c for every source, before sources are
 * merged, so that two servers' profiles of one binary become one mapping. The search itself is
 * object/find's; here are the overrides of the command line and the fake mapping.
 */
#include "fetch/locate.h"

#include <stdlib.h>

#include "object/find.h"

struct mismatch {
	const struct ui *ui;
};

static void on_mismatch(void *ctx, struct str path, struct str want, struct str got)
{
	const struct mismatch *m = ctx;

	ui_error(m->ui, "Ignoring local file %.*s: build-id mismatch (%.*s != %.*s)", STR_ARG(path),
	    STR_ARG(want), STR_ARG(got));
}

static void find_one(
    struct profile *p, struct mapping *m, struct str search_path, const struct ui *ui)
{
	struct mismatch told = { ui };
	struct find_request r = {
		.file = profile_str(p, m->file),
		.build_id = profile_str(p, m->build_id),
		.search_path = search_path,
		.mapping = { .start = m->start, .limit = m->limit, .offset = m->offset },
	};
	struct arena a = { 0 };
	struct str path;

	if (find_binary(&r, &a, &path, NULL, on_mismatch, &told))
		m->file = profile_intern(p, path);
	if (arena_failed(&a))
		p->arena.failed = true;
	arena_release(&a);
}

/*
 * Some Go profiles have no mappings. With one that spans nothing (0 to 0) their addresses can be
 * looked up in a fixed-address binary.
 */
static MUST_USE enum err_code add_fake_mapping(struct profile *p, struct err *e)
{
	struct location *locations = ARENA_ARRAY(&p->arena, struct location, p->n_locations);
	struct mapping *m = ARENA_NEW(&p->arena, struct mapping);

	if (!locations || !m)
		return FAIL_NOMEM(e);
	m->id = 1;
	for (uint32_t i = 0; i < p->n_locations; i++) {
		locations[i] = p->locations[i];
		locations[i].mapping = 0;
	}
	p->locations = locations;
	p->mappings = m;
	p->n_mappings = 1;
	return OK;
}

static struct str default_path(struct arena *a)
{
	const char *home = getenv("HOME");

	return arena_printf(a, "%s%spprof/binaries", home ? home : "", home && *home ? "/" : "");
}

static MUST_USE enum err_code locate(struct profile *p, struct str exec_name, struct str build_id,
    struct str search_path, const struct ui *ui, struct err *e)
{
	struct mapping *v;

	if (!p->n_mappings)
		TRY(add_fake_mapping(p, e));
	v = ARENA_ARRAY(&p->arena, struct mapping, p->n_mappings);
	if (!v)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_mappings; i++) {
		v[i] = p->mappings[i];
		if (v[i].file || v[i].build_id)
			find_one(p, &v[i], search_path, ui);
	}
	if (exec_name.n)
		v[0].file = profile_intern(p, exec_name);
	if (build_id.n && !v[0].build_id)
		v[0].build_id = profile_intern(p, build_id);
	p->mappings = v;
	return arena_failed(&p->arena) ? FAIL_NOMEM(e) : OK;
}

enum err_code locate_binaries(struct profile *p, struct str exec_name, struct str build_id,
    struct str search_path, const struct ui *ui, struct err *e)
{
	struct arena a = { 0 };
	enum err_code rc;

	if (!search_path.n)
		search_path = default_path(&a);
	rc = arena_failed(&a) ? ERR_NOMEM : locate(p, exec_name, build_id, search_path, ui, e);
	if (arena_failed(&a))
		err_set(e, ERR_NOMEM, 0, "out of memory");
	arena_release(&a);
	return rc;
}
