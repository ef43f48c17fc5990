/*
 * A series of heap profiles as counts of sampled blocks: for each stack, moment and cohort of
 * births, how many samples are alive and what they stand for. Made once by leaks.c; the tests that
 * judge read it through struct leaks_view, one site at a time.
 */
#ifndef LEAKS_SERIES_H
#define LEAKS_SERIES_H

#include "base/vec.h"
#include "leaks/leaks.h"

/* Values of one stack at one moment and of one cohort; what has no births is in cohort 0. */
struct series_row {
	uint32_t stack; /* index of series.stacks */
	uint32_t moment;
	uint32_t born;
	double live_n, live_bytes, live_objects;
	double alloc_n; /* samples ever allocated, those alive included */
};

struct series {
	const struct leaks_input *in;
	struct arena *arena;
	struct series_row *rows; /* by stack */
	size_t n_rows;
	const uint32_t *stack_sample; /* a sample of the profile that has the stack */
	uint32_t n_stacks;
	double period; /* bytes between samples; 1 when all are known */
	bool has_allocs;
	double samples; /* alive or not, at the last moment */
};

/* Reads the profile. Errors: those of leaks_analyze(). Everything lies in `arena`. */
enum err_code series_read(
    struct series *s, const struct leaks_input *in, struct arena *arena, struct err *e) MUST_USE;

/* One cohort of a site at one moment. */
struct leaks_cohort {
	uint32_t born; /* seconds since the start */
	double n, bytes;
};

struct leaks_point {
	size_t first, n; /* in cohorts; by birth */
	double live_n, live_bytes, live_objects, alloc_n;
};

/* A site's rows, added up over its stacks. */
struct leaks_view {
	const struct series *series;
	const struct leaks_moment *moments;
	struct leaks_point points[LEAKS_MAX_MOMENTS];
	size_t n_moments;
	VEC(struct leaks_cohort) cohorts;
};

/*
 * Sets *view to the sum of rows[0..n), which are sorted here by moment and birth. False when
 * memory is short. The view may be used for many sites; release it with leaks_view_release.
 */
bool leaks_view_fill(
    struct leaks_view *view, const struct series *s, struct series_row *rows, size_t n);
void leaks_view_release(struct leaks_view *view);

/* What is alive at moment k of births from `from` on and before `to`. */
struct leaks_amount {
	double n, bytes;
};
struct leaks_amount leaks_view_born(
    const struct leaks_view *view, size_t k, uint32_t from, uint32_t to);

#endif
