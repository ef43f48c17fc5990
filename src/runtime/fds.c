/* Descriptors by stack; see fds.h. Called by hook_fd.c and the table of profiles. */
#include "runtime/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/fmt.h"
#include "core/hash.h"
#include "runtime/busy.h"
#include "runtime/capture.h"
#include "runtime/mem.h"
#include "runtime/rt.h"
#include "runtime/tally.h"

static struct {
	_Atomic uint64_t *entries; /* identity << 32 | stack, by number; 0: not known */
	_Atomic uint32_t end;      /* numbers from here on never had an entry */
} fds;

void rt_fds_init(void)
{
	fds.entries = rt_mem_map(RT_FDS_MAX * sizeof(*fds.entries));
}

bool rt_fds_enabled(void)
{
	return fds.entries != NULL;
}

static uint32_t identity(const struct stat *st)
{
	return (uint32_t)hash_mix(st->st_ino, st->st_dev ^ (st->st_mode & S_IFMT));
}

/* False in a vforked child, whose descriptors are its own but whose memory is its parent's. */
static bool is_ours(void)
{
	return (int32_t)syscall(SYS_getpid) == rt.pid;
}

static void raise_end(uint32_t end)
{
	uint32_t old = atomic_load(&fds.end);

	while (old < end && !atomic_compare_exchange_weak(&fds.end, &old, end))
		continue;
}

static rt_stack_id stack_now(void *caller)
{
	uintptr_t own = STATEFMT_PC_FD_PPROF;
	rt_stack_id stack;
	uintptr_t was;

	if (rt_busy())
		return rt_stacktab_id(&own, 1);
	was = rt_busy_begin();
	stack = rt_capture(caller);
	rt_busy_end(was);
	return stack;
}

void rt_fds_opened(int fd, void *caller)
{
	int saved = errno;
	struct stat st;

	if (fd < 0 || !fds.entries || rt_tls.own_files || !is_ours() || !rt_state_check(&rt.state))
		return;
	if (fd < RT_FDS_MAX && fstat(fd, &st) == 0) {
		raise_end((uint32_t)fd + 1);
		atomic_store(&fds.entries[fd], (uint64_t)identity(&st) << 32 | stack_now(caller));
	} else {
		rt_stats_add(RT_STAT_LOST_FDS, 1);
	}
	errno = saved;
}

void rt_fds_closing_range(unsigned first, unsigned last)
{
	uint32_t end = atomic_load(&fds.end);

	if (!fds.entries || first >= end || rt_tls.own_files || !is_ours())
		return;
	for (uint32_t fd = first; fd < end && fd <= last; fd++)
		if (atomic_load_explicit(&fds.entries[fd], memory_order_relaxed))
			atomic_store(&fds.entries[fd], 0);
}

void rt_fds_closing(int fd)
{
	if (fd >= 0)
		rt_fds_closing_range((unsigned)fd, (unsigned)fd);
}

/* The link of a number of the program's table, which the caller's need not be. */
static const char *link_of(int fd, char *path, size_t size)
{
	struct fmt_buf b = fmt_buf_of(path, size);

	fmt_c(&b, "/proc/self/fd/");
	fmt_i64(&b, fd);
	return fmt_end(&b);
}

/* What the kernel calls a descriptor without a file of its own. */
static uintptr_t anonymous_type(int fd)
{
	static const struct {
		const char *target;
		uintptr_t pc;
	} types[] = {
		{ "anon_inode:[eventfd]", STATEFMT_PC_FD_EVENTFD },
		{ "anon_inode:[eventpoll]", STATEFMT_PC_FD_EPOLL },
		{ "anon_inode:[timerfd]", STATEFMT_PC_FD_TIMERFD },
		{ "anon_inode:[signalfd]", STATEFMT_PC_FD_SIGNALFD },
		{ "anon_inode:inotify", STATEFMT_PC_FD_INOTIFY },
	};

	char path[40], target[64];
	ssize_t n = readlink(link_of(fd, path, sizeof(path)), target, sizeof(target));

	for (size_t i = 0; n > 0 && i < sizeof(types) / sizeof(types[0]); i++)
		if (str_is((struct str){ target, (size_t)n }, types[i].target))
			return types[i].pc;
	return STATEFMT_PC_FD_OTHER;
}

