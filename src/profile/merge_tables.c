/*
 * The tables of a source on their way into the result of a merge, translated when a sample first
 * needs them, which gives their order. See merge.c, which calls it.
 *
 * What is equal to what follows pprof: see the *_equal functions. One oddity is kept on purpose: of
 * a location's columns only the last line's counts.
 */
#include "core/hash.h"
#include "profile/merger.h"

#define PAGE ((uint64_t)4096)

/*
 * map_intern with the failure noted; an index that callers may use in any case. After a failure
 * the maps are left alone: they may know elements that could not be appended.
 */
static uint32_t lookup(struct merger *m, struct map *map, uint64_t hash, map_equal *equal,
    const void *key, size_t fresh)
{
	uint32_t at =
	    merger_failed(m) ? MAP_NONE : map_intern(map, hash, equal, m, key, (uint32_t)fresh);

	if (at != MAP_NONE)
		return at;
	m->failed = true;
	return 0;
}

str_id merger_string(struct merger *m, str_id id)
{
	uint32_t *to = &m->tables.strings.to[id];

	if (*to == MERGER_UNMAPPED)
		*to = profile_intern(m->out, profile_str(m->src, id));
	return *to;
}

/* Mappings: equal when size (in pages), offset and build id (else file) are. */

static uint64_t pages_of(const struct mapping *m)
{
	uint64_t size = m->limit - m->start + PAGE - 1;

	return size - size % PAGE;
}

static str_id name_of(const struct mapping *m)
{
	return m->build_id ? m->build_id : m->file;
}

static bool mapping_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct merger *m = ctx;
	const struct mapping *a = &m->mappings.p[index], *b = key;

	return pages_of(a) == pages_of(b) && a->offset == b->offset && name_of(a) == name_of(b);
}

uint32_t merger_mapping(struct merger *m, uint32_t index)
{
	struct mapping copy;
	uint64_t hash;

	if (index == PROFILE_NONE)
		return PROFILE_NONE;
	if (m->tables.mappings.to[index] != MERGER_UNMAPPED)
		return m->tables.mappings.to[index];
	copy = m->src->mappings[index];
	copy.id = m->mappings.n + 1;
	copy.file = merger_string(m, copy.file);
	copy.build_id = merger_string(m, copy.build_id);
	copy.kernel_reloc = merger_string(m, copy.kernel_reloc);
	hash = hash_mix(hash_mix(pages_of(&copy), copy.offset), name_of(&copy));
	index = m->tables.mappings.to[index] =
	    lookup(m, &m->mapping_map, hash, mapping_equal, &copy, m->mappings.n);
	if (index == m->mappings.n)
		VEC_PUSH(&m->mappings, copy);
	return index;
}

/* Functions: equal in everything but the id. */

static bool function_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct merger *m = ctx;
	const struct function *a = &m->functions.p[index], *b = key;

	return a->start_line == b->start_line && a->name == b->name &&
	       a->system_name == b->system_name && a->filename == b->filename;
}

static uint32_t map_function(struct merger *m, uint32_t index)
{
	struct function copy;
	uint64_t hash;

	if (index == PROFILE_NONE)
		return PROFILE_NONE;
	if (m->tables.functions.to[index] != MERGER_UNMAPPED)
		return m->tables.functions.to[index];
	copy = m->src->functions[index];
	copy.id = m->functions.n + 1;
	copy.name = merger_string(m, copy.name);
	copy.system_name = merger_string(m, copy.system_name);
	copy.filename = merger_string(m, copy.filename);
	hash = hash_mix((uint64_t)copy.name << 32 | copy.system_name,
	    hash_mix((uint64_t)copy.start_line, copy.filename));
	index = m->tables.functions.to[index] =
	    lookup(m, &m->function_map, hash, function_equal, &copy, m->functions.n);
	if (index == m->functions.n)
		VEC_PUSH(&m->functions, copy);
	return index;
}

