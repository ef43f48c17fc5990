/* Holders of suspects, see holders.h. Called by driver/verdicts_holders.c. */
#include "leaks/holders.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "core/hash.h"
#include "profile/retained.h"

/* A second holder is worth a line from this share on. */
#define SECOND 0.1

struct holder {
	struct str text;
	double samples, bytes;
};

struct finder {
	struct leaks_report *r;
	const struct profile *p;
	int samples, bytes; /* indices of values */
	VEC(struct holder) list;
	struct map map; /* of these, by text */
	bool no_memory;
	struct buf text;
};

static struct str last_part(struct str path)
{
	size_t slash = str_rfind_char(path, '/');

	return slash == STR_NPOS ? path : str_skip(path, slash + 1);
}

static bool is_line_of(
    const struct profile *p, const struct line *line, const struct leaks_site *site)
{
	const struct function *f =
	    line->function == PROFILE_NONE ? NULL : &p->functions[line->function];

	return f && str_eq(profile_str(p, f->name), site->function) &&
	       (site->line == 0 || line->line == site->line) &&
	       (site->file.n == 0 || str_eq(last_part(profile_str(p, f->filename)), site->file));
}

/* Whether a location of code is the suspect's; holders are none. */
static bool is_at(const struct profile *p, uint32_t location, const struct leaks_site *site)
{
	const struct location *l = &p->locations[location];

	for (uint32_t i = 0; i < l->n_lines; i++)
		if (is_line_of(p, location_lines(p, l) + i, site))
			return true;
	return false;
}

static bool is_of(const struct finder *f, size_t sample, const struct leaks_site *site)
{
	size_t depth;
	const uint32_t *stack = sample_stack(f->p, sample, &depth);

	for (size_t i = 0; i < depth; i++) {
		if (retained_is_holder(f->p, retained_function(f->p, stack[i])))
			return false;
		if (is_at(f->p, stack[i], site))
			return true;
	}
	return false;
}

/* "global cache (server.c:14) .table[*] ->next* ->val" */
static void write_holder(struct finder *f, size_t sample)
{
	size_t depth;
	const uint32_t *stack = sample_stack(f->p, sample, &depth);

	buf_clear(&f->text);
	for (size_t i = depth; i-- > 0;) {
		const struct function *holder = retained_function(f->p, stack[i]);

		if (!retained_is_holder(f->p, holder))
			break;
		buf_printf(&f->text, "%s%.*s", f->text.n ? " " : "",
		    STR_ARG(profile_str(f->p, holder->name)));
	}
}

static bool same_text(const void *ctx, uint32_t index, const void *key)
{
	const struct finder *f = ctx;

	return str_eq(f->list.p[index].text, *(const struct str *)key);
}

static void add(struct finder *f, size_t sample)
{
	const int64_t *v = sample_values(f->p, sample);
	struct str text = buf_str(&f->text);
	const uint32_t fresh = (uint32_t)f->list.n;
	uint32_t i = MAP_NONE;

	/* What the map names must be in the list. */
	if (VEC_RESERVE(&f->list, 1))
		i = map_intern(&f->map, hash_bytes(text.p, text.n), same_text, f, &text, fresh);
	if (i == MAP_NONE) {
		f->no_memory = true;
		return;
	}
	if (i == fresh)
		(void)VEC_PUSH(&f->list, (struct holder){ .text = arena_str(&f->r->arena, text) });
	f->list.p[i].samples += (double)v[f->samples];
	f->list.p[i].bytes += (double)v[f->bytes];
}

/* The greatest, and the greatest but for `not`. */
static const struct holder *greatest(const struct finder *f, const struct holder * not )
{
	const struct holder *best = NULL;

	for (size_t i = 0; i < f->list.n; i++)
		if (&f->list.p[i] != not &&(!best || f->list.p[i].bytes > best->bytes))
			best = &f->list.p[i];
	return best;
}

static void find(struct finder *f, struct leaks_site *site)
{
	const struct holder *first, *second;

	f->list.n = 0;
	map_release(&f->map);
	site->held_samples = 0;
	for (size_t i = 0; i < f->p->samples.n; i++) {
		if (!is_of(f, i, site))
			continue;
		site->held_samples += (double)sample_values(f->p, i)[f->samples];
		write_holder(f, i);
		add(f, i);
	}
	first = greatest(f, NULL);
	second = greatest(f, first);
	if (!first)
		return;
	site->holder = first->text;
	site->holder_samples = first->samples;
	if (second && second->samples >= SECOND * site->held_samples) {
		site->other_holder = second->text;
		site->other_holder_samples = second->samples;
	}
}

enum err_code leaks_holders(struct leaks_report *r, const struct profile *retained, struct err *e)
{
	struct finder f = { .r = r, .p = retained };
	bool failed;

	f.samples = profile_sample_type_index(retained, STR("inuse_samples"));
	f.bytes = profile_sample_type_index(retained, STR("inuse_space"));
	for (size_t i = 0; f.samples >= 0 && f.bytes >= 0 && i < r->n_suspects; i++)
		find(&f, &r->suspects[i]);
	failed = f.no_memory || buf_failed(&f.text) || arena_failed(&r->arena);
	VEC_RELEASE(&f.list);
	map_release(&f.map);
	buf_release(&f.text);
	return failed ? FAIL_NOMEM(e) : OK;
}
