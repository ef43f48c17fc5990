/*
 * Binaries kept open for reports that come back for machine code, source lines and inlined frames:
 * the driver holds one symbolizer. An object is opened once per path and build id; a refusal is
 * remembered with its reason.
 */
#include <sys/stat.h>

#include "base/arena.h"
#include "base/fs.h"
#include "base/vec.h"
#include "symbolize/sym_open.h"
#include "symbolize/symbolize.h"

struct opened {
	struct str path;
	struct str build_id;
	struct object *object; /* NULL: refused */
	struct err error;
};

struct symbolizer {
	struct arena arena;
	VEC(struct opened *) v;
	const struct ui *ui;
	int64_t newest;           /* when a binary was written last, seconds; 0 unknown */
	VEC(struct str) reported; /* source files that were warned of */
};

enum err_code symbolizer_new(struct symbolizer **out, struct err *e)
{
	struct symbolizer *s = alloc_get(sizeof *s);

	if (!s)
		return FAIL_NOMEM(e);
	*s = (struct symbolizer){ 0 };
	*out = s;
	return OK;
}

void symbolizer_free(struct symbolizer *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->v.n; i++)
		object_close(s->v.p[i]->object);
	VEC_RELEASE(&s->v);
	VEC_RELEASE(&s->reported);
	arena_release(&s->arena);
	alloc_put(s);
}

/* The entry for a file, opened on the first request; NULL when memory is short. */
static struct opened *entry(struct symbolizer *s, struct str path, struct str build_id)
{
	struct opened *o;

	for (size_t i = 0; i < s->v.n; i++)
		if (str_eq(s->v.p[i]->path, path) && str_eq(s->v.p[i]->build_id, build_id))
			return s->v.p[i];
	o = ARENA_NEW(&s->arena, struct opened);
	if (!o || !VEC_PUSH(&s->v, o))
		return NULL;
	o->path = arena_str(&s->arena, path);
	o->build_id = arena_str(&s->arena, build_id);
	if (sym_open(&o->object, path, build_id, NULL, NULL, &o->error) != OK)
		o->object = NULL;
	return arena_failed(&s->arena) ? NULL : o;
}

enum err_code symbolizer_get(struct symbolizer *s, const struct profile *p, const struct mapping *m,
    uint64_t address, struct object **object, uint64_t *base, struct err *e)
{
	struct object_mapping place = { m->start, m->limit, m->offset,
		profile_str(p, m->kernel_reloc) };
	struct opened *o = entry(s, profile_str(p, m->file), profile_str(p, m->build_id));

	if (!o)
		return FAIL_NOMEM(e);
	if (!o->object) {
		*e = o->error;
		return o->error.code;
	}
	TRY(object_base(o->object, &place, address, base, e));
	*object = o->object;
	return OK;
}

/* When a regular file was written last, seconds since 1970; 0 unknown. */
static int64_t written_at(struct str path)
{
	char name[PATH_MAX];
	struct stat st;

	if (!fs_path(name, path) || stat(name, &st) || !S_ISREG(st.st_mode))
		return 0;
	return st.st_mtim.tv_sec;
}

void symbolizer_note_binaries(struct symbolizer *s, const struct profile *p, const struct ui *ui)
{
	s->ui = ui;
	s->newest = 0;
	for (uint32_t i = 0; i < p->n_mappings; i++) {
		const struct str file = profile_str(p, p->mappings[i].file);
		const int64_t at = symbolize_is_special(file) ? 0 : written_at(file);

		s->newest = at > s->newest ? at : s->newest;
	}
}

void symbolizer_check_source(struct symbolizer *s, struct str path)
{
	if (!s->newest || written_at(path) <= s->newest)
		return;
	for (size_t i = 0; i < s->reported.n; i++)
		if (str_eq(s->reported.p[i], path))
			return;
	ui_error(s->ui, "%.*s was changed after the program was built: lines may not fit",
	    STR_ARG(path));
	(void)VEC_PUSH(&s->reported, arena_str(&s->arena, path));
}
