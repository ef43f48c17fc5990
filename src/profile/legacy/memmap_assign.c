/*
 * From addresses to mappings. Old writers described their own program's mapping wrongly in known
 * ways; these are repaired on the way, as google/pprof does it. Normal maps are in order without
 * overlaps, so that each address is found by bisection; strange ones are searched in the file's
 * order, which decides between overlapping ranges.
 */
#include "profile/legacy/memmap.h"

#include <stdlib.h>

#include "core/str.h"

#define PROGRAM_START 0x400000u
/* Of the search in order: locations times mappings. */
#define MAX_SEARCH    (UINT64_C(1) << 33)

struct range {
	uint64_t start;
	uint64_t limit;
	uint32_t mapping;
};

struct assigner {
	struct legacy_builder *b;
	struct range *sorted; /* by start; NULL when ranges overlap */
	uint32_t n;           /* mappings but the catch-all one */
	uint32_t catch_all;   /* its index, or PROFILE_NONE */
};

static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->mapping < y->mapping ? -1 : x->mapping > y->mapping;
}

/* The first range may be a huge page in front of the program, or have lost its true start. */
static void repair_first(struct legacy_builder *b)
{
	struct mapping *m = b->mappings.p;
	struct str huge_page = STR("/anon_hugepage");

	if (b->mappings.n > 1 && str_starts(profile_str(b->p, m->file), huge_page) &&
	    m->limit == m[1].start) {
		memmove(m, m + 1, (b->mappings.n - 1) * sizeof *m);
		b->mappings.n--;
	}
	if (b->mappings.n && m->start - m->offset == PROGRAM_START) {
		m->start = PROGRAM_START;
		m->offset = 0;
	}
}

static bool is_disjoint(const struct range *r, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (r[i].limit < r[i].start || (i && r[i - 1].limit > r[i].start))
			return false;
	return true;
}

static MUST_USE enum err_code check_search(const struct assigner *a, struct err *e)
{
	if ((uint64_t)a->n * a->b->locations.n > MAX_SEARCH)
		return FAIL(e, ERR_LIMIT, "memory map has too many overlapping ranges");
	return OK;
}

static MUST_USE enum err_code sort_ranges(struct assigner *a, struct err *e)
{
	struct range *r;

	a->n = (uint32_t)a->b->mappings.n;
	r = ARENA_ARRAY(&a->b->p->arena, struct range, a->n);
	if (!r)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < a->n; i++) {
		const struct mapping *m = &a->b->mappings.p[i];

		r[i] = (struct range){ m->start, m->limit, i };
	}
	qsort(r, a->n, sizeof *r, compare_ranges);
	if (!is_disjoint(r, a->n))
		return check_search(a, e);
	a->sorted = r;
	return OK;
}

static uint32_t bisect(const struct assigner *a, uint64_t address)
{
	uint32_t low = 0;
	uint32_t high = a->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (a->sorted[middle].limit <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < a->n && a->sorted[low].start <= address ? a->sorted[low].mapping
							     : PROFILE_NONE;
}

static uint32_t find_mapping(const struct assigner *a, uint64_t address)
{
	if (a->sorted)
		return bisect(a, address);
	for (uint32_t i = 0; i < a->n; i++) {
		const struct mapping *m = &a->b->mappings.p[i];

		if (m->start <= address && address < m->limit)
			return i;
	}
	return PROFILE_NONE;
}

/* After mapping i began at old_start: the sorted ranges follow, or are given up. */
static MUST_USE enum err_code follow_start(
    struct assigner *a, uint32_t i, uint64_t old_start, struct err *e)
{
	uint32_t at = 0;

	if (!a->sorted)
		return OK;
	while (a->sorted[at].mapping != i || a->sorted[at].start != old_start)
		at++;
	a->sorted[at].start = a->b->mappings.p[i].start;
	if (at == 0 || a->sorted[at - 1].limit <= a->sorted[at].start)
		return OK;
	a->sorted = NULL;
	return check_search(a, e);
}

/* Some writers lost the first part of a range that was split: it is given back. */
static MUST_USE enum err_code find_lost_part(
    struct assigner *a, uint64_t address, uint32_t *found, struct err *e)
{
	*found = PROFILE_NONE;
	for (uint32_t i = 0; i < a->n; i++) {
		struct mapping *m = &a->b->mappings.p[i];
		uint64_t start = m->start;

		if (m->offset == 0 || m->start - m->offset > address || address >= m->start)
			continue;
		m->start -= m->offset;
		m->offset = 0;
		*found = i;
		return follow_start(a, i, start, e);
	}
	return OK;
}

static uint32_t get_catch_all(struct assigner *a)
{
	if (a->catch_all == PROFILE_NONE) {
		a->catch_all = (uint32_t)a->b->mappings.n;
		(void)VEC_PUSH(&a->b->mappings, (struct mapping){ .limit = UINT64_MAX });
	}
	return a->catch_all;
}

static MUST_USE enum err_code assign(struct assigner *a, struct location *l, struct err *e)
{
	uint32_t at = find_mapping(a, l->address);

	/* Once there is a catch-all it comes before the search for lost parts. */
	if (at == PROFILE_NONE && a->catch_all != PROFILE_NONE && l->address != UINT64_MAX)
		at = a->catch_all;
	if (at == PROFILE_NONE)
		TRY(find_lost_part(a, l->address, &at, e));
	if (at == PROFILE_NONE)
		at = get_catch_all(a);
	l->mapping = at;
	return OK;
}

enum err_code memmap_assign(struct legacy_builder *b, struct err *e)
{
	struct assigner a = { .b = b, .catch_all = PROFILE_NONE };

	repair_first(b);
	TRY(sort_ranges(&a, e));
	for (size_t i = 0; i < b->locations.n; i++)
		if (b->locations.p[i].address != 0)
			TRY(assign(&a, &b->locations.p[i], e));
	for (size_t i = 0; i < b->mappings.n; i++)
		b->mappings.p[i].id = i + 1;
	return b->mappings.failed ? FAIL_NOMEM(e) : OK;
}
