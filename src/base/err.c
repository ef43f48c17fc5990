#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void err_set(struct err *e, enum err_code code, uint64_t at, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	e->sys = 0;
	e->at = at;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
}

const char *err_sys_text(int sys)
{
	static const struct {
		int sys;
		const char *text;
	} texts[] = {
		{ ENOENT, "no such file or directory" },
		{ EACCES, "permission denied" },
		{ EPERM, "operation not permitted" },
		{ EISDIR, "is a directory" },
		{ ENOTDIR, "not a directory" },
		{ EEXIST, "file exists" },
		{ EINVAL, "invalid argument" },
		{ EMFILE, "too many open files" },
		{ ENOSPC, "no space left on device" },
		{ EROFS, "read-only file system" },
		{ ECONNREFUSED, "connection refused" },
		{ ECONNRESET, "connection reset by peer" },
		{ EADDRINUSE, "address already in use" },
		{ EADDRNOTAVAIL, "cannot assign requested address" },
		{ ENAMETOOLONG, "file name too long" },
		{ ELOOP, "too many levels of symbolic links" },
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i].sys == sys)
			return texts[i].text;
	return strerrordesc_np(sys) ? strerrordesc_np(sys) : "unknown error";
}

void err_set_sys(struct err *e, int sys, const char *fmt, ...)
{
	size_t used;
	va_list ap;

	e->code = ERR_IO;
	e->sys = sys;
	e->at = 0;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	used = strlen(e->msg);
	snprintf(e->msg + used, sizeof e->msg - used, ": %s", err_sys_text(sys));
}

void err_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof e->msg];
	size_t used;
	va_list ap;

	memcpy(old, e->msg, sizeof old);
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	used = strlen(e->msg);
	snprintf(e->msg + used, sizeof e->msg - used, ": %s", old);
}