static uintptr_t type_of(int fd, const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return STATEFMT_PC_FD_FILE;
	case S_IFDIR:
		return STATEFMT_PC_FD_DIRECTORY;
	case S_IFSOCK:
		return STATEFMT_PC_FD_SOCKET;
	case S_IFIFO:
		return STATEFMT_PC_FD_PIPE;
	case S_IFBLK:
	case S_IFCHR:
		return STATEFMT_PC_FD_DEVICE;
	default:
		return anonymous_type(fd);
	}
}

/* The stack of an open descriptor; 0 when it was closed meanwhile. */
static rt_stack_id stack_of(int fd)
{
	uint64_t entry = fd < RT_FDS_MAX ? atomic_load(&fds.entries[fd]) : 0;
	char path[40];
	struct stat st;
	uintptr_t type;

	if (stat(link_of(fd, path, sizeof(path)), &st) != 0)
		return 0;
	if ((uint32_t)entry != 0 && (uint32_t)(entry >> 32) == identity(&st))
		return (rt_stack_id)entry;
	type = type_of(fd, &st);
	return rt_stacktab_id(&type, 1);
}

/* As the kernel lays it out: see getdents64(2). */
struct entry64 {
	uint64_t inode;
	int64_t offset;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

/* The number that `dir` has in the table that it lists: -1 when the caller's is another. */
static int number_in_list(int dir)
{
	struct stat here, there;
	char path[40];

	if (dir < 0 || fstat(dir, &here) != 0 ||
	    stat(link_of(dir, path, sizeof(path)), &there) != 0)
		return -1;
	return here.st_ino == there.st_ino && here.st_dev == there.st_dev ? dir : -1;
}

/* Calls each(ctx, fd) for what is open, but for the descriptor that this itself uses. */
static bool for_each_open(void (*each)(void *, int), void *ctx)
{
	_Alignas(struct entry64) char buf[4096];
	int dir =
	    (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int hidden = number_in_list(dir);
	ssize_t got = 0;

	while (dir >= 0 && (got = syscall(SYS_getdents64, dir, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < got;) {
			const struct entry64 *e = (const struct entry64 *)(const void *)(buf + at);
			uint64_t fd;

			at += e->bytes;
			if (str_to_u64(str_c(e->name), 10, &fd) && (int)fd != hidden)
				each(ctx, (int)fd);
		}
	}
	if (dir >= 0)
		syscall(SYS_close, dir);
	return dir >= 0 && got == 0;
}

static void count_one(void *ctx, int fd)
{
	(void)fd;
	++*(size_t *)ctx;
}

size_t rt_fds_count(const struct rt_profile_kind *kind)
{
	size_t n = 0;
	int saved = errno;

	(void)kind;
	for_each_open(count_one, &n);
	errno = saved;
	return n;
}

struct gather {
	struct rt_tally tally;
	size_t room; /* more may be opened while we count */
};

static void gather_one(void *ctx, int fd)
{
	struct gather *g = ctx;
	rt_stack_id stack = g->room > 0 ? stack_of(fd) : 0;

	if (!stack)
		return;
	g->room--;
	rt_tally_add(&g->tally, stack);
}

bool rt_fds_take(const struct rt_profile_kind *kind, struct rt_snapshot *s)
{
	struct gather g = { .room = 2 * rt_fds_count(kind) + 64 };
	int saved = errno;

	rt_snapshot_begin(s);
	s->rate = 1;
	if (!rt_is_ready() || !rt_tally_init(&g.tally, g.room))
		return false;
	for_each_open(gather_one, &g);
	rt_tally_finish(&g.tally, s);
	errno = saved;
	return rt_snapshot_end(s);
}
