/*
 * Sources of a flame tree: one per distinct function, file, line, column and inlining. Called once
 * per tree, before the stacks are read.
 */
#include "graph/stacksources.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "core/hash.h"
#include "graph/trimpath.h"

/* What makes a source. */
struct key {
	str_id name, file;
	str_id objfile; /* only of frames without a function */
	int64_t line, column;
	bool inlined;
};

struct table {
	struct stacks_tree *t;
	const struct profile *p;
	const struct stacks_options *o;
	VEC(struct key) keys; /* in step with sources */
	VEC(struct stack_source) sources;
	struct map map;   /* of keys */
	struct map names; /* of sources: the first with each name */
	struct buf text;
};

static bool same_key(const void *ctx, uint32_t index, const void *key)
{
	const struct key *a = (const struct key *)ctx + index;
	const struct key *b = key;

	return a->name == b->name && a->file == b->file && a->objfile == b->objfile &&
	       a->line == b->line && a->column == b->column && a->inlined == b->inlined;
}

static uint64_t key_hash(const struct key *k)
{
	uint64_t h = hash_mix((uint64_t)k->name << 32 | k->file, (uint64_t)k->line);

	return hash_mix(h ^ k->objfile, (uint64_t)k->column << 1 | k->inlined);
}

static bool same_name(const void *ctx, uint32_t index, const void *key)
{
	return str_eq(((const struct stack_source *)ctx)[index].name, *(const struct str *)key);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* The path and word in front of the first "." or "::" behind the last slash, else "". */
static struct str package_of(struct str name)
{
	size_t slash = str_rfind_char(name, '/');
	size_t begin = slash == STR_NPOS ? 0 : slash + 1, end = begin;
	struct str rest;

	while (end < name.n && is_word(name.p[end]))
		end++;
	rest = str_skip(name, end);
	if (end == begin || !(str_starts(rest, STR(".")) || str_starts(rest, STR("::"))))
		return STR("");
	return str_head(name, end);
}

static struct str folder_of(struct str file)
{
	size_t slash = str_rfind_char(file, '/');

	return str_head(file, slash == STR_NPOS ? 0 : slash);
}

/* The name without its line: the function, else the file, else the binary. */
static struct str plain_name(struct table *t, const struct key *k, struct str file)
{
	struct str objfile = profile_str(t->p, k->objfile);

	if (k->name != 0)
		return profile_str(t->p, k->name);
	if (file.n > 0)
		return file;
	if (objfile.n == 0)
		return STR("<unknown>");
	objfile = graph_base_path(objfile);
	return arena_printf(&t->t->arena, "[%.*s]", STR_ARG(objfile));
}

static struct str with_line(struct table *t, struct str name, const struct key *k)
{
	if (k->line == 0 && k->column == 0)
		return name;
	buf_clear(&t->text);
	buf_add_str(&t->text, name);
	buf_printf(&t->text, ":%" PRId64, k->line);
	if (k->column != 0)
		buf_printf(&t->text, ":%" PRId64, k->column);
	return arena_str(&t->t->arena, buf_str(&t->text));
}

/* Tells sources of one name apart by the function's id, so that a page can point to one. */
static struct str unique_name(struct table *t, struct str name, uint64_t id)
{
	uint32_t fresh = (uint32_t)t->sources.n;
	uint32_t at = map_intern(
	    &t->names, hash_bytes(name.p, name.n), same_name, t->sources.p, &name, fresh);

	if (at == fresh || at == MAP_NONE)
		return name;
	return arena_printf(&t->t->arena, "%.*s#%" PRIu64, STR_ARG(name), id);
}

static bool add_source(struct table *t, const struct key *k, uint64_t function_id)
{
	struct str file =
	    graph_trim_path(profile_str(t->p, k->file), t->o->trim_path, t->o->source_path);
	struct str plain = plain_name(t, k, file);
	struct stack_source s = {
		.name = with_line(t, plain, k),
		.file = file,
		.package = k->name != 0 ? package_of(plain) : folder_of(file),
		.inlined = k->inlined,
	};

	if (!VEC_RESERVE(&t->sources, 1) || !VEC_PUSH(&t->keys, *k))
		return false;
	s.unique = unique_name(t, s.name, function_id);
	t->sources.p[t->sources.n++] = s;
	return !buf_failed(&t->text) && !arena_failed(&t->t->arena) && !t->names.failed;
}

/* The source's number, or MAP_NONE when memory is short. */
static uint32_t source_of(struct table *t, const struct key *k, uint64_t function_id)
{
	uint32_t fresh = (uint32_t)t->keys.n;
	uint32_t at = map_intern(&t->map, key_hash(k), same_key, t->keys.p, k, fresh);

	if (at == fresh && !add_source(t, k, function_id))
		return MAP_NONE;
	return at;
}

static uint32_t frame_source(struct table *t, const struct location *l, uint32_t line_index)
{
	const struct profile *p = t->p;
	struct key k = { .inlined = line_index + 1 < l->n_lines };
	const struct line *line = l->n_lines ? location_lines(p, l) + line_index : NULL;
	const struct function *f =
	    line && line->function != PROFILE_NONE ? &p->functions[line->function] : NULL;

	/* What a binary does not name has a line without a name: its file tells more. */
	if (f && (f->name != 0 || f->filename != 0)) {
		k.name = f->name;
		k.file = f->filename;
		k.line = line->line;
		k.column = line->column;
		return source_of(t, &k, f->id);
	}
	if (l->mapping != PROFILE_NONE)
		k.objfile = p->mappings[l->mapping].file;
	return source_of(t, &k, 0);
}

static enum err_code count_frames(
    struct stack_frames *f, const struct profile *p, struct arena *scratch, struct err *e)
{
	uint64_t n = 0;

	f->at = arena_alloc_raw(scratch, (size_t)p->n_locations + 1, sizeof *f->at);
	if (!f->at)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_locations && n <= UINT32_MAX; i++) {
		f->at[i] = (uint32_t)n;
		n += p->locations[i].n_lines ? p->locations[i].n_lines : 1;
	}
	if (n > UINT32_MAX)
		return FAIL(e, ERR_LIMIT, "profile has too many lines");
	f->at[p->n_locations] = (uint32_t)n;
	f->source = arena_alloc_raw(scratch, n, sizeof *f->source);
	return f->source ? OK : FAIL_NOMEM(e);
}

