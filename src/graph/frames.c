/*
 * Which node each frame of the profile is: one table, built once per graph, so that the walks over
 * the samples only read small arrays. Called by work_init. File names are trimmed and cleaned
 * here, once per function.
 */
#include "base/map.h"
#include "core/hash.h"
#include "graph/trimpath.h"
#include "graph/work.h"

/* One pointer for all nodes without a file: infos are compared by it. */
static const struct str no_file = { "", 0 };

struct interner {
	struct work *w;
	struct map infos;  /* of w->frames.infos */
	struct str *files; /* per function */
	struct map texts;  /* of unique: equal files share one text */
	VEC(struct str) unique;
};

static bool same_text(const void *ctx, uint32_t index, const void *key)
{
	const struct str *texts = ctx;
	const struct str *text = key;

	return str_eq(texts[index], *text);
}

static struct str unique_text(struct interner *in, struct str text)
{
	uint32_t fresh = (uint32_t)in->unique.n;
	uint32_t at;

	if (text.n == 0)
		return no_file;
	if (!VEC_RESERVE(&in->unique, 1))
		return no_file;
	at = map_intern(
	    &in->texts, hash_bytes(text.p, text.n), same_text, in->unique.p, &text, fresh);
	if (at == MAP_NONE)
		return no_file;
	if (at == fresh)
		in->unique.p[in->unique.n++] = text;
	return in->unique.p[at];
}

static bool clean_files(struct interner *in)
{
	struct work *w = in->w;
	const struct profile *p = w->p;

	in->files = ARENA_ARRAY(&w->scratch, struct str, p->n_functions);
	if (!in->files)
		return false;
	for (uint32_t i = 0; i < p->n_functions; i++) {
		struct str path = profile_str(p, p->functions[i].filename);

		path = graph_trim_path(path, w->o->trim_path, w->o->source_path);
		if (path.n > 0)
			path = graph_clean_path(path, &w->g->arena);
		in->files[i] = unique_text(in, path);
	}
	return !in->unique.failed && !in->texts.failed && !arena_failed(&w->g->arena);
}

static bool same_info(const void *ctx, uint32_t index, const void *key)
{
	const struct node_info *a = (const struct node_info *)ctx + index;
	const struct node_info *b = key;

	return a->name == b->name && a->orig_name == b->orig_name && a->objfile == b->objfile &&
	       a->file.p == b->file.p && a->file.n == b->file.n && a->address == b->address &&
	       a->start_line == b->start_line && a->line == b->line && a->column == b->column;
}

static uint64_t info_hash(const struct node_info *i)
{
	uint64_t h = hash_mix((uint64_t)i->name << 32 | i->objfile, (uintptr_t)i->file.p);

	h = hash_mix(h ^ i->address, (uint64_t)i->line << 20 ^ (uint64_t)i->column);
	return hash_mix(h ^ i->orig_name, (uint64_t)i->start_line);
}

static uint32_t intern_info(struct interner *in, const struct node_info *info)
{
	struct frames *f = &in->w->frames;
	uint32_t fresh = (uint32_t)f->infos.n;
	uint32_t at;

	if (!VEC_RESERVE(&f->infos, 1))
		return 0;
	at = map_intern(&in->infos, info_hash(info), same_info, f->infos.p, info, fresh);
	if (at == fresh)
		f->infos.p[f->infos.n++] = *info;
	return at == MAP_NONE ? 0 : at;
}

static struct node_info line_info(
    const struct interner *in, const struct location *l, const struct line *line)
{
	const struct profile *p = in->w->p;
	const struct graph_options *o = in->w->o;
	const struct function *fn = &p->functions[line->function];
	struct node_info info = {
		.name = fn->name,
		.orig_name = o->keep_orig_names ? fn->system_name : 0,
		.file = in->files[line->function],
		.address = l->address,
		.line = line->line,
		.column = line->column,
	};

	if (!o->keep_objfile && (info.name != 0 || info.orig_name != 0))
		return info;
	info.start_line = fn->start_line;
	if (l->mapping != PROFILE_NONE)
		info.objfile = p->mappings[l->mapping].file;
	return info;
}

static uint32_t frame_node(struct interner *in, const struct location *l, const struct line *line)
{
	const struct profile *p = in->w->p;
	struct node_info info = { .file = no_file, .address = l->address };

	if (line && line->function != PROFILE_NONE)
		info = line_info(in, l, line);
	else if (l->mapping != PROFILE_NONE)
		info.objfile = p->mappings[l->mapping].file;
	return intern_info(in, &info);
}

/* Fills at[] and returns the number of frames; a location without lines has one. */
static uint64_t count_frames(struct frames *f, const struct profile *p)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < p->n_locations && n <= UINT32_MAX; i++) {
		f->at[i] = (uint32_t)n;
		n += p->locations[i].n_lines ? p->locations[i].n_lines : 1;
	}
	f->at[p->n_locations] = (uint32_t)n;
	return n;
}

static void number_frames(struct interner *in)
{
	struct frames *f = &in->w->frames;
	const struct profile *p = in->w->p;

	for (uint32_t i = 0; i < p->n_locations; i++) {
		const struct location *l = &p->locations[i];
		const struct line *lines = location_lines(p, l);

		for (uint32_t k = 0; k < f->at[i + 1] - f->at[i]; k++)
			f->node[f->at[i] + k] = frame_node(in, l, l->n_lines ? lines + k : NULL);
		f->only[i] = l->n_lines > 1 ? FRAMES_MANY : f->node[f->at[i]];
	}
}

/* All frames of a location but the outermost, which is the last, were called inline. */
static bool mark_inlined(struct work *w)
{
	struct frames *f = &w->frames;

	f->inlined = ARENA_ARRAY(&w->scratch, bool, f->infos.n);
	if (!f->inlined)
		return false;
	for (uint32_t i = 0; i < w->p->n_locations; i++)
		for (uint32_t k = f->at[i]; k + 1 < f->at[i + 1]; k++)
			f->inlined[f->node[k]] = f->any_inlined = true;
	return true;
}

enum err_code frames_init(struct work *w, struct err *e)
{
	struct interner in = { .w = w };
	struct frames *f = &w->frames;
	bool ok;
	uint64_t n;

	f->at = arena_alloc_raw(&w->scratch, (size_t)w->p->n_locations + 1, sizeof *f->at);
	if (!f->at)
		return FAIL_NOMEM(e);
	n = count_frames(f, w->p);
	if (n > UINT32_MAX)
		return FAIL(e, ERR_LIMIT, "profile has too many lines");
	VEC_EXPECT(&f->infos, n); /* most often as many, or a fraction */
	f->node = arena_alloc_raw(&w->scratch, n, sizeof *f->node);
	f->only = arena_alloc_raw(&w->scratch, w->p->n_locations, sizeof *f->only);
	ok = f->node && f->only && clean_files(&in);
	if (ok)
		number_frames(&in);
	ok = ok && !f->infos.failed && !in.infos.failed && mark_inlined(w);
	map_release(&in.infos);
	map_release(&in.texts);
	VEC_RELEASE(&in.unique);
	return ok ? OK : FAIL_NOMEM(e);
}
