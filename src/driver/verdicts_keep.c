/* Keeping profiles, see verdicts_keep.h. Called while watching, and at its end. */
#include "driver/verdicts_keep.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "driver/outfile.h"
#include "fetch/save.h"
#include "profile/encode.h"
#include "profile/merge.h"

/* Enough to be judged again as it was. */
#define SOME       16
#define MOST_NAMES 10000

static void ignore_line(void *ctx, bool is_error, struct str text)
{
	(void)ctx;
	(void)is_error;
	(void)text;
}

const struct ui verdicts_silent = { .line = ignore_line };

static MUST_USE enum err_code add_comment(
    struct profile *p, const struct leaks_moment *m, struct err *e)
{
	str_id *comments = ARENA_ARRAY(&p->arena, str_id, (size_t)p->n_comments + 1);

	if (!comments)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_comments; i++)
		comments[i] = p->comments[i];
	comments[p->n_comments] = profile_intern(p, verdicts_comment(&p->arena, m));
	p->comments = comments;
	p->n_comments++;
	return arena_failed(&p->arena) ? FAIL_NOMEM(e) : OK;
}

static MUST_USE enum err_code encode(struct verdicts_series *s, const struct series_entry *entry,
    const struct verdicts *v, struct buf *bytes, struct err *e)
{
	struct profile named;
	enum err_code code;

	TRY(profile_derive(&named, &entry->profile, e));
	code = add_comment(&named, &entry->moment, e);
	if (code == OK) {
		/* What cannot be named is said once, by the report. */
		verdicts_series_name(&named, s, v, &verdicts_silent);
		code = profile_encode_gzip(&named, bytes, e);
	}
	profile_release(&named);
	return code;
}

enum err_code verdicts_keep(struct verdicts_series *s, struct series_entry *entry,
    const struct verdicts *v, struct str dir, struct err *e)
{
	struct buf bytes = { 0 };
	enum err_code code = encode(s, entry, v, &bytes, e);

	if (code == OK)
		code = outfile_write_new(
		    dir, "heap.", "pb.gz", buf_str(&bytes), &s->arena, &entry->name, e);
	buf_release(&bytes);
	return code;
}

/* DIR/leaks.001, or the next that is free. */
static MUST_USE enum err_code make_dir(
    struct verdicts_series *s, struct str parent, struct str *dir, struct err *e)
{
	char path[PATH_MAX];

	for (int i = 1; i < MOST_NAMES; i++) {
		struct str name = arena_printf(&s->arena, "%.*s/leaks.%03d", STR_ARG(parent), i);

		if (!name.p || !fs_path(path, name))
			return FAIL(e, ERR_IO, "the name of the directory is too long");
		if (mkdir(path, 0777) == 0) {
			*dir = name;
			return OK;
		}
		if (errno != EEXIST)
			return FAIL_SYS(e, errno, "make directory %s", path);
	}
	return FAIL(e, ERR_IO, "no free name %.*s/leaks.NNN", STR_ARG(parent));
}

static MUST_USE enum err_code keep_all(struct verdicts_series *s, const struct verdicts *v,
    struct str parent, struct str *dir, struct err *e)
{
	TRY(make_dir(s, parent, dir, e));
	for (size_t i = 0; i < s->list.n; i++)
		TRY(verdicts_keep(s, &s->list.p[i], v, *dir, e));
	return OK;
}

void verdicts_keep_some(
    struct verdicts_series *s, const struct verdicts *v, struct str *dir, const struct ui *ui)
{
	struct str parent = fetch_save_dir(&s->arena, ui);
	struct err e;

	*dir = STR("");
	if (!parent.n)
		return;
	verdicts_series_thin(s, SOME);
	if (keep_all(s, v, parent, dir, &e) == OK) {
		ui_error(ui, "Saved profiles in %.*s", STR_ARG(*dir));
		return;
	}
	ui_error(ui, "Could not save profiles: %s", e.msg);
	*dir = STR("");
}