static bool fill(struct table *t, struct stack_frames *f)
{
	const struct profile *p = t->p;
	struct stack_source root = { .name = STR("root"), .unique = STR("root"), .file = STR("") };

	root.package = STR("");
	/* A key that no frame has keeps the arrays in step. */
	if (!VEC_PUSH(&t->sources, root) || !VEC_PUSH(&t->keys, (struct key){ .line = -1 }))
		return false;
	for (uint32_t i = 0; i < p->n_locations; i++) {
		for (uint32_t k = 0; k < f->at[i + 1] - f->at[i]; k++) {
			uint32_t source = frame_source(t, &p->locations[i], k);

			if (source == MAP_NONE)
				return false;
			f->source[f->at[i] + k] = source;
		}
	}
	return true;
}

enum err_code stacksources_collect(struct stacks_tree *tree, struct stack_frames *frames,
    const struct profile *p, const struct stacks_options *o, struct arena *scratch, struct err *e)
{
	struct table t = { .t = tree, .p = p, .o = o };
	bool ok;

	TRY(count_frames(frames, p, scratch, e));
	ok = fill(&t, frames);
	if (ok) {
		tree->n_sources = (uint32_t)t.sources.n;
		tree->sources = arena_alloc_raw(&tree->arena, t.sources.n, sizeof *tree->sources);
		ok = tree->sources != NULL;
	}
	if (ok)
		memcpy(tree->sources, t.sources.p, t.sources.n * sizeof *tree->sources);
	VEC_RELEASE(&t.keys);
	VEC_RELEASE(&t.sources);
	map_release(&t.map);
	map_release(&t.names);
	buf_release(&t.text);
	return ok ? OK : FAIL_NOMEM(e);
}

bool *stacksources_match(const struct stacks_tree *t, const struct regex *re, struct arena *arena)
{
	bool *marks = ARENA_ARRAY(arena, bool, t->n_sources);

	for (uint32_t i = 0; marks && i < t->n_sources; i++)
		marks[i] = i != STACKS_ROOT_SOURCE && (regex_match(re, t->sources[i].name) ||
							  regex_match(re, t->sources[i].unique));
	return marks;
}
