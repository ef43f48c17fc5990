/*
 * Trimming and cleaning of source paths, called once per function by the frame table and by the
 * reports that read source. The rules are Go's (path/filepath Clean and Base on Unix), since the
 * results are printed and compared byte for byte.
 */
#include "graph/trimpath.h"

#include "base/buf.h"

/* Where "/<base of folder>/" ends in path, or STR_NPOS. */
static size_t find_folder(struct str path, struct str folder)
{
	struct str base = graph_base_path(folder);

	for (size_t at = 0; at + base.n + 2 <= path.n; at++) {
		if (path.p[at] != '/' || path.p[at + 1 + base.n] != '/')
			continue;
		if (memcmp(path.p + at + 1, base.p, base.n) == 0)
			return at + base.n + 2;
	}
	return STR_NPOS;
}

/* Length of the prefix to cut, 0 when `folder` is none; a missing last slash is understood. */
static size_t folder_prefix(struct str path, struct str folder)
{
	if (!str_starts(path, folder))
		return 0;
	if (folder.n > 0 && folder.p[folder.n - 1] == '/')
		return folder.n;
	return path.n > folder.n && path.p[folder.n] == '/' ? folder.n + 1 : 0;
}

static struct str cut_by_guess(struct str path, struct str source_path)
{
	struct str folder;

	while (source_path.n > 0 && str_split(&source_path, ':', &folder)) {
		size_t end = find_folder(path, folder);

		if (end != STR_NPOS)
			return str_skip(path, end);
	}
	return path;
}

struct str graph_trim_path(struct str path, struct str trim_path, struct str source_path)
{
	static const char *const always[] = { "/proc/self/cwd/./", "/proc/self/cwd/" };
	struct str folder;
	size_t cut;

	if (trim_path.n == 0) {
		struct str guess = cut_by_guess(path, source_path);

		if (guess.n != path.n)
			return guess;
	}
	while (trim_path.n > 0 && str_split(&trim_path, ':', &folder))
		if ((cut = folder_prefix(path, folder)) > 0)
			return str_skip(path, cut);
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		if ((cut = folder_prefix(path, str_c(always[i]))) > 0)
			return str_skip(path, cut);
	return path;
}

struct str graph_base_path(struct str path)
{
	size_t slash;

	if (path.n == 0)
		return STR(".");
	while (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	if (path.n == 0)
		return STR("/");
	slash = str_rfind_char(path, '/');
	return slash == STR_NPOS ? path : str_skip(path, slash + 1);
}

/* True when cleaning would change nothing: the common case, which then costs no memory. */
static bool is_clean(struct str path)
{
	struct str rest = path, piece;
	bool first = true, up = path.n > 0 && path.p[0] != '/';

	if (path.n == 0)
		return false;
	if (path.n == 1)
		return true;
	while (str_split(&rest, '/', &piece)) {
		bool dots = str_eq(piece, STR(".."));

		if ((piece.n == 0 && !first) || str_eq(piece, STR(".")) || (dots && !up))
			return false;
		up = up && dots;
		first = false;
	}
	return true;
}

/* Removes the last element of out[floor .. n); the slash before it goes too. */
static size_t drop_last(const char *out, size_t n, size_t floor)
{
	while (n > floor && out[n - 1] != '/')
		n--;
	return n > floor ? n - 1 : n;
}

static size_t put(char *out, size_t n, struct str piece)
{
	if (n > 0 && out[n - 1] != '/')
		out[n++] = '/';
	memcpy(out + n, piece.p, piece.n);
	return n + piece.n;
}

struct str graph_clean_path(struct str path, struct arena *arena)
{
	struct str rest = path, piece;
	size_t root = path.n > 0 && path.p[0] == '/' ? 1 : 0;
	size_t n = root, floor = root; /* ".." cannot go below floor */
	char *out;

	if (is_clean(path))
		return path;
	if (!(out = arena_alloc(arena, path.n + 1)))
		return (struct str){ 0 };
	out[0] = '/';
	while (path.n > 0 && str_split(&rest, '/', &piece)) {
		if (piece.n == 0 || str_eq(piece, STR(".")))
			continue;
		if (!str_eq(piece, STR(".."))) {
			n = put(out, n, piece);
		} else if (n > floor) {
			n = drop_last(out, n, floor);
		} else if (!root) {
			n = put(out, n, piece);
			floor = n;
		}
	}
	return n > 0 ? (struct str){ out, n } : STR(".");
}
