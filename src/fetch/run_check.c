/*
 * Looks at a command before it is run: where it is, whether LD_PRELOAD will work on it, and where
 * the library to preload is. The kernel and the dynamic linker say nothing when it does not work,
 * so it is said here.
 */
#include "fetch/run_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fs.h"
#include "fetch/run.h"
#include "object/object.h"

#ifndef PPROF_LIBDIR
#define PPROF_LIBDIR "/usr/local/lib"
#endif

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

enum err_code run_find_command(char path[PATH_MAX], const char *name, struct err *e)
{
	const char *all = getenv("PATH");
	struct str rest = str_c(all ? all : "/usr/local/bin:/usr/bin:/bin");
	struct str dir;

	if (strchr(name, '/')) {
		if (!fs_path(path, str_c(name)) || access(path, F_OK))
			return FAIL(e, ERR_NOT_FOUND, "exec: \"%s\": no such program", name);
		if (!is_program(path))
			return FAIL(e, ERR_NOT_FOUND, "exec: \"%s\": not an executable file", name);
		return OK;
	}
	while (rest.p && str_split(&rest, ':', &dir)) {
		int n = snprintf(
		    path, PATH_MAX, "%.*s/%s", dir.n ? (int)dir.n : 1, dir.n ? dir.p : ".", name);

		if (n > 0 && n < PATH_MAX && is_program(path))
			return OK;
	}
	return FAIL(e, ERR_NOT_FOUND, "exec: \"%s\": executable file not found in $PATH", name);
}

static bool has_capabilities(const char *path)
{
	return getxattr(path, "security.capability", NULL, 0) > 0;
}

enum err_code run_check_loadable(const char *path, struct err *e)
{
	struct object *o;
	struct stat st;
	struct err ignored;
	bool is_static, is_asan;

	if (stat(path, &st) == 0 && (st.st_mode & (S_ISUID | S_ISGID)) && geteuid() != 0)
		return FAIL(e, ERR_UNSUPPORTED,
		    "%s is set-user-id: the dynamic linker ignores LD_PRELOAD for it", path);
	if (geteuid() != 0 && has_capabilities(path))
		return FAIL(e, ERR_UNSUPPORTED,
		    "%s has file capabilities: the dynamic linker ignores LD_PRELOAD for it", path);
	/* A script, for one: its interpreter decides. */
	if (object_open(&o, str_c(path), &ignored) != OK)
		return OK;
	is_static = !object_has_interpreter(o);
	is_asan = object_needs(o, STR("libasan.so"));
	object_close(o);
	if (is_static)
		return FAIL(e, ERR_UNSUPPORTED,
		    "%s is statically linked: nothing can be loaded into it; link it with "
		    "libpprof.a "
		    "instead",
		    path);
	/* It ends a program in which it is not the first library. */
	if (is_asan)
		return FAIL(e, ERR_UNSUPPORTED,
		    "%s is built with AddressSanitizer, which lets nothing be loaded before it; "
		    "build it without -fsanitize=address to profile it",
		    path);
	return OK;
}

static MUST_USE enum err_code make_absolute(char path[PATH_MAX], struct str out, struct err *e)
{
	char here[PATH_MAX];
	int n;

	if (str_starts(out, STR("/")) && fs_path(path, out))
		return OK;
	if (!getcwd(here, sizeof here))
		return FAIL_SYS(e, errno, "getwd");
	n = snprintf(path, PATH_MAX, "%s/%.*s", here, STR_ARG(out));
	if (n < 0 || n >= PATH_MAX)
		return FAIL_SYS(e, ENAMETOOLONG, "open %.*s", STR_ARG(out));
	return OK;
}

enum err_code run_check_output(char path[PATH_MAX], struct str out, struct err *e)
{
	struct str dir = fs_dir(out);
	char folder[PATH_MAX];

	TRY(make_absolute(path, out, e));
	if (fs_is_dir(out) || str_ends(out, STR("/")))
		return FAIL_SYS(e, EISDIR, "open %.*s", STR_ARG(out));
	if (str_find(dir, STR("%p")) < dir.n)
		return OK;
	/* The file is made beside its final name: the folder must take it. */
	if (snprintf(folder, sizeof folder, "%.*s/.", STR_ARG(dir)) >= PATH_MAX)
		return FAIL_SYS(e, ENAMETOOLONG, "open %.*s", STR_ARG(out));
	if (access(folder, W_OK | X_OK))
		return FAIL_SYS(e, errno, "open %.*s", STR_ARG(out));
	return OK;
}

/* dir/library into out when it is there. */
static bool take_library(char *out, size_t cap, struct str dir, const char *below)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%.*s%s/libpprof_preload.so", STR_ARG(dir), below);

	if (n < 0 || (size_t)n >= sizeof path || (size_t)n >= cap || access(path, R_OK))
		return false;
	memcpy(out, path, (size_t)n + 1);
	return true;
}

/* $PPROF_PRELOAD is the library itself; it is made absolute, as the command may change folders. */
static MUST_USE enum err_code take_given(char *out, size_t cap, const char *given, struct err *e)
{
	char path[PATH_MAX];

	if (!realpath(given, path) || access(path, R_OK) || strlen(path) >= cap)
		return FAIL(e, ERR_NOT_FOUND, "PPROF_PRELOAD: cannot read %s", given);
	memcpy(out, path, strlen(path) + 1);
	return OK;
}

enum err_code run_find_preload(char *out, size_t cap, struct err *e)
{
	static const char *const below[] = { "/../lib", "/../lib/x86_64-linux-gnu",
		"/../lib/aarch64-linux-gnu", "/../lib64", "" };
	const char *given = getenv("PPROF_PRELOAD");
	char self[PATH_MAX];
	ssize_t n;
	struct str dir;

	if (given && *given)
		return take_given(out, cap, given, e);
	n = readlink("/proc/self/exe", self, sizeof self);
	dir = n > 0 && (size_t)n < sizeof self ? fs_dir((struct str){ self, (size_t)n }) : STR(".");
	for (size_t i = 0; i < sizeof below / sizeof *below; i++)
		if (take_library(out, cap, dir, below[i]))
			return OK;
	if (take_library(out, cap, STR(PPROF_LIBDIR), ""))
		return OK;
	return FAIL(e, ERR_NOT_FOUND,
	    "libpprof_preload.so not found: neither in %.*s/../lib nor in " PPROF_LIBDIR
	    "; set PPROF_PRELOAD to its path",
	    STR_ARG(dir));
}
