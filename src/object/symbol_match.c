/*
 * Symbols that a disasm or weblist expression means: by raw name or any of its demangled forms, or
 * by an address. Called through the driver by the disasm report. What is hard: names at one address
 * form one range, which ends before the next symbol, also when that symbol is data, as in `nm -n`.
 */
#include <stdlib.h>

#include "base/vec.h"
#include "object/demangle.h"
#include "object/object_impl.h"

struct matcher {
	bool (*match)(void *ctx, struct str name);
	void *ctx;
	uint64_t address;
	struct arena *a;
	VEC(struct object_range) found;
};

static int name_order(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* Names of the *n symbols at one address, in order and each once; changes *n to their number. */
static struct str *names_of(const struct object_symbol *v, size_t *n, struct arena *a)
{
	struct str *names = ARENA_ARRAY(a, struct str, *n);
	size_t kept = 0;

	for (size_t i = 0; names && i < *n; i++)
		names[i] = v[i].name;
	if (names)
		qsort(names, *n, sizeof *names, name_order);
	for (size_t i = 0; names && i < *n; i++)
		if (!kept || !str_eq(names[kept - 1], names[i]))
			names[kept++] = names[i];
	*n = kept;
	return names;
}

/* The form of `name` that the expression accepts, into *as. */
static bool matches(struct matcher *m, struct str name, struct str *as)
{
	static const enum demangle_mode modes[] = { DEMANGLE_FULL, DEMANGLE_TEMPLATES,
		DEMANGLE_DEFAULT };
	struct buf b = { 0 };
	bool yes = m->match && m->match(m->ctx, name);

	*as = name;
	if (!str_starts(name, STR("_")))
		return yes;
	for (size_t i = 0; !yes && m->match && i < sizeof modes / sizeof *modes; i++) {
		buf_clear(&b);
		yes = demangle_symbol(name, modes[i], &b) && m->match(m->ctx, buf_str(&b));
		if (yes)
			*as = arena_str(m->a, buf_str(&b));
	}
	if (buf_failed(&b))
		m->a->failed = true;
	buf_release(&b);
	return yes;
}

static void check_group(struct matcher *m, const struct object_symbol *v, size_t n, uint64_t end)
{
	struct str *names = names_of(v, &n, m->a);
	struct object_range r = { .start = v->address, .end = end };

	if (!names)
		return;
	if (m->address && m->address >= v->address && m->address <= end) {
		r.names = names;
		r.n_names = (uint32_t)n;
		(void)VEC_PUSH(&m->found, r);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct str as;

		if (!matches(m, names[i], &as))
			continue;
		names[0] = as;
		r.names = names;
		r.n_names = 1;
		(void)VEC_PUSH(&m->found, r);
		return;
	}
}

/* Last address of the group that begins at v and has n symbols; `left` symbols follow it. */
static uint64_t group_end(const struct object_symbol *v, size_t n, size_t left)
{
	uint64_t size = v[n - 1].size; /* the largest: symbols are sorted by it */

	if (left)
		return v[n].address - 1;
	return v->address + (size ? size - 1 : 0);
}

enum err_code object_match_symbols(struct object *o, bool (*match)(void *ctx, struct str name),
    void *ctx, uint64_t address, struct arena *a, struct object_range **out, uint32_t *n,
    struct err *e)
{
	struct matcher m = { .match = match, .ctx = ctx, .address = address, .a = a };
	const struct object_symbol *v;
	size_t count;
	size_t size;

	*n = 0;
	TRY(object_symbols(o, &v, &count, e));
	for (size_t i = 0; i < count; i += size) {
		size = 1;
		while (i + size < count && v[i + size].address == v[i].address)
			size++;
		check_group(&m, v + i, size, group_end(v + i, size, count - i - size));
	}
	*out = ARENA_ARRAY(a, struct object_range, m.found.n + 1);
	if (*out && m.found.n)
		memcpy(*out, m.found.p, m.found.n * sizeof **out);
	*n = (uint32_t)m.found.n;
	count = m.found.failed;
	VEC_RELEASE(&m.found);
	return count || arena_failed(a) ? FAIL_NOMEM(e) : OK;
}
