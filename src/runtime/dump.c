/* Heap profiles into files; see dump.h. Called by preload.c and watch.c. */
#include "runtime/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "runtime/ages.h"
#include "runtime/rt.h"
#include "runtime/profiles.h"

#define PATH_ROOM     (2 * RT_OPTION_PATH + 64)
#define NUMBER_DIGITS 4

static void put_number(struct fmt_buf *out, uint64_t number)
{
	uint64_t least = 10;

	for (unsigned i = 1; i < NUMBER_DIGITS; i++, least *= 10)
		if (number < least)
			fmt_char(out, '0');
	fmt_u64(out, number);
}

bool rt_dump_name(const char *pattern, uint64_t number, struct fmt_buf *out)
{
	bool has_pid = false;

	for (; *pattern; pattern++) {
		char kind = *pattern == '%' ? pattern[1] : '\0';

		if (kind == 'p')
			fmt_u64(out, (uint64_t)rt.pid);
		else if (kind == 'n')
			put_number(out, number);
		else
			fmt_char(out, *pattern);
		has_pid |= kind == 'p';
		pattern += kind == 'p' || kind == 'n' || kind == '%';
	}
	fmt_end(out);
	return has_pid;
}

bool rt_dump_bytes(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		p += put;
		n -= (size_t)put;
	}
	return true;
}

/*
 * A file that gets longer than RLIMIT_FSIZE is a signal to the thread that writes. Ours must not
 * be the program's end: it waits, and is taken when it came of this.
 */
static bool write_within_limit(int fd, const uint8_t *p, size_t n)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t too_long, old, pending;
	bool was_pending, good;

	sigemptyset(&too_long);
	sigaddset(&too_long, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &too_long, &old);
	was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ);
	good = rt_dump_bytes(fd, p, n);
	if (!good && !was_pending)
		sigtimedwait(&too_long, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return good;
}

static bool render(struct rt_bytes *out)
{
	const struct rt_profile_kind *heap = rt_profiles_find(STR("heap"));
	struct rt_snapshot s;

	if (rt.options.born != 1)
		return rt_profiles_write(heap, 0, out);
	return rt_ages_snapshot(&s, RT_LABEL_BORN) && rt_profiles_render(heap, &s, 0, out);
}

static bool write_profile(int fd)
{
	struct rt_bytes out = { 0 };
	bool good = render(&out) && write_within_limit(fd, out.p, out.n);

	rt_bytes_release(&out);
	return good;
}

bool rt_dump_write(const char *path)
{
	char temporary[PATH_ROOM];
	struct fmt_buf b = fmt_buf_of(temporary, sizeof(temporary));
	bool good;
	int fd;

	fmt_c(&b, path);
	fmt_c(&b, ".tmp.");
	fmt_u64(&b, (uint64_t)rt.pid);
	fmt_end(&b);
	fd = b.failed ? -1 : open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	good = write_profile(fd);
	good = close(fd) == 0 && good;
	good = good && rename(temporary, path) == 0;
	if (!good)
		unlink(temporary);
	return good;
}
