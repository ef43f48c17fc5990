/* The directory of state files; see state_dir.h. */
#include "runtime/state_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/fmt.h"
#include "runtime/rt.h"

#define PATH_BYTES (RT_OPTION_PATH + 64)
/* Fewer are left alone: looking into files takes time too. */
#define PRUNE_MIN  8
/* Files removed at a time, at most: start-up must not take long in a full directory. */
#define PRUNE_MAX  64

/* A small file's contents; empty when it cannot be read. */
static struct str read_small(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, buf, cap);

	if (fd >= 0)
		close(fd);
	return str_trim((struct str){ buf, got > 0 ? (size_t)got : 0 });
}

/* "pid:[4026531836]" */
static uint64_t pid_namespace(void)
{
	char buf[64];
	ssize_t n = readlink("/proc/self/ns/pid", buf, sizeof(buf));
	struct str text = { buf, n > 0 ? (size_t)n : 0 };
	size_t open_at = str_find_char(text, '[');
	uint64_t inode;

	if (open_at == STR_NPOS || !str_ends(text, STR("]")))
		return 0;
	text = str_skip(str_head(text, text.n - 1), open_at + 1);
	return str_to_u64(text, 10, &inode) ? inode : 0;
}

void rt_state_dir_identify(struct statefmt_head *h)
{
	char buf[1024];
	struct str text = read_small("/proc/sys/kernel/random/boot_id", buf, sizeof(buf));
	ssize_t n;

	if (text.n < sizeof(h->boot_id))
		memcpy(h->boot_id, text.p, text.n);
	text = read_small("/proc/self/stat", buf, sizeof(buf));
	if (!statefmt_start_ticks(text, &h->start_ticks))
		h->start_ticks = 0;
	h->pid_namespace = pid_namespace();
	n = readlink("/proc/self/exe", h->program, sizeof(h->program) - 1);
	h->program[n > 0 ? n : 0] = '\0';
}

/* The head of a state file; false when it cannot be read or is none. */
static bool read_head(const char *path, struct statefmt_head *h)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : pread(fd, h, sizeof(*h), 0);

	if (fd >= 0)
		close(fd);
	return got == (ssize_t)sizeof(*h) && statefmt_is(h, sizeof(*h));
}

static bool join(char out[PATH_BYTES], const char *directory, const char *name)
{
	struct fmt_buf b = fmt_buf_of(out, PATH_BYTES);

	fmt_c(&b, directory);
	fmt_char(&b, '/');
	fmt_c(&b, name);
	fmt_end(&b);
	return !b.failed;
}

static bool set_aside(const char *directory, const char *path, const struct statefmt_head *old)
{
	char name[64], to[PATH_BYTES];
	struct fmt_buf b = fmt_buf_of(name, sizeof(name));

	fmt_u64(&b, old->pid);
	fmt_char(&b, '.');
	fmt_u64(&b, (uint64_t)old->start_ns / 1000000000u);
	fmt_c(&b, STATEFMT_SUFFIX);
	fmt_end(&b);
	return join(to, directory, name) && rename(path, to) == 0;
}

bool rt_state_dir_make_way(const char *directory, const char *path, const struct statefmt_head *h)
{
	struct statefmt_head old;
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT;
	if (!read_head(path, &old))
		return false;
	return statefmt_same_process(h, &old) || set_aside(directory, path, &old);
}

/* What one walk over the directory finds. */
struct survey {
	const char *directory;
	const struct statefmt_head *self;
	unsigned files;    /* with the name of a state file */
	unsigned gone;     /* of processes that are gone */
	int64_t oldest_ns; /* last sample of the oldest of them */
	char oldest[PATH_BYTES];
};

/* Of a process in another namespace nothing is known but that it may run. */
static bool may_run(const struct statefmt_head *h, const struct statefmt_head *self)
{
	if (h->ended || !statefmt_may_run(h, self))
		return false;
	return !statefmt_same_namespace(h, self) || kill((pid_t)h->pid, 0) == 0 || errno != ESRCH;
}

static void look_closer(struct survey *s, const char *name)
{
	struct statefmt_head h;
	char path[PATH_BYTES];
	int64_t last_ns;

	if (!join(path, s->directory, name) || !read_head(path, &h))
		return;
	if (may_run(&h, s->self))
		return;
	/* No sample but the overflow record: shells that leave by _exit, mostly. */
	if (h.record_count <= 1 && unlink(path) == 0)
		return;
	last_ns = statefmt_last_ns(&h);
	if (s->gone++ == 0 || last_ns < s->oldest_ns) {
		s->oldest_ns = last_ns;
		memcpy(s->oldest, path, sizeof(path));
	}
}

/* Counts; with `closer` also looks into the files. */
static void walk(struct survey *s, int fd, bool closer)
{
	_Alignas(struct dirent64) char buf[4096];
	long got;

	while ((got = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < got;) {
			const struct dirent64 *d = (const struct dirent64 *)(void *)(buf + at);
			uint32_t pid;

			at += d->d_reclen;
			if (!statefmt_file_name(str_c(d->d_name), &pid))
				continue;
			s->files++;
			if (closer)
				look_closer(s, d->d_name);
		}
	}
}

static bool survey(struct survey *s, bool closer)
{
	int fd = open(s->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return false;
	walk(s, fd, closer);
	close(fd);
	return true;
}

void rt_state_dir_prune(const char *directory, const struct statefmt_head *h)
{
	for (unsigned i = 0; i < PRUNE_MAX; i++) {
		struct survey s = { .directory = directory, .self = h };

		if (!survey(&s, false) || s.files < PRUNE_MIN)
			return;
		if (!survey(&s, true) || s.gone <= STATEFMT_KEEP || unlink(s.oldest) != 0)
			return;
	}
}
