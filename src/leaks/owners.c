/* Frames and their owner; see owners.h. */
#include "leaks/owners.h"

#include <inttypes.h>
#include <string.h>

/* Names that hold one of these allocate for someone else. */
static const char *const wrappers[] = { "malloc", "calloc", "realloc", "memalign", "mallocz",
	"operator new", "strdup", "strndup", "vasprintf",
	"std::", "__gnu_cxx::", "runtime.malloc" };

/* Files whose functions all do. */
static const char *const libraries[] = { "libc.so", "libc-", "libstdc++", "libc++", "ld-linux",
	"libpprof", "libjemalloc", "libtcmalloc", "libmimalloc" };

static struct str last_part(struct str path)
{
	size_t slash = str_rfind_char(path, '/');

	return slash == STR_NPOS ? path : str_skip(path, slash + 1);
}

bool owners_is_library(const struct series *s, const struct frame *f)
{
	const struct profile *p = s->in->p;
	uint32_t mapping;
	struct str file;

	if (f->location == PROFILE_NONE)
		return false;
	mapping = p->locations[f->location].mapping;
	if (mapping == PROFILE_NONE)
		return false;
	file = last_part(profile_str(p, p->mappings[mapping].file));
	for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
		if (str_starts(file, str_c(libraries[i])))
			return true;
	return false;
}

/* Upper case is folded: "PyObject_Malloc", "sqlite3MemMalloc". */
static bool holds(struct str name, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= name.n; i++) {
		size_t k = 0;

		while (k < n &&
		       ((name.p[i + k] >= 'A' && name.p[i + k] <= 'Z') ? name.p[i + k] + 'a' - 'A'
								       : name.p[i + k]) == word[k])
			k++;
		if (k == n)
			return true;
	}
	return false;
}

static bool is_wrapper(const struct series *s, const struct frame *f)
{
	const struct profile *p = s->in->p;
	struct str name;

	if (owners_is_library(s, f))
		return true;
	if (f->function == PROFILE_NONE)
		return false;
	name = profile_str(p, p->functions[f->function].name);
	for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++)
		if (holds(name, wrappers[i]))
			return true;
	return false;
}

/* A line may be of a function without a name: its address tells more. */
static uint32_t named(const struct profile *p, const struct line *line)
{
	const uint32_t f = line->function;

	return f != PROFILE_NONE && p->functions[f].name != 0 ? f : PROFILE_NONE;
}

size_t owners_frames(const struct series *s, uint32_t stack, struct frame out[OWNERS_DEPTH])
{
	const struct profile *p = s->in->p;
	size_t depth, n = 0;
	const uint32_t *at = sample_stack(p, s->stack_sample[stack], &depth);

	for (size_t i = 0; i < depth && n < OWNERS_DEPTH; i++) {
		const struct location *l = &p->locations[at[i]];
		const struct line *lines = location_lines(p, l);

		if (l->n_lines == 0)
			out[n++] = (struct frame){ at[i], PROFILE_NONE, 0 };
		for (uint32_t k = 0; k < l->n_lines && n < OWNERS_DEPTH; k++)
			out[n++] = (struct frame){ at[i], named(p, &lines[k]), lines[k].line };
	}
	if (n == 0)
		out[n++] = (struct frame){ PROFILE_NONE, PROFILE_NONE, 0 };
	return n;
}

size_t owners_find(const struct series *s, const struct frame *frames, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_wrapper(s, &frames[i]))
			return i;
	return 0;
}

struct str owners_name(const struct series *s, const struct frame *f, struct arena *arena)
{
	const struct profile *p = s->in->p;
	const struct location *l;

	if (f->function != PROFILE_NONE)
		return profile_str(p, p->functions[f->function].name);
	if (f->location == PROFILE_NONE)
		return STR("[no stack]");
	l = &p->locations[f->location];
	if (l->mapping == PROFILE_NONE)
		return arena_printf(arena, "%#" PRIx64, l->address);
	return arena_printf(arena, "%.*s+%#" PRIx64,
	    STR_ARG(last_part(profile_str(p, p->mappings[l->mapping].file))),
	    l->address - p->mappings[l->mapping].start + p->mappings[l->mapping].offset);
}

struct str owners_file(const struct series *s, const struct frame *f)
{
	const struct profile *p = s->in->p;

	if (f->function == PROFILE_NONE)
		return (struct str){ "", 0 };
	return last_part(profile_str(p, p->functions[f->function].filename));
}
