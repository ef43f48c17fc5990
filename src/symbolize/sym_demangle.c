/*
 * Readable function names in a profile. Called last, also for profiles that came with names: those
 * of C++ profilers are often demangled in full and are shortened here.
 */
#include "symbolize/symbolize.h"

/* The table with changed names; made when the first name changes. */
struct renamed {
	struct profile *p;
	struct function *v;
};

static bool set_name(struct renamed *r, uint32_t i, str_id name)
{
	struct profile *p = r->p;

	if (p->functions[i].name == name)
		return true;
	if (!r->v) {
		r->v = arena_alloc_raw(&p->arena, p->n_functions, sizeof *r->v);
		if (!r->v)
			return false;
		memcpy(r->v, p->functions, p->n_functions * sizeof *r->v);
	}
	r->v[i].name = name;
	return true;
}

static str_id demangled(
    struct profile *p, str_id system_name, enum demangle_mode mode, struct buf *text)
{
	struct str s = profile_str(p, system_name);

	if (demangle_is_plain(s))
		return system_name;
	buf_clear(text);
	demangle_function(s, mode, text);
	return str_eq(buf_str(text), s) ? system_name : profile_intern(p, buf_str(text));
}

static MUST_USE enum err_code rename_all(
    struct renamed *r, bool force, enum demangle_mode mode, struct buf *text, struct err *e)
{
	struct profile *p = r->p;

	for (uint32_t i = 0; i < p->n_functions; i++) {
		const struct function *f = &p->functions[i];
		bool is_done = f->name && f->system_name != f->name;
		str_id name = f->name;

		if (force && f->name && f->system_name)
			is_done = false;
		if (!is_done && mode == DEMANGLE_NONE)
			name = f->system_name;
		else if (!is_done)
			name = demangled(p, f->system_name, mode, text);
		if (!set_name(r, i, name))
			return FAIL_NOMEM(e);
	}
	return buf_failed(text) || arena_failed(&p->arena) ? FAIL_NOMEM(e) : OK;
}

enum err_code symbolize_demangle(
    struct profile *p, bool force, enum demangle_mode mode, struct err *e)
{
	struct renamed r = { .p = p };
	struct buf text = { 0 };
	enum err_code rc = rename_all(&r, force, mode, &text, e);

	buf_release(&text);
	if (rc == OK && r.v)
		p->functions = r.v;
	return rc;
}
