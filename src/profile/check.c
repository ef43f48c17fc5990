#include "profile/check.h"

#include <inttypes.h>

#include "profile/idtable.h"

struct table {
	const void *first; /* elements that begin with their id */
	size_t stride;
	uint32_t n;
	const char *noun;
	const char *zero; /* how pprof spells an id of 0 */
};

/* *fault: the first element whose id is 0 or taken, else IDTABLE_NONE. */
static MUST_USE enum err_code find_fault(const struct table *t, uint32_t *fault, struct err *e)
{
	struct arena scratch = { 0 };
	struct idtable ids;
	bool built = idtable_build(&ids, &scratch, t->first, t->stride, t->n);

	*fault = ids.fault;
	idtable_release(&ids);
	arena_release(&scratch);
	return built ? OK : FAIL_NOMEM(e);
}

static MUST_USE enum err_code report_fault(const struct table *t, uint32_t fault, struct err *e)
{
	uint64_t id;

	if (fault == IDTABLE_NONE)
		return OK;
	memcpy(&id, (const char *)t->first + fault * t->stride, sizeof id);
	if (id == 0)
		return FAIL(e, ERR_FORMAT, "found %s with reserved %s", t->noun, t->zero);
	return FAIL(e, ERR_FORMAT, "multiple %ss with same id: %" PRIu64, t->noun, id);
}

static MUST_USE enum err_code check_ids(const struct table *t, struct err *e)
{
	uint32_t fault;

	TRY(find_fault(t, &fault, e));
	return report_fault(t, fault, e);
}

static MUST_USE enum err_code check_location(
    const struct profile *p, const struct location *l, struct err *e)
{
	if (l->mapping != PROFILE_NONE && l->mapping >= p->n_mappings)
		return FAIL(e, ERR_FORMAT, "inconsistent mapping %" PRIu32, l->mapping);
	if (l->n_lines > p->n_lines || l->first_line > p->n_lines - l->n_lines)
		return FAIL(e, ERR_FORMAT, "inconsistent lines of location id: %" PRIu64, l->id);
	for (uint32_t i = 0; i < l->n_lines; i++)
		if (p->lines[l->first_line + i].function >= p->n_functions)
			return FAIL(e, ERR_FORMAT,
			    "location id: %" PRIu64 " has a line with nil function", l->id);
	return OK;
}

enum err_code profile_check_tables(const struct profile *p, struct err *e)
{
	const struct table mappings = { p->mappings, sizeof *p->mappings, p->n_mappings, "mapping",
		"ID=0" };
	const struct table functions = { p->functions, sizeof *p->functions, p->n_functions,
		"function", "ID=0" };
	const struct table locations = { p->locations, sizeof *p->locations, p->n_locations,
		"location", "id=0" };
	uint32_t fault;

	TRY(check_ids(&mappings, e));
	TRY(check_ids(&functions, e));
	TRY(find_fault(&locations, &fault, e));
	for (uint32_t i = 0; i < p->n_locations && i < fault; i++)
		TRY(check_location(p, &p->locations[i], e));
	return report_fault(&locations, fault, e);
}

enum err_code profile_check(const struct profile *p, struct err *e)
{
	uint32_t end = p->samples.n ? p->samples.stack_at[p->samples.n] : 0;

	if (p->n_sample_types == 0 && p->samples.n != 0)
		return FAIL(e, ERR_FORMAT, "missing sample type information");
	for (uint32_t i = 0; i < end; i++)
		if (p->samples.stacks[i] >= p->n_locations)
			return FAIL(e, ERR_FORMAT, "sample has nil location");
	return profile_check_tables(p, e);
}
