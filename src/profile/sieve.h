/*
 * What the filters share: asking an expression once per string instead of once per frame, and
 * writing the samples that remain into new arrays. Callers: filter.c, prune.c, tagroot.c.
 */
#ifndef PROFILE_SIEVE_H
#define PROFILE_SIEVE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/regex.h"
#include "profile/profile.h"

/* Answers of one expression about the strings of a profile; each string is asked once. */
struct string_match {
	const struct regex *re; /* NULL: nothing matches */
	const struct profile *p;
	unsigned char *known;               /* by string id: 0 not asked, else 1 + answer */
	struct str (*simplify)(struct str); /* applied before the expression, or NULL */
};

/* Memory comes from p's arena; ERR_NOMEM. re may be NULL. */
enum err_code string_match_init(
    struct string_match *m, struct profile *p, const struct regex *re, struct err *e) MUST_USE;

bool string_match_ask(struct string_match *m, str_id id);

static inline bool string_matches(struct string_match *m, str_id id)
{
	if (!m->re)
		return false;
	return m->known[id] ? m->known[id] - 1 : string_match_ask(m, id);
}

/* True when the function's name or file matches; false for a line without a function. */
bool line_matches(struct string_match *m, const struct line *l);
/* True when the file of the location's mapping matches. */
bool mapping_matches(struct string_match *m, const struct location *l);
/* True when the mapping or any line matches. */
bool location_matches(struct string_match *m, const struct location *l);

/* New sample arrays, as large as the old ones at most. */
struct sieve {
	struct profile *p;
	int64_t *values;
	uint32_t *stack_at;
	uint32_t *stacks;
	uint32_t *label_at; /* NULL when there are no labels */
	struct label *labels;
	size_t n;
};

/* Room for stacks of `frames` locations in total; ERR_NOMEM. */
enum err_code sieve_init(struct sieve *s, struct profile *p, size_t frames, struct err *e) MUST_USE;

/* Where the next sample's stack is to be written. */
static inline uint32_t *sieve_stack(const struct sieve *s)
{
	return s->stacks + s->stack_at[s->n];
}

/* Keeps sample i with the `depth` frames that were written to sieve_stack(). */
void sieve_keep(struct sieve *s, size_t i, size_t depth);
/* Puts the arrays into the profile. */
void sieve_publish(struct sieve *s);

/* The number of frames of all stacks. */
static inline size_t samples_frames(const struct samples *s)
{
	return s->stack_at[s->n] - s->stack_at[0];
}

#endif
