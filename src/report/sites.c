/*
 * The addresses of a profile with what was sampled there. Called by codelines.c. Whether a location
 * matches is asked once per location and function, not once per sample.
 */
#include "report/sites.h"

#include <stdlib.h>

#include "core/hash.h"

/* What the search knows while it runs. */
struct search {
	struct report *r;
	struct sites *sites;
	uint32_t *site_of;      /* per location */
	bool *function_matches; /* per function */
	bool *mapping_matches;  /* per mapping */
	bool *used;             /* per location: in a sample */
};

struct keyed {
	uint64_t address;
	uint32_t location;
	bool made_up;
};

void sites_release(struct sites *s)
{
	VEC_RELEASE(&s->wanted);
	VEC_RELEASE(&s->names);
	map_release(&s->by_wanted);
	map_release(&s->by_system);
	*s = (struct sites){ 0 };
}

static bool same_wanted(const void *ctx, uint32_t index, const void *key)
{
	return str_eq(((const struct str *)ctx)[index], *(const struct str *)key);
}

static bool same_system(const void *ctx, uint32_t index, const void *key)
{
	return str_eq(((const struct sites_name *)ctx)[index].system, *(const struct str *)key);
}

static uint64_t text_hash(struct str s)
{
	return hash_bytes(s.p, s.n);
}

static void want(struct sites *s, struct str name)
{
	const uint32_t fresh = (uint32_t)s->wanted.n;

	if (name.n == 0 || !VEC_RESERVE(&s->wanted, 1))
		return;
	if (map_intern(&s->by_wanted, text_hash(name), same_wanted, s->wanted.p, &name, fresh) ==
	    fresh)
		s->wanted.p[s->wanted.n++] = name;
}

static void remember_name(struct sites *s, struct str system, struct str name)
{
	const uint32_t fresh = (uint32_t)s->names.n;

	if (system.n == 0 || str_eq(system, name) || !VEC_RESERVE(&s->names, 1))
		return;
	if (map_intern(&s->by_system, text_hash(system), same_system, s->names.p, &system, fresh) ==
	    fresh)
		s->names.p[s->names.n++] = (struct sites_name){ system, name };
}

bool sites_wants(const struct sites *s, struct str function)
{
	return map_find(&s->by_wanted, text_hash(function), same_wanted, s->wanted.p, &function) !=
	       MAP_NONE;
}

struct str sites_pretty(const struct sites *s, struct str name)
{
	const uint32_t at =
	    map_find(&s->by_system, text_hash(name), same_system, s->names.p, &name);

	return at == MAP_NONE ? name : s->names.p[at].name;
}

