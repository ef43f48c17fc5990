/*
 * The search for binaries (fetch/) and debug files (debug_file.c). What is hard: the paths come
 * from the profile, and a file that merely has the right name gives wrong function names; so each
 * candidate is opened and its build id compared, and every refusal can be logged.
 */
#include "object/find.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "object/object_impl.h"

/* Files of a build-id directory that are looked at. */
#define MAX_GLOB 256

void find_log_release(struct find_log *log)
{
	VEC_RELEASE(&log->tries);
	arena_release(&log->arena);
}

void find_log_add(struct find_log *log, struct str path, struct str reason)
{
	if (log)
		(void)VEC_PUSH(&log->tries, (struct find_try){ arena_str(&log->arena, path),
						arena_str(&log->arena, reason) });
}

/* A search in progress. */
struct search {
	const struct find_request *r;
	struct arena *a;
	struct find_log *log;
	void (*mismatch)(void *ctx, struct str path, struct str want, struct str got);
	void *ctx;
	struct str found;
};

/*
 * Joins with one slash and, like Go's filepath.Join, without "." and empty elements; ".." is kept
 * out by the caller's use of whole paths only.
 */
static struct str join(struct arena *a, struct str dir, struct str name)
{
	struct buf b = { 0 };
	struct str parts[2] = { dir, name };
	bool rooted = (dir.n ? dir : name).n && (dir.n ? dir : name).p[0] == '/';
	struct str result;

	for (size_t i = 0; i < 2; i++) {
		struct str rest = parts[i];
		struct str piece;

		while (rest.p && str_split(&rest, '/', &piece)) {
			if (!piece.n || str_is(piece, "."))
				continue;
			if (b.n || rooted)
				buf_char(&b, '/');
			buf_add_str(&b, piece);
		}
	}
	result = arena_str(a, b.n ? buf_str(&b) : rooted ? STR("/") : STR("."));
	if (buf_failed(&b))
		a->failed = true;
	buf_release(&b);
	return result;
}

/* Opens as an object that fits the request? */
static bool try_path(struct search *s, struct str path)
{
	struct object *o;
	struct err e;
	struct str want = s->r->build_id;
	bool fits;

	if (object_open(&o, path, &e) != OK) {
		find_log_add(s->log, path, str_c(e.msg));
		return false;
	}
	fits = !want.n || str_eq(want, object_build_id(o));
	if (!fits && s->mismatch)
		s->mismatch(s->ctx, path, want, object_build_id(o));
	find_log_add(s->log, path,
	    fits                   ? STR("")
	    : object_build_id(o).n ? arena_printf(s->a, "build-id mismatch (%.*s != %.*s)",
					 STR_ARG(want), STR_ARG(object_build_id(o)))
				   : STR("it has no build id"));
	object_close(o);
	if (fits)
		s->found = path;
	return fits;
}

