/* Saved profiles as a series, see verdicts_read.h. */
#include "driver/verdicts_read.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "core/statefmt.h"

struct names {
	struct arena arena;
	VEC(struct str) list;
	bool has_state;
};

static int64_t modified(struct str path)
{
	struct stat st;
	char name[PATH_MAX];

	if (!fs_path(name, path) || stat(name, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

static MUST_USE enum err_code read_one(struct verdicts_series *s, struct str source,
    const struct fetch_options *how, const struct ui *ui, struct err *e)
{
	struct fetch_options o = *how;
	struct fetch_result got;

	o.sources = &source;
	o.n_sources = 1;
	o.quiet = true;
	TRY(fetch_profiles(&got, &o, ui, e));
	if (got.any_remote) {
		mapping_sources_release(&s->urls);
		s->urls = got.urls;
		got.urls = (struct mapping_sources){ 0 };
	}
	if (verdicts_series_add(s, &got.sources, modified(source), e) != OK) {
		fetch_result_release(&got);
		return e->code;
	}
	fetch_result_release(&got);
	s->list.p[s->list.n - 1].name = arena_str(&s->arena, source);
	return OK;
}

/* "heap.9" before "heap.10". Names are NUL-terminated. */
static int by_name(const void *a, const void *b)
{
	return strverscmp(((const struct str *)a)->p, ((const struct str *)b)->p);
}

static void add_name(struct names *names, struct str directory, const char *file)
{
	struct str path = arena_printf(&names->arena, "%.*s/%s", STR_ARG(directory), file);

	if (file[0] == '.' || !path.p || fs_is_dir(path))
		return;
	names->has_state |= str_ends(path, STR(STATEFMT_SUFFIX));
	if (names->list.n <= SERIES_MAX_FILES)
		(void)VEC_PUSH(&names->list, path);
}

static MUST_USE enum err_code list_directory(
    struct names *names, struct str directory, struct err *e)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *d = fs_path(path, directory) ? opendir(path) : NULL;

	if (!d)
		return FAIL_SYS(e, errno, "open %.*s", STR_ARG(directory));
	while ((entry = readdir(d)))
		add_name(names, directory, entry->d_name);
	closedir(d);
	if (names->list.failed || arena_failed(&names->arena))
		return FAIL_NOMEM(e);
	if (names->list.n)
		qsort(names->list.p, names->list.n, sizeof *names->list.p, by_name);
	return OK;
}

/* Files that are no profiles lie in directories: they are said, and left out. */
static MUST_USE enum err_code read_directory(struct verdicts_series *s, struct str directory,
    const struct fetch_options *how, const struct ui *ui, struct err *e)
{
	struct names names = { 0 };
	enum err_code code = list_directory(&names, directory, e);
	struct err one;

	if (code == OK && names.has_state)
		code = read_one(s, directory, how, ui, e);
	else
		for (size_t i = 0; code == OK && i < names.list.n; i++) {
			code = read_one(s, names.list.p[i], how, ui, &one);
			if (code == ERR_LIMIT || code == ERR_NOMEM)
				*e = one;
			else
				code = OK;
		}
	VEC_RELEASE(&names.list);
	arena_release(&names.arena);
	return code;
}

enum err_code verdicts_read(struct verdicts_series *s, const struct str *sources, size_t n,
    const struct fetch_options *how, const struct ui *ui, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (fs_is_dir(sources[i]))
			TRY(read_directory(s, sources[i], how, ui, e));
		else
			TRY(read_one(s, sources[i], how, ui, e));
	}
	if (s->list.n == 0)
		return FAIL(e, ERR_NOT_FOUND, "no profile in %.*s", STR_ARG(sources[0]));
	verdicts_series_order(s);
	return OK;
}

static bool is_readable(struct str path, const struct fetch_options *how)
{
	static const struct ui silent = { 0 };
	struct verdicts_series one = { 0 };
	struct err ignored;
	bool ok = read_one(&one, path, how, &silent, &ignored) == OK;

	verdicts_series_release(&one);
	return ok;
}

enum err_code verdicts_newest(struct str directory, const struct fetch_options *how,
    struct arena *arena, struct str *path, struct err *e)
{
	struct names names = { 0 };
	enum err_code code = list_directory(&names, directory, e);
	size_t n = names.list.n;

	*path = names.has_state ? directory : STR("");
	while (code == OK && path->n == 0 && n-- > 0)
		if (is_readable(names.list.p[n], how))
			*path = arena_str(arena, names.list.p[n]);
	if (code == OK && path->n == 0)
		code = FAIL(e, ERR_NOT_FOUND, "no profile in %.*s", STR_ARG(directory));
	VEC_RELEASE(&names.list);
	arena_release(&names.arena);
	return code;
}
