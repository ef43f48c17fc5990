/* Writing report files, see outfile.h. Called by output.c and the saved settings. */
#include "driver/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_NUMBER 1
#define LAST_NUMBER  9999

enum err_code outfile_put(int fd, const char *name, struct str text, struct err *e)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FAIL_SYS(e, errno, "write %s", name);
		text = str_skip(text, (size_t)n);
	}
	return OK;
}

/* Writes text to fd and closes it. */
static MUST_USE enum err_code put_and_close(
    int fd, const char *name, struct str text, struct err *e)
{
	enum err_code code = outfile_put(fd, name, text, e);

	if (close(fd) != 0 && code == OK)
		return FAIL_SYS(e, errno, "close %s", name);
	return code;
}

/* For pipes and terminals, and where a directory takes no new file but the file can be written. */
static MUST_USE enum err_code write_direct(const char *name, struct str text, struct err *e)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return FAIL_SYS(e, errno, "open %s", name);
	return put_and_close(fd, name, text, e);
}

/* Mode for a new file: that of the file it replaces, else what the umask leaves. */
static mode_t mode_for(const char *target)
{
	struct stat st;
	mode_t mask;

	if (stat(target, &st) == 0)
		return st.st_mode & 07777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

/* temporary has the same directory as target. */
static MUST_USE enum err_code write_and_rename(
    int fd, const char *temporary, const char *target, struct str text, struct err *e)
{
	enum err_code code;

	if (fchmod(fd, mode_for(target)) != 0) {
		close(fd);
		return FAIL_SYS(e, errno, "chmod %s", target);
	}
	code = put_and_close(fd, target, text, e);
	if (code == OK && rename(temporary, target) != 0)
		return FAIL_SYS(e, errno, "rename %s", target);
	return code;
}

enum err_code outfile_write(struct str name, struct str text, struct err *e)
{
	char given[PATH_MAX];
	char target[PATH_MAX];
	char temporary[PATH_MAX + 8];
	struct stat st;
	enum err_code code;
	int fd;

	if (name.n >= sizeof given)
		return FAIL_SYS(e, ENAMETOOLONG, "open %.*s", 80, name.p);
	memcpy(given, name.p, name.n);
	given[name.n] = '\0';
	if (stat(given, &st) == 0 && !S_ISREG(st.st_mode))
		return write_direct(given, text, e);
	if (!realpath(given, target)) /* does not exist yet */
		memcpy(target, given, name.n + 1);
	snprintf(temporary, sizeof temporary, "%s.XXXXXX", target);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return write_direct(given, text, e);
	code = write_and_rename(fd, temporary, target, text, e);
	if (code != OK)
		unlink(temporary);
	return code;
}

enum err_code outfile_write_new(struct str dir, const char *prefix, const char *suffix,
    struct str text, struct arena *keep, struct str *name, struct err *e)
{
	const char *slash = dir.n ? "/" : "";
	enum err_code code;

	for (int i = FIRST_NUMBER; i <= LAST_NUMBER; i++) {
		struct str path =
		    arena_printf(keep, "%.*s%s%s%03d.%s", STR_ARG(dir), slash, prefix, i, suffix);
		int fd;

		if (!path.p)
			return FAIL_NOMEM(e);
		fd = open(path.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return FAIL_SYS(e, errno, "open %s", path.p);
		code = put_and_close(fd, path.p, text, e);
		if (code != OK)
			unlink(path.p);
		*name = path;
		return code;
	}
	return FAIL(e, ERR_IO, "could not create file of the form %.*s%s%s%03d.%s", STR_ARG(dir),
	    slash, prefix, FIRST_NUMBER, suffix);
}
