/*
 * A copy of a fetched profile. Called by the driver after symbolizing. What is hard: two tools
 * saving at once must get two names, and a reader must never see half a file; so the bytes go into
 * a nameless-looking file first, and its name is made by link(2), which fails when it is taken.
 */
#include "fetch/save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "profile/encode.h"

/* Numbers tried for one name. */
#define MAX_NUMBER 10000

static bool can_use(struct str dir, const struct ui *ui)
{
	struct err e;

	if (fs_make_dirs(dir, &e) == OK)
		return true;
	ui_error(ui, "Could not use temp dir %.*s: %s", STR_ARG(dir), e.msg);
	return false;
}

struct str fetch_save_dir(struct arena *a, const struct ui *ui)
{
	const char *own = getenv("PPROF_TMPDIR");
	const char *home = getenv("HOME");
	const char *temporary = getenv("TMPDIR");
	struct str dirs[3];
	size_t n = 0;

	if (own && *own)
		dirs[n++] = str_c(own);
	if (home && *home)
		dirs[n++] = arena_printf(a, "%s/pprof", home);
	dirs[n++] = str_c(temporary && *temporary ? temporary : "/tmp");
	for (size_t i = 0; i < n; i++)
		if (dirs[i].n && can_use(dirs[i], ui))
			return dirs[i];
	return STR("");
}

/* "pprof.[BASE.]TYPE1.TYPE2." */
static struct str name_prefix(const struct profile *p, struct arena *a)
{
	struct str text = STR("pprof.");

	if (p->n_mappings && p->mappings[0].file)
		text = arena_printf(a, "%.*s%.*s.", STR_ARG(text),
		    STR_ARG(fs_base(profile_str(p, p->mappings[0].file))));
	for (uint32_t i = 0; i < p->n_sample_types; i++) {
		struct str type = profile_str(p, p->sample_types[i].type);

		text = arena_printf(a, "%.*s%.*s.", STR_ARG(text), STR_ARG(type));
	}
	return text;
}

static MUST_USE enum err_code write_all(int fd, struct str bytes, const char *name, struct err *e)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FAIL_SYS(e, errno, "write %s", name);
		bytes = str_skip(bytes, (size_t)n);
	}
	return OK;
}

static MUST_USE enum err_code write_temporary(const char *name, struct str bytes, struct err *e)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	enum err_code rc;

	if (fd < 0)
		return FAIL_SYS(e, errno, "open %s", name);
	rc = write_all(fd, bytes, name, e);
	if (close(fd) && rc == OK)
		rc = FAIL_SYS(e, errno, "close %s", name);
	if (rc != OK)
		unlink(name);
	return rc;
}

/* Gives the file the first free name; where there are no links, by a rename that overwrites none.
 */
static MUST_USE enum err_code give_name(
    const char *temporary, struct str prefix, char final[PATH_MAX], struct err *e)
{
	for (int i = 1; i < MAX_NUMBER; i++) {
		int n = snprintf(final, PATH_MAX, "%.*s%03d.pb.gz", STR_ARG(prefix), i);

		if (n < 0 || n >= PATH_MAX)
			return FAIL_SYS(e, ENAMETOOLONG, "open %.*s", STR_ARG(prefix));
		if (link(temporary, final) == 0) {
			unlink(temporary);
			return OK;
		}
		if (errno == EEXIST)
			continue;
		if (renameat2(AT_FDCWD, temporary, AT_FDCWD, final, RENAME_NOREPLACE) == 0)
			return OK;
		if (errno != EEXIST)
			return FAIL_SYS(e, errno, "open %s", final);
	}
	return FAIL(e, ERR_IO, "could not create file of the form %.*s%03d%s", STR_ARG(prefix), 1,
	    ".pb.gz");
}

static MUST_USE enum err_code save_in(
    struct str dir, const struct profile *p, struct arena *a, char final[PATH_MAX], struct err *e)
{
	struct str prefix = name_prefix(p, a);
	struct str full = arena_printf(a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(prefix));
	struct buf bytes = { 0 };
	enum err_code rc = profile_encode_gzip(p, &bytes, e);
	struct str temporary;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	temporary =
	    arena_printf(a, "%.*s/.pprof-%ld-%ld.tmp", STR_ARG(dir), (long)getpid(), now.tv_nsec);
	if (rc == OK && arena_failed(a)) {
		err_set(e, ERR_NOMEM, 0, "out of memory");
		rc = ERR_NOMEM;
	}
	if (rc == OK)
		rc = write_temporary(temporary.p, buf_str(&bytes), e);
	buf_release(&bytes);
	if (rc != OK)
		return rc;
	rc = give_name(temporary.p, full, final, e);
	if (rc != OK)
		unlink(temporary.p);
	return rc;
}

enum err_code fetch_save(const struct profile *p, const struct ui *ui, struct err *e)
{
	struct arena a = { 0 };
	char final[PATH_MAX];
	struct str dir = fetch_save_dir(&a, ui);
	struct err why;

	if (!dir.n) {
		arena_release(&a);
		return FAIL(e, ERR_IO, "failed to identify temp dir");
	}
	if (save_in(dir, p, &a, final, &why) == OK)
		ui_error(ui, "Saved profile in %s", final);
	else
		ui_error(ui, "Could not save profile: %s", why.msg);
	arena_release(&a);
	return OK;
}
