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
		{ EFBIG, "file too large" },
		{ EDQUOT, "disk quota exceeded" },
		{ EIO, "input/output error" },
		{ EPIPE, "broken pipe" },
		{ ENOMEM, "cannot allocate memory" },
		{ ENOEXEC, "exec format error" },
		{ ETXTBSY, "text file busy" },
		{ ENETUNREACH, "network is unreachable" },
		{ EHOSTUNREACH, "no route to host" },
		{ ETIMEDOUT, "connection timed out" },
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i].sys == sys)
			return texts[i].text;
	return strerrordesc_np(sys) ? strerrordesc_np(sys) : "unknown error";
}

/* "front: back", the first `front` bytes being there. Long names shorten the front: the reason is
 * at the end. */
static void join(struct err *e, size_t front, const char *back)
{
	const size_t room = sizeof e->msg - 1;
	size_t need = strlen(back) + 2;

	if (front + need > room) {
		front = need < room ? room - need : 0;
		if (front > 3)
			memcpy(e->msg + front - 3, "...", 3);
	}
	snprintf(e->msg + front, sizeof e->msg - front, "%s%s", front ? ": " : "", back);
}

void err_set_sys(struct err *e, int sys, const char *fmt, ...)
{
	va_list ap;

	e->code = ERR_IO;
	e->sys = sys;
	e->at = 0;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	join(e, strlen(e->msg), err_sys_text(sys));
}

void err_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof e->msg];
	va_list ap;

	memcpy(old, e->msg, sizeof old);
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	join(e, strlen(e->msg), old);
}
