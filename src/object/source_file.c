/*
 * Source text for the list report. Called through the driver's source vtable. What is hard: the
 * path is that of the machine where the program was built, so a local tree is found by its folder's
 * name or by leaving prefixes out, in google/pprof's order.
 */
#include "object/source_file.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"

/* Behind the first "/base/" in path; path itself when it is not there. */
static struct str behind_folder(struct str path, struct str base)
{
	for (size_t i = 0; i + base.n + 2 <= path.n; i++)
		if (path.p[i] == '/' && path.p[i + base.n + 1] == '/' &&
		    str_eq((struct str){ path.p + i + 1, base.n }, base))
			return str_skip(path, i + base.n + 2);
	return path;
}

/* path without `prefix`, which ends in a slash whether or not it was written. */
static bool cut_prefix(struct str *path, struct str prefix)
{
	while (prefix.n && prefix.p[prefix.n - 1] == '/')
		prefix.n--;
	if (!str_starts(*path, prefix) || path->n <= prefix.n || path->p[prefix.n] != '/')
		return false;
	*path = str_skip(*path, prefix.n + 1);
	return true;
}

struct str source_trim_path(struct str path, struct str trim_path, struct str search_path)
{
	struct str rest = search_path;
	struct str piece;

	while (!trim_path.n && rest.n && str_split(&rest, ':', &piece)) {
		struct str tail = behind_folder(path, fs_base(piece));

		if (tail.n != path.n)
			return tail;
	}
	rest = trim_path;
	while (rest.n && str_split(&rest, ':', &piece))
		if (cut_prefix(&path, piece))
			return path;
	if (!cut_prefix(&path, STR("/proc/self/cwd/.")))
		(void)cut_prefix(&path, STR("/proc/self/cwd"));
	return path;
}

static MUST_USE enum err_code load(
    struct str path, struct arena *a, struct str *text, struct str *found, struct err *e)
{
	struct buf b = { 0 };
	enum err_code rc = fs_read(path, SOURCE_FILE_MAX, &b, e);

	if (rc == OK) {
		*text = arena_str(a, buf_str(&b));
		if (found)
			*found = arena_str(a, path);
		if (arena_failed(a)) {
			err_set(e, ERR_NOMEM, 0, "out of memory");
			rc = ERR_NOMEM;
		}
	}
	buf_release(&b);
	return rc;
}

/* Reads dir/path, or the same under one of dir's parents. */
static bool try_parents(
    struct str dir, struct str path, struct arena *a, struct str *text, struct str *found)
{
	struct err ignored;
	struct str parent;

	for (;; dir = parent) {
		const char *slash = dir.n && dir.p[dir.n - 1] == '/' ? "" : "/";
		struct str full =
		    dir.n ? arena_printf(a, "%.*s%s%.*s", STR_ARG(dir), slash, STR_ARG(path))
			  : path;

		if (load(full, a, text, found, &ignored) == OK)
			return true;
		parent = fs_dir(dir);
		if (str_eq(parent, dir))
			return false;
	}
}

/*
 * The end of the path below a folder: "/build/7/app/src/x.c" is found as "src/x.c" in the folder
 * of the sources. The longest end that is there counts; a name without a folder may be another
 * file's and is not tried.
 */
static bool try_ends(
    struct str dir, struct str path, struct arena *a, struct str *text, struct str *found)
{
	struct str end = path;
	struct err ignored;
	size_t slash;

	while ((slash = str_find_char(end, '/')) != STR_NPOS) {
		end = str_skip(end, slash + 1);
		if (str_find_char(end, '/') == STR_NPOS)
			return false;
		if (load(arena_printf(a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(end)), a, text, found,
			&ignored) == OK)
			return true;
	}
	return false;
}

/*
 * Go's own sources and modules, which programs built with -trimpath name without their folder:
 * "fmt/print.go", "example.com/mod@v1.2.3/x.go". Modules have their version in the name. Go's own
 * have not: those of an installed Go may be another version's, whose lines are other code, so only
 * the folder that GOROOT names is looked at.
 */
static bool try_go(struct str path, struct arena *a, struct str *text, struct str *found)
{
	static const struct {
		const char *variable, *below;
	} places[] = { { "GOROOT", "/src" }, { "GOMODCACHE", "" }, { "GOPATH", "/pkg/mod" },
		{ "HOME", "/go/pkg/mod" } };
	struct err ignored;

	if (!str_ends(path, STR(".go")))
		return false;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const char *value = getenv(places[i].variable);

		if (value && *value &&
		    load(arena_printf(a, "%s%s/%.*s", value, places[i].below, STR_ARG(path)), a,
			text, found, &ignored) == OK)
			return true;
	}
	return false;
}

/* Where google/pprof does not look: only when its rules have found nothing. */
static bool try_more(
    struct str path, struct str search_path, struct arena *a, struct str *text, struct str *found)
{
	struct str rest = search_path;
	struct str dir;

	while (rest.n && str_split(&rest, ':', &dir))
		if (try_ends(dir, path, a, text, found))
			return true;
	return path.n && path.p[0] != '/' && try_go(path, a, text, found);
}

enum err_code source_read_file(struct str path, struct str search_path, struct str trim_path,
    struct arena *a, struct str *text, struct str *found, struct err *e)
{
	char here[PATH_MAX];
	struct str rest;
	struct str dir;

	if (!search_path.n && getcwd(here, sizeof here))
		search_path = str_c(here);
	path = source_trim_path(path, trim_path, search_path);
	if (path.n && path.p[0] == '/') {
		const enum err_code rc = load(path, a, text, found, e);

		return rc != OK && rc != ERR_NOMEM && try_more(path, search_path, a, text, found)
			   ? OK
			   : rc;
	}
	rest = search_path;
	while (rest.n && str_split(&rest, ':', &dir))
		if (try_parents(dir, path, a, text, found))
			return OK;
	if (try_more(path, search_path, a, text, found))
		return OK;
	return FAIL(e, ERR_NOT_FOUND, "could not find file %.*s on path %.*s", STR_ARG(path),
	    STR_ARG(search_path));
}
