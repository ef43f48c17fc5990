#include "profile/aggregate.h"

#include "profile/check.h"

static MUST_USE enum err_code lower_mappings(
    struct profile *p, const struct aggregate_options *keep, struct err *e)
{
	struct mapping *to = arena_alloc_raw(&p->arena, p->n_mappings, sizeof *to);

	if (!to)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_mappings; i++) {
		to[i] = p->mappings[i];
		to[i].has_inline_frames &= keep->inlines;
		to[i].has_functions &= keep->function;
		to[i].has_filenames &= keep->filename;
		to[i].has_line_numbers &= keep->line;
	}
	p->mappings = to;
	return OK;
}

static MUST_USE enum err_code blank_functions(
    struct profile *p, const struct aggregate_options *keep, struct err *e)
{
	struct function *to;

	if (keep->function && keep->filename)
		return OK;
	to = arena_alloc_raw(&p->arena, p->n_functions, sizeof *to);
	if (!to)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_functions; i++) {
		to[i] = p->functions[i];
		if (!keep->function)
			to[i].name = to[i].system_name = 0;
		if (!keep->filename)
			to[i].filename = 0;
	}
	p->functions = to;
	return OK;
}

static MUST_USE enum err_code blank_lines(
    struct profile *p, const struct aggregate_options *keep, struct err *e)
{
	struct line *to;

	if (keep->line && keep->column)
		return OK;
	to = arena_alloc_raw(&p->arena, p->n_lines, sizeof *to);
	if (!to)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_lines; i++) {
		to[i] = p->lines[i];
		to[i].column = 0;
		if (!keep->line)
			to[i].line = 0;
	}
	p->lines = to;
	return OK;
}

static MUST_USE enum err_code blank_locations(
    struct profile *p, const struct aggregate_options *keep, struct err *e)
{
	struct location *to;

	if (keep->inlines && keep->address)
		return OK;
	to = arena_alloc_raw(&p->arena, p->n_locations, sizeof *to);
	if (!to)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_locations; i++) {
		to[i] = p->locations[i];
		if (!keep->address)
			to[i].address = 0;
		if (!keep->inlines && to[i].n_lines > 1) {
			to[i].first_line += to[i].n_lines - 1;
			to[i].n_lines = 1;
		}
	}
	p->locations = to;
	return OK;
}

enum err_code profile_aggregate(
    struct profile *p, const struct aggregate_options *keep, struct err *e)
{
	TRY(lower_mappings(p, keep, e));
	TRY(blank_functions(p, keep, e));
	TRY(blank_lines(p, keep, e));
	TRY(blank_locations(p, keep, e));
	return profile_check_tables(p, e);
}