size_t sites_at(const struct sites *s, uint64_t address)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (s->v[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int by_address(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->location < y->location ? -1 : x->location > y->location;
}

/* The first address that belongs to no mapping and no location. */
static uint64_t made_up_base(const struct profile *p)
{
	uint64_t base = 1;

	for (uint32_t i = 0; i < p->n_mappings; i++)
		if (p->mappings[i].limit > base)
			base = p->mappings[i].limit;
	for (uint32_t i = 0; i < p->n_locations; i++)
		if (p->locations[i].address >= base && p->locations[i].address < UINT64_MAX)
			base = p->locations[i].address + 1;
	return base < UINT64_MAX - p->n_locations ? base : UINT64_MAX - p->n_locations;
}

/* One site an address; site_of maps locations to them. */
static enum err_code make_sites(struct search *s, struct err *e)
{
	const struct profile *p = s->r->profile;
	const uint64_t base = made_up_base(p);
	struct arena *arena = &s->r->arena;
	struct keyed *keyed = ARENA_ARRAY(arena, struct keyed, p->n_locations);
	struct site *v = ARENA_ARRAY(arena, struct site, p->n_locations);

	s->site_of = ARENA_ARRAY(arena, uint32_t, p->n_locations);
	if (!keyed || !v || !s->site_of)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_locations; i++) {
		const uint64_t address = p->locations[i].address;

		keyed[i] = (struct keyed){ address ? address : base + i, i, address == 0 };
	}
	if (p->n_locations > 1)
		qsort(keyed, p->n_locations, sizeof *keyed, by_address);
	for (uint32_t i = 0; i < p->n_locations; i++) {
		if (s->sites->n == 0 || v[s->sites->n - 1].address != keyed[i].address)
			v[s->sites->n++] = (struct site){ .address = keyed[i].address,
				.location = keyed[i].location,
				.made_up = keyed[i].made_up };
		s->site_of[keyed[i].location] = (uint32_t)(s->sites->n - 1);
	}
	s->sites->v = v;
	return OK;
}

static bool text_matches(const struct report *r, str_id text)
{
	return text != 0 && regex_match(r->options->symbol, profile_str(r->profile, text));
}

static enum err_code match_names(struct search *s, struct err *e)
{
	const struct profile *p = s->r->profile;
	struct arena *arena = &s->r->arena;

	s->function_matches = ARENA_ARRAY(arena, bool, p->n_functions);
	s->mapping_matches = ARENA_ARRAY(arena, bool, p->n_mappings);
	s->used = ARENA_ARRAY(arena, bool, p->n_locations);
	if (!s->function_matches || !s->mapping_matches || !s->used)
		return FAIL_NOMEM(e);
	if (!s->r->options->symbol)
		return OK;
	for (uint32_t i = 0; i < p->n_functions; i++) {
		const struct function *f = &p->functions[i];

		s->function_matches[i] = text_matches(s->r, f->name) ||
					 text_matches(s->r, f->system_name) ||
					 text_matches(s->r, f->filename);
	}
	for (uint32_t i = 0; i < p->n_mappings; i++)
		s->mapping_matches[i] = text_matches(s->r, p->mappings[i].file);
	return OK;
}

static void sum_samples(struct search *s)
{
	const struct profile *p = s->r->profile;

	for (size_t i = 0; i < p->samples.n && !cancel_now(p->cancel, i); i++) {
		const uint64_t value = (uint64_t)report_sample_mean(s->r, i);
		size_t depth;
		const uint32_t *stack = sample_stack(p, i, &depth);

		for (size_t k = 0; k < depth; k++) {
			struct site *site = &s->sites->v[s->site_of[stack[k]]];

			s->used[stack[k]] = true;
			site->cum += value;
			if (k == 0)
				site->flat += value;
		}
	}
}

static void want_line(struct search *s, uint32_t location, const struct line *line)
{
	const struct profile *p = s->r->profile;
	const struct function *f;

	if (line->function == PROFILE_NONE)
		return;
	f = &p->functions[line->function];
	want(s->sites, profile_str(p, f->name));
	want(s->sites, profile_str(p, f->system_name));
	s->sites->v[s->site_of[location]].wanted = true;
}

/* An address (or no symbol at all) asks for the function itself, not for what is inlined in it. */
static void choose_lines(struct search *s, uint32_t location)
{
	const struct report_options *o = s->r->options;
	const struct profile *p = s->r->profile;
	const struct location *l = &p->locations[location];
	const struct line *lines = location_lines(p, l);
	const bool whole =
	    !o->symbol ||
	    (o->has_address && s->sites->v[s->site_of[location]].address == o->address);
	const bool binary = l->mapping != PROFILE_NONE && s->mapping_matches[l->mapping];

	for (uint32_t i = 0; i < l->n_lines; i++) {
		const uint32_t function = lines[i].function;

		if (function == PROFILE_NONE)
			continue;
		remember_name(s->sites, profile_str(p, p->functions[function].system_name),
		    profile_str(p, p->functions[function].name));
		if (whole ? i + 1 == l->n_lines
			  : (i == 0 && binary) || s->function_matches[function])
			want_line(s, location, &lines[i]);
	}
}

enum err_code sites_collect(struct sites *sites, struct report *r, struct err *e)
{
	struct search s = { .r = r, .sites = sites };

	*sites = (struct sites){ 0 };
	TRY(make_sites(&s, e));
	TRY(match_names(&s, e));
	sum_samples(&s);
	TRY(cancel_check(r->profile->cancel, e));
	for (uint32_t i = 0; i < r->profile->n_locations; i++)
		if (s.used[i])
			choose_lines(&s, i);
	if (sites->wanted.failed || sites->names.failed || sites->by_wanted.failed ||
	    sites->by_system.failed)
		return FAIL_NOMEM(e);
	return OK;
}