/* Locations: equal when place in the mapping, lines and the last line's column are. */

static uint64_t relative_address(const struct merger *m, const struct location *l)
{
	return l->mapping == PROFILE_NONE ? l->address
					  : l->address - m->mappings.p[l->mapping].start;
}

static bool lines_equal(const struct merger *m, uint32_t first, uint32_t second, uint32_t n)
{
	const struct line *a, *b;

	if (n == 0)
		return true;
	a = m->lines.p + first;
	b = m->lines.p + second;
	for (uint32_t i = 0; i < n; i++)
		if (a[i].function != b[i].function || a[i].line != b[i].line)
			return false;
	return a[n - 1].column == b[n - 1].column;
}

static bool location_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct merger *m = ctx;
	const struct location *a = &m->locations.p[index], *b = key;

	return relative_address(m, a) == relative_address(m, b) && a->mapping == b->mapping &&
	       a->is_folded == b->is_folded && a->n_lines == b->n_lines &&
	       lines_equal(m, a->first_line, b->first_line, a->n_lines);
}

static uint64_t hash_location(const struct merger *m, const struct location *l)
{
	uint64_t hash = hash_mix(relative_address(m, l), (uint64_t)l->mapping << 1 | l->is_folded);

	for (uint32_t i = 0; i < l->n_lines; i++) {
		const struct line *line = &m->lines.p[l->first_line + i];

		hash = hash_mix(hash ^ line->function, (uint64_t)line->line);
	}
	return hash;
}

/* Appends the translated lines of a source location; they are cut off again when not needed. */
static bool add_lines(struct merger *m, const struct location *l)
{
	if (!VEC_RESERVE(&m->lines, l->n_lines))
		return false;
	for (uint32_t i = 0; i < l->n_lines; i++) {
		struct line line = location_lines(m->src, l)[i];

		line.function = map_function(m, line.function);
		m->lines.p[m->lines.n++] = line;
	}
	return true;
}

static uint32_t map_location(struct merger *m, uint32_t index)
{
	const struct location *from = &m->src->locations[index];
	struct location copy = *from;
	size_t n_lines = m->lines.n;

	copy.id = m->locations.n + 1;
	copy.mapping = merger_mapping(m, from->mapping);
	copy.first_line = (uint32_t)n_lines;
	if (!add_lines(m, from) || merger_failed(m))
		return 0;
	if (copy.mapping != PROFILE_NONE)
		copy.address +=
		    m->mappings.p[copy.mapping].start - m->src->mappings[from->mapping].start;
	index = lookup(
	    m, &m->location_map, hash_location(m, &copy), location_equal, &copy, m->locations.n);
	if (index == m->locations.n)
		VEC_PUSH(&m->locations, copy);
	else
		m->lines.n = n_lines;
	return index;
}

uint32_t merger_location(struct merger *m, uint32_t index)
{
	uint32_t *to = &m->tables.locations.to[index];

	if (*to == MERGER_UNMAPPED)
		*to = map_location(m, index);
	return *to;
}

/*
 * Profiles of one program tend to number their tables alike. So what an index of the source before
 * became is tried first, all of them in order: comparing along two arrays costs a tenth of finding
 * each in a map when a sample happens to need it. Nothing is added to the result here.
 */

static uint32_t previous_of(const struct merger_table *t, uint32_t i)
{
	return i < t->n ? t->to[i] : MERGER_UNMAPPED;
}

static void try_strings(struct merger *m)
{
	for (uint32_t i = 0; i < m->tables.strings.n; i++) {
		uint32_t at = previous_of(&m->previous.strings, i);

		if (at != MERGER_UNMAPPED &&
		    str_eq(profile_str(m->out, at), profile_str(m->src, i)))
			m->tables.strings.to[i] = at;
	}
}

