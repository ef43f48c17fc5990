/*
 * Building a profile's name tables. Called by sym_local.c and sym_remote.c. Lines of locations that
 * get no new ones are kept where they are; new ones are appended.
 */
#include "symbolize/sym_tables.h"

#include "core/hash.h"

enum err_code sym_tables_init(struct sym_tables *t, struct profile *p, struct err *e)
{
	*t = (struct sym_tables){ .p = p };
	t->mappings = ARENA_ARRAY(&p->arena, struct mapping, p->n_mappings);
	t->locations = arena_alloc_raw(&p->arena, p->n_locations + 1, sizeof *t->locations);
	if (!t->mappings || !t->locations || !VEC_RESERVE(&t->lines, p->n_lines + 1) ||
	    !VEC_RESERVE(&t->functions, p->n_functions + 1)) {
		sym_tables_release(t);
		return FAIL_NOMEM(e);
	}
	if (p->n_mappings)
		memcpy(t->mappings, p->mappings, p->n_mappings * sizeof *t->mappings);
	if (p->n_locations)
		memcpy(t->locations, p->locations, p->n_locations * sizeof *t->locations);
	if (p->n_lines)
		memcpy(t->lines.p, p->lines, p->n_lines * sizeof *t->lines.p);
	if (p->n_functions)
		memcpy(t->functions.p, p->functions, p->n_functions * sizeof *t->functions.p);
	t->lines.n = p->n_lines;
	t->functions.n = p->n_functions;
	return OK;
}

void sym_tables_release(struct sym_tables *t)
{
	VEC_RELEASE(&t->lines);
	VEC_RELEASE(&t->functions);
	map_release(&t->functions_map);
	*t = (struct sym_tables){ 0 };
}

static bool same_function(const void *ctx, uint32_t index, const void *key)
{
	const struct sym_tables *t = ctx;
	const struct function *a = &t->functions.p[index];
	const struct function *b = key;

	return a->system_name == b->system_name && a->filename == b->filename &&
	       a->start_line == b->start_line;
}

uint32_t sym_tables_function(
    struct sym_tables *t, str_id system_name, str_id name, str_id file, int64_t start_line)
{
	const uint32_t fresh = (uint32_t)t->functions.n;
	const struct function f = { .id = (uint64_t)fresh + 1,
		.name = name,
		.system_name = system_name,
		.filename = file,
		.start_line = start_line };
	const uint64_t hash = hash_mix((uint64_t)system_name << 32 | file, (uint64_t)start_line);
	uint32_t index;

	/* Room first: an index that is in the map must be one of the table's. */
	if (!VEC_RESERVE(&t->functions, 1))
		return PROFILE_NONE;
	index = map_intern(&t->functions_map, hash, same_function, t, &f, fresh);
	if (index == MAP_NONE)
		return PROFILE_NONE;
	if (index == fresh)
		(void)VEC_PUSH(&t->functions, f);
	return index;
}

bool sym_tables_expect(struct sym_tables *t, size_t n)
{
	return map_reserve(&t->functions_map, t->functions_map.n + n) &&
	       VEC_RESERVE(&t->functions, n);
}

void sym_tables_set_lines(struct sym_tables *t, uint32_t location, uint32_t first, uint32_t n)
{
	struct location *at = &t->locations[location];

	at->first_line = first;
	at->n_lines = n;
	at->is_folded = false;
}

struct line *sym_tables_lines(struct sym_tables *t, uint32_t location, uint32_t n)
{
	struct location *at = &t->locations[location];

	at->first_line = (uint32_t)t->lines.n;
	at->n_lines = 0;
	at->is_folded = false;
	if (t->lines.n >= UINT32_MAX - n)
		t->lines.failed = true;
	if (!VEC_RESERVE(&t->lines, n))
		return NULL;
	at->n_lines = n;
	t->lines.n += n;
	return &t->lines.p[at->first_line];
}

bool sym_tables_is_nameless(const struct sym_tables *t, uint32_t location)
{
	const struct location *at = &t->locations[location];
	const struct line *line;
	const struct function *f;

	if (at->n_lines != 1)
		return at->n_lines == 0;
	line = &t->lines.p[at->first_line];
	if (line->function == PROFILE_NONE)
		return line->line == 0;
	f = &t->functions.p[line->function];
	return !f->name && !f->filename && line->line == 0;
}

enum err_code sym_tables_publish(struct sym_tables *t, struct err *e)
{
	struct profile *p = t->p;
	const uint32_t n_lines = (uint32_t)t->lines.n;
	const uint32_t n_functions = (uint32_t)t->functions.n;
	struct line *lines;
	struct function *functions;

	if (t->lines.failed || t->functions.failed || t->functions_map.failed)
		return FAIL_NOMEM(e);
	/* The storage itself becomes the profile's: a copy would be its peak of memory. */
	lines = arena_adopt(&p->arena, vec_trim(t->lines.p, t->lines.n + 1, sizeof *lines));
	functions =
	    arena_adopt(&p->arena, vec_trim(t->functions.p, t->functions.n + 1, sizeof *functions));
	memset(&t->lines, 0, sizeof t->lines);
	memset(&t->functions, 0, sizeof t->functions);
	if (!lines || !functions || arena_failed(&p->arena))
		return FAIL_NOMEM(e);
	p->lines = lines;
	p->n_lines = n_lines;
	p->functions = functions;
	p->n_functions = n_functions;
	p->mappings = t->mappings;
	p->locations = t->locations;
	return OK;
}
