/*
 * Source files as lines, each read once a report. Called by list.c and weblist.c. Where a file is
 * looked for is the business of the vtable's read_file.
 */
#include "report/source_text.h"

#include "core/hash.h"

void source_texts_release(struct source_texts *t)
{
	VEC_RELEASE(&t->files);
	map_release(&t->by_path);
	*t = (struct source_texts){ 0 };
}

static bool same_path(const void *ctx, uint32_t index, const void *key)
{
	return str_eq(((const struct source_file *)ctx)[index].path, *(const struct str *)key);
}

/* Lines end in "\n" or "\r\n"; the last one may lack its end. */
static bool split_lines(struct source_file *f, struct str text, struct arena *arena)
{
	struct str *lines;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	if (text.n > 0 && text.p[text.n - 1] != '\n')
		n++;
	lines = ARENA_ARRAY(arena, struct str, n);
	if (!lines)
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t end = str_find_char(text, '\n');

		lines[i] = str_head(text, end);
		text = end == STR_NPOS ? STR("") : str_skip(text, end + 1);
		if (str_ends(lines[i], STR("\r")))
			lines[i].n--;
	}
	f->lines = lines;
	f->n = n;
	return true;
}

static enum err_code read_source(struct source_file *f, struct report *r, struct err *e)
{
	const struct report_options *o = r->options;
	struct str text = STR("");
	struct err why = { 0 };
	enum err_code code = ERR_NOT_FOUND;

	if (o->source && o->source->read_file)
		code = o->source->read_file(
		    o->source->ctx, f->path, o->source_path, o->trim_path, &r->arena, &text, &why);
	else
		err_set(&why, code, 0, "could not find file %.*s on path %.*s", STR_ARG(f->path),
		    STR_ARG(o->source_path));
	if (code == ERR_NOMEM)
		return FAIL_NOMEM(e);
	if (code != OK)
		f->error = arena_str(&r->arena, str_c(why.msg));
	else if (!split_lines(f, text, &r->arena))
		return FAIL_NOMEM(e);
	return arena_failed(&r->arena) ? FAIL_NOMEM(e) : OK;
}

enum err_code source_texts_get(struct source_texts *t, struct report *r, struct str path,
    struct source_file **out, struct err *e)
{
	const uint32_t fresh = (uint32_t)t->files.n;
	uint32_t at;

	if (!VEC_RESERVE(&t->files, 1))
		return FAIL_NOMEM(e);
	at = map_intern(
	    &t->by_path, hash_bytes(path.p, path.n), same_path, t->files.p, &path, fresh);
	if (at == MAP_NONE)
		return FAIL_NOMEM(e);
	if (at == fresh) {
		t->files.p[t->files.n++] = (struct source_file){ .path = path };
		TRY(read_source(&t->files.p[at], r, e));
	}
	*out = &t->files.p[at];
	return OK;
}

bool source_file_line(const struct source_file *f, int64_t number, struct str *line)
{
	if (number < 1 || (uint64_t)number > f->n)
		return false;
	*line = f->lines[number - 1];
	return true;
}
