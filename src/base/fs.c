/*
 * Files for the tool. Called by fetch, object, symbolize and the driver. What is hard: a source may
 * be a pipe or a /proc file whose size is not known, so reading grows as it goes.
 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read at a time when the size is unknown. */
#define READ_STEP ((size_t)256 << 10)

bool fs_path(char out[PATH_MAX], struct str path)
{
	if (path.n >= PATH_MAX || str_find_char(path, 0) != STR_NPOS)
		return false;
	if (path.n)
		memcpy(out, path.p, path.n);
	out[path.n] = 0;
	return true;
}

enum err_code fs_open(int *fd, struct str path, struct err *e)
{
	char name[PATH_MAX];

	if (!fs_path(name, path))
		return FAIL_SYS(e, ENAMETOOLONG, "open %.*s", STR_ARG(path));
	*fd = open(name, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return FAIL_SYS(e, errno, "open %.*s", STR_ARG(path));
	return OK;
}

size_t fs_size(int fd)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < 0)
		return 0;
	return (size_t)st.st_size;
}

ssize_t fs_read_some(int fd, void *to, size_t n)
{
	ssize_t got;

	do
		got = read(fd, to, n);
	while (got < 0 && errno == EINTR);
	return got;
}

enum err_code fs_read_fd(int fd, struct str path, size_t limit, struct buf *out, struct err *e)
{
	size_t begin = out->n;
	size_t hint = fs_size(fd);
	ssize_t got;

	if (hint > limit)
		return FAIL(e, ERR_LIMIT, "%.*s is larger than %zu bytes", STR_ARG(path), limit);
	for (;;) {
		/* One byte more than expected shows the end without another growth. */
		size_t have = out->n - begin;
		size_t step = hint && hint >= have ? hint - have + 1 : READ_STEP;

		if (!buf_reserve(out, step))
			return FAIL_NOMEM(e);
		got = fs_read_some(fd, out->p + out->n, step);
		if (got < 0)
			return FAIL_SYS(e, errno, "read %.*s", STR_ARG(path));
		if (got == 0)
			return OK;
		out->n += (size_t)got;
		if (out->n - begin > limit)
			return FAIL(
			    e, ERR_LIMIT, "%.*s is larger than %zu bytes", STR_ARG(path), limit);
	}
}

enum err_code fs_read(struct str path, size_t limit, struct buf *out, struct err *e)
{
	enum err_code rc;
	int fd;

	TRY(fs_open(&fd, path, e));
	rc = fs_read_fd(fd, path, limit, out, e);
	close(fd);
	return rc;
}

static MUST_USE enum err_code map_fd(struct fs_map *out, int fd, struct str path, struct err *e)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st))
		return FAIL_SYS(e, errno, "stat %.*s", STR_ARG(path));
	if (S_ISDIR(st.st_mode))
		return FAIL_SYS(e, EISDIR, "read %.*s", STR_ARG(path));
	*out = (struct fs_map){ 0 };
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return OK;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return FAIL_SYS(e, errno, "mmap %.*s", STR_ARG(path));
	*out = (struct fs_map){ p, (size_t)st.st_size };
	return OK;
}

enum err_code fs_map_open(struct fs_map *out, struct str path, struct err *e)
{
	enum err_code rc;
	int fd;

	TRY(fs_open(&fd, path, e));
	rc = map_fd(out, fd, path, e);
	close(fd);
	return rc;
}

void fs_map_close(struct fs_map *m)
{
	union {
		const void *in;
		void *out;
	} address = { m->p };

	if (m->p)
		munmap(address.out, m->n);
	*m = (struct fs_map){ 0 };
}

static bool stat_path(struct str path, struct stat *st)
{
	char name[PATH_MAX];

	return fs_path(name, path) && stat(name, st) == 0;
}

bool fs_exists(struct str path)
{
	struct stat st;

	return stat_path(path, &st);
}

bool fs_is_dir(struct str path)
{
	struct stat st;

	return stat_path(path, &st) && S_ISDIR(st.st_mode);
}

bool fs_is_trusted(struct str path)
{
	char name[PATH_MAX];
	struct stat st;

	return fs_path(name, path) && lstat(name, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_uid == 0 || st.st_uid == geteuid());
}

static bool write_all(int fd, struct str s)
{
	while (s.n) {
		const ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno != EINTR)
			return false;
		s = str_skip(s, n > 0 ? (size_t)n : 0);
	}
	return true;
}

enum err_code fs_replace(struct str path, struct str bytes, struct err *e)
{
	return fs_replace_parts(path, &bytes, 1, e);
}

enum err_code fs_replace_parts(struct str path, const struct str *parts, size_t n, struct err *e)
{
	char name[PATH_MAX], part[PATH_MAX + 8];
	bool good = true;
	int fd, why;

	if (!fs_path(name, path))
		return FAIL_SYS(e, ENAMETOOLONG, "write %.*s", STR_ARG(path));
	snprintf(part, sizeof part, "%s.XXXXXX", name);
	fd = mkostemp(part, O_CLOEXEC);
	if (fd < 0)
		return FAIL_SYS(e, errno, "write %s", name);
	for (size_t i = 0; i < n && good; i++)
		good = write_all(fd, parts[i]);
	why = errno;
	if (close(fd) != 0 && good) {
		good = false;
		why = errno;
	}
	if (good && rename(part, name) == 0)
		return OK;
	if (good)
		why = errno;
	unlink(part);
	return FAIL_SYS(e, why, "write %s", name);
}

enum err_code fs_make_dirs(struct str path, struct err *e)
{
	char name[PATH_MAX];

	if (!fs_path(name, path))
		return FAIL_SYS(e, ENAMETOOLONG, "mkdir %.*s", STR_ARG(path));
	for (size_t i = 1; i <= path.n; i++) {
		if (i < path.n && name[i] != '/')
			continue;
		name[i] = 0;
		if (mkdir(name, 0755) && errno != EEXIST)
			return FAIL_SYS(e, errno, "mkdir %s", name);
		if (!fs_is_dir(str_head(path, i)))
			return FAIL_SYS(e, ENOTDIR, "mkdir %s", name);
		if (i < path.n)
			name[i] = '/';
	}
	return path.n ? OK : FAIL_SYS(e, ENOENT, "mkdir ");
}

struct str fs_base(struct str path)
{
	size_t slash;

	if (!path.n)
		return STR(".");
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	if (path.n == 1)
		return path;
	slash = str_rfind_char(path, '/');
	return slash == STR_NPOS ? path : str_skip(path, slash + 1);
}

struct str fs_dir(struct str path)
{
	size_t slash = str_rfind_char(path, '/');

	if (slash == STR_NPOS)
		return STR(".");
	while (slash > 1 && path.p[slash - 1] == '/')
		slash--;
	return str_head(path, slash ? slash : 1);
}