static void try_functions(struct merger *m)
{
	const uint32_t *string_to = m->tables.strings.to;

	for (uint32_t i = 0; i < m->tables.functions.n; i++) {
		const struct function *f = &m->src->functions[i];
		uint32_t at = previous_of(&m->previous.functions, i);
		struct function copy = *f;

		if (at == MERGER_UNMAPPED)
			continue;
		copy.name = string_to[f->name];
		copy.system_name = string_to[f->system_name];
		copy.filename = string_to[f->filename];
		if (function_equal(m, at, &copy))
			m->tables.functions.to[i] = at;
	}
}

static bool same_lines(const struct merger *m, const struct location *l, const struct location *at)
{
	const struct line *a, *b;

	if (l->n_lines == 0 || l->n_lines != at->n_lines)
		return l->n_lines == at->n_lines;
	a = location_lines(m->src, l);
	b = m->lines.p + at->first_line;
	for (uint32_t i = 0; i < l->n_lines; i++) {
		uint32_t function = PROFILE_NONE;

		if (a[i].function != PROFILE_NONE) {
			function = m->tables.functions.to[a[i].function];
			if (function == MERGER_UNMAPPED)
				return false;
		}
		if (function != b[i].function || a[i].line != b[i].line ||
		    a[i].column != b[i].column)
			return false;
	}
	return true;
}

/* True when l's mapping is that of `at`; *shift: what is to be added to its addresses. */
static bool same_mapping(
    const struct merger *m, const struct location *l, const struct location *at, uint64_t *shift)
{
	*shift = 0;
	if (l->mapping == PROFILE_NONE || at->mapping == PROFILE_NONE)
		return l->mapping == at->mapping;
	if (m->tables.mappings.to[l->mapping] != at->mapping)
		return false;
	*shift = m->mappings.p[at->mapping].start - m->src->mappings[l->mapping].start;
	return true;
}

static void try_locations(struct merger *m)
{
	for (uint32_t i = 0; i < m->tables.locations.n; i++) {
		const struct location *l = &m->src->locations[i], *to;
		uint32_t at = previous_of(&m->previous.locations, i);
		uint64_t shift;

		if (at == MERGER_UNMAPPED)
			continue;
		to = &m->locations.p[at];
		if (same_mapping(m, l, to, &shift) && l->address + shift == to->address &&
		    l->is_folded == to->is_folded && same_lines(m, l, to))
			m->tables.locations.to[i] = at;
	}
}

/* Only what the source before had too: so none of these becomes new by being asked for. */
static void try_mappings(struct merger *m)
{
	for (uint32_t i = 0; i < m->tables.mappings.n; i++) {
		uint32_t at = previous_of(&m->previous.mappings, i);
		struct mapping copy = m->src->mappings[i];

		if (at == MERGER_UNMAPPED)
			continue;
		copy.file = m->tables.strings.to[copy.file];
		copy.build_id = m->tables.strings.to[copy.build_id];
		if (mapping_equal(m, at, &copy))
			m->tables.mappings.to[i] = at;
	}
}

static bool table_init(struct merger_tables *t, struct merger_table *table, uint32_t n)
{
	table->n = n;
	table->to = arena_alloc_raw(&t->arena, n, sizeof *table->to);
	if (table->to)
		memset(table->to, 0xff, n * sizeof *table->to); /* MERGER_UNMAPPED */
	return table->to != NULL;
}

bool merger_set_source(struct merger *m, const struct profile *src)
{
	struct merger_tables *t = &m->tables;

	arena_release(&m->previous.arena);
	m->previous = m->tables;
	m->tables = (struct merger_tables){ 0 };
	m->src = src;
	if (!table_init(t, &t->mappings, src->n_mappings) ||
	    !table_init(t, &t->functions, src->n_functions) ||
	    !table_init(t, &t->locations, src->n_locations) ||
	    !table_init(t, &t->strings, src->strings.n))
		return false;
	if (m->previous.strings.n == 0)
		return true;
	try_strings(m);
	try_mappings(m);
	try_functions(m);
	try_locations(m);
	return true;
}
