#include "profile/sieve.h"

enum err_code string_match_init(
    struct string_match *m, struct profile *p, const struct regex *re, struct err *e)
{
	*m = (struct string_match){ .re = re, .p = p };
	if (!re)
		return OK;
	m->known = ARENA_ARRAY(&p->arena, unsigned char, p->strings.n);
	return m->known ? OK : FAIL_NOMEM(e);
}

bool string_match_ask(struct string_match *m, str_id id)
{
	struct str s = profile_str(m->p, id);
	bool matched = regex_match(m->re, m->simplify ? m->simplify(s) : s);

	m->known[id] = matched ? 2 : 1;
	return matched;
}

bool line_matches(struct string_match *m, const struct line *l)
{
	const struct function *f;

	if (l->function == PROFILE_NONE)
		return false;
	f = &m->p->functions[l->function];
	return string_matches(m, f->name) || string_matches(m, f->filename);
}

bool mapping_matches(struct string_match *m, const struct location *l)
{
	return l->mapping != PROFILE_NONE && string_matches(m, m->p->mappings[l->mapping].file);
}

bool location_matches(struct string_match *m, const struct location *l)
{
	const struct line *lines = location_lines(m->p, l);

	for (uint32_t i = 0; i < l->n_lines; i++)
		if (line_matches(m, &lines[i]))
			return true;
	return mapping_matches(m, l);
}

enum err_code sieve_init(struct sieve *s, struct profile *p, size_t frames, struct err *e)
{
	const struct samples *from = &p->samples;
	struct arena *a = &p->arena;

	*s = (struct sieve){ .p = p };
	s->values = arena_alloc_raw(a, from->n, p->n_sample_types * sizeof *s->values);
	s->stack_at = arena_alloc_raw(a, from->n + 1, sizeof *s->stack_at);
	s->stacks = arena_alloc_raw(a, frames, sizeof *s->stacks);
	if (from->label_at) {
		s->label_at = arena_alloc_raw(a, from->n + 1, sizeof *s->label_at);
		s->labels = arena_alloc_raw(
		    a, from->label_at[from->n] - from->label_at[0], sizeof *s->labels);
	}
	if (arena_failed(a))
		return FAIL_NOMEM(e);
	s->stack_at[0] = 0;
	if (s->label_at)
		s->label_at[0] = 0;
	return OK;
}

void sieve_keep(struct sieve *s, size_t i, size_t depth)
{
	size_t width = s->p->n_sample_types;
	const struct label *labels;
	size_t n;

	if (width)
		memcpy(s->values + s->n * width, sample_values(s->p, i), width * sizeof *s->values);
	s->stack_at[s->n + 1] = s->stack_at[s->n] + (uint32_t)depth;
	if (s->label_at) {
		labels = sample_labels(s->p, i, &n);
		if (n)
			memcpy(s->labels + s->label_at[s->n], labels, n * sizeof *labels);
		s->label_at[s->n + 1] = s->label_at[s->n] + (uint32_t)n;
	}
	s->n++;
}

void sieve_publish(struct sieve *s)
{
	s->p->samples =
	    (struct samples){ s->n, s->values, s->stack_at, s->stacks, s->label_at, s->labels };
}