static int name_order(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* Any file of DIR/BID/, in the order of names. */
static bool try_folder(struct search *s, struct str folder)
{
	char name[PATH_MAX];
	struct str names[MAX_GLOB];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	if (!fs_path(name, folder) || !(dir = opendir(name)))
		return false;
	while (n < MAX_GLOB && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			names[n++] = arena_str(s->a, str_c(entry->d_name));
	closedir(dir);
	qsort(names, n, sizeof *names, name_order);
	for (size_t i = 0; i < n; i++)
		if (try_path(s, join(s->a, folder, names[i])))
			return true;
	return false;
}

static bool try_build_id(struct search *s, struct str dir)
{
	struct str id = s->r->build_id;
	struct str file = s->r->file;
	struct str folder = join(s->a, dir, id);

	if (try_path(s, join(s->a, folder, file.n ? fs_base(file) : STR(""))) ||
	    try_folder(s, folder) || try_path(s, join(s->a, join(s->a, dir, file), id)))
		return true;
	if (id.n <= 2)
		return false;
	folder = join(s->a, dir, str_head(id, 2));
	return try_path(
	    s, arena_printf(s->a, "%.*s/%.*s.debug", STR_ARG(folder), STR_ARG(str_skip(id, 2))));
}

static bool try_file(struct search *s, struct str dir)
{
	struct str file = s->r->file;
	struct str base = fs_base(file);
	struct str whole = join(s->a, dir, file);
	struct str parent = join(s->a, dir, fs_dir(file));
	struct str system = join(s->a, join(s->a, dir, STR("usr/lib/debug")), fs_dir(file));

	return try_path(s, join(s->a, dir, base)) || try_path(s, whole) ||
	       try_path(s, arena_printf(s->a, "%.*s.debug", STR_ARG(whole))) ||
	       try_path(s,
		   arena_printf(s->a, "%.*s/.debug/%.*s.debug", STR_ARG(parent), STR_ARG(base))) ||
	       try_path(s, arena_printf(s->a, "%.*s/%.*s.debug", STR_ARG(system), STR_ARG(base)));
}

/* The process of a folder "/proc/PID" or "/proc/PID/root"; false for every other one. */
static bool process_of(struct str dir, struct str *pid)
{
	uint64_t number;

	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	if (str_ends(dir, STR("/root")))
		dir = str_head(dir, dir.n - 5);
	if (!str_starts(dir, STR("/proc/")))
		return false;
	*pid = str_skip(dir, 6);
	return str_is(*pid, "self") || str_to_u64(*pid, 10, &number);
}

/*
 * A process that runs: its files as it sees them (a container's), those behind its mappings and the
 * program, both also when they were deleted. The program is taken by build id only, as any mapping
 * may ask for it.
 */
static bool try_process(struct search *s, struct str dir)
{
	const struct object_mapping *m = &s->r->mapping;
	struct str pid;

	if (!process_of(dir, &pid))
		return false;
	if (s->r->file.n &&
	    try_path(
		s, join(s->a, arena_printf(s->a, "/proc/%.*s/root", STR_ARG(pid)), s->r->file)))
		return true;
	if (m->start < m->limit &&
	    try_path(s, arena_printf(s->a, "/proc/%.*s/map_files/%llx-%llx", STR_ARG(pid),
			    (unsigned long long)m->start, (unsigned long long)m->limit)))
		return true;
	return s->r->build_id.n && try_path(s, arena_printf(s->a, "/proc/%.*s/exe", STR_ARG(pid)));
}

struct str find_without_deleted(struct str file)
{
	return str_ends(file, STR(" (deleted)")) ? str_head(file, file.n - 10) : file;
}

/* A build id from a profile becomes part of a path: hexadecimal only. */
static bool is_plain_id(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!strchr("0123456789abcdefABCDEF", id.p[i]) || !id.p[i])
			return false;
	return id.n > 0 && id.n <= 128;
}

bool find_binary(const struct find_request *r, struct arena *a, struct str *path,
    struct find_log *log,
    void (*mismatch)(void *ctx, struct str path, struct str want, struct str got), void *ctx)
{
	struct find_request plain = *r;
	struct search s = { .r = &plain, .a = a, .log = log, .mismatch = mismatch, .ctx = ctx };
	struct str rest = r->search_path;
	struct str dir;

	plain.file = find_without_deleted(r->file);
	while (rest.p && str_split(&rest, ':', &dir)) {
		if (try_process(&s, dir) || (is_plain_id(r->build_id) && try_build_id(&s, dir)) ||
		    (plain.file.n && try_file(&s, dir))) {
			*path = s.found;
			return !arena_failed(a);
		}
	}
	return false;
}

/* Debug files by build id lie here on every distribution that splits them off. */
static const char *const debug_roots[] = { "/usr/lib/debug" };

static bool debug_by_id(struct search *s, struct object *o)
{
	struct str id = object_build_id(o);

	if (id.n <= 2)
		return false;
	for (size_t i = 0; i < sizeof debug_roots / sizeof *debug_roots; i++) {
		struct str path = arena_printf(s->a, "%s/.build-id/%.*s/%.*s.debug", debug_roots[i],
		    2, id.p, STR_ARG(str_skip(id, 2)));

		if (!str_eq(path, object_path(o)) && try_path(s, path))
			return true;
	}
	return false;
}

/* CRC-32 of .gnu_debuglink: the reflected polynomial 0xedb88320, as zlib's. */
static uint32_t crc32_more(uint32_t crc, const unsigned char *p, size_t n)
{
	uint32_t table[256];

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int k = 0; k < 8; k++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
	for (size_t i = 0; i < n; i++)
		crc = table[(crc ^ p[i]) & 255] ^ crc >> 8;
	return crc;
}

/* Read, not mapped: the file may be cut short meanwhile. */
static bool has_crc(struct str path, uint32_t want)
{
	unsigned char part[1 << 16];
	char name[PATH_MAX];
	uint32_t crc = UINT32_MAX;
	ssize_t n;
	int fd;

	if (!fs_path(name, path) || (fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
		return false;
	while ((n = read(fd, part, sizeof part)) > 0)
		crc = crc32_more(crc, part, (size_t)n);
	close(fd);
	return n == 0 && ~crc == want;
}

/* Name and CRC in .gnu_debuglink: a C string, padding to four bytes, the CRC. */
static bool read_link(struct object *o, struct str *name, uint32_t *crc)
{
	struct str bytes;
	size_t at;

	if (!object_section(o, ".gnu_debuglink", &bytes))
		return false;
	at = str_find_char(bytes, 0);
	if (at == STR_NPOS || at == 0)
		return false;
	*name = str_head(bytes, at);
	at = (at + 4) & ~(size_t)3;
	if (at > bytes.n || bytes.n - at < sizeof *crc)
		return false;
	memcpy(crc, bytes.p + at, sizeof *crc);
	/* The file is not trusted: its link names a file, not a way through the file system. */
	return str_find_char(*name, '/') == STR_NPOS;
}

static bool debug_by_link(struct search *s, struct object *o)
{
	struct str dir = fs_dir(object_path(o));
	struct str places[3];
	struct str name;
	uint32_t crc;

	if (!read_link(o, &name, &crc))
		return false;
	places[0] = join(s->a, dir, name);
	places[1] = join(s->a, join(s->a, dir, STR(".debug")), name);
	places[2] = join(s->a, join(s->a, str_c(debug_roots[0]), dir), name);
	for (size_t i = 0; i < 3; i++) {
		if (str_eq(places[i], object_path(o)) || !fs_exists(places[i]))
			continue;
		if (!has_crc(places[i], crc)) {
			find_log_add(s->log, places[i], STR("checksum mismatch"));
			continue;
		}
		if (try_path(s, places[i]))
			return true;
	}
	return false;
}

bool find_debug_file(struct object *o, struct arena *a, struct str *path, struct find_log *log)
{
	struct find_request r = { .build_id = object_build_id(o) };
	struct search s = { .r = &r, .a = a, .log = log };

	if (!debug_by_id(&s, o) && !debug_by_link(&s, o))
		return false;
	*path = s.found;
	return !arena_failed(a);
}
