/*
 * The tables as a file; see state_file.h. Called by init.c; the exit handler is here.
 *
 * The file is made under a hidden name and gets its real one when it is whole. Its descriptor is
 * closed at once: programs close descriptors that they do not know and use the numbers again, so
 * one that is kept might be somebody else's when it is needed. Room is found page by page through
 * the mapping instead (rt_mem_commit_shared), or, before Linux 5.14, for all of a small file at the
 * start.
 */
#include "runtime/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "runtime/glibc_only.h"
#include "runtime/host.h"
#include "runtime/mem.h"
#include "runtime/rt.h"
#include "runtime/state_dir.h"
#include "runtime/state_fork.h"
#include "runtime/state_modules.h"

#define PATH_BYTES (RT_OPTION_PATH + 64)

static struct {
	char directory[RT_OPTION_PATH]; /* absolute; "" when there is no PPROF_STATE */
	char hidden[PATH_BYTES];        /* name until it is published */
	char path[PATH_BYTES];          /* "" until then */
	dev_t device;                   /* which file that is: others may put theirs there */
	ino_t inode;
	int32_t pid;     /* whose it is */
	const char *why; /* there is none; NULL when there is */
	int error;       /* errno of that, or 0 */
} file;

static bool refuse(const char *why, int error)
{
	file.why = why;
	file.error = error;
	return false;
}

/* So that a program that changes its directory leaves no file behind. */
static bool set_directory(const char *given)
{
	struct fmt_buf b = fmt_buf_of(file.directory, sizeof(file.directory));
	char here[RT_OPTION_PATH];

	if (given[0] != '/') {
		if (!getcwd(here, sizeof(here)))
			return refuse("getcwd", errno);
		fmt_c(&b, here);
		fmt_char(&b, '/');
	}
	fmt_c(&b, given);
	fmt_end(&b);
	if (b.failed)
		return refuse("the path is too long", 0);
	if (mkdir(file.directory, 0700) != 0 && errno != EEXIST)
		return refuse("mkdir", errno);
	return true;
}

/*
 * File systems that write a page where its space was found when it was first touched. Others may
 * want new space for every change (copy on write), or wait for a network or for a process.
 */
static bool can_promise_space(int fd)
{
	static const uint64_t good[] = {
		0x01021994, /* tmpfs */
		0x858458f6, /* ramfs */
		0xef53,     /* ext2, ext3, ext4 */
		0x58465342, /* xfs */
		0x794c7630, /* overlayfs */
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return refuse("fstatfs", errno);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if ((uint64_t)fs.f_type == good[i])
			return true;
	return refuse("the file system cannot promise space; use one such as /dev/shm", 0);
}

/* A file made longer than the limit would be a signal to the program. */
static bool fits_limit(size_t n)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	       (limit.rlim_cur == RLIM_INFINITY || n <= limit.rlim_cur);
}

static uint8_t *map_sized(int fd, bool small, bool whole)
{
	size_t n = rt_state_bytes(small);
	uint8_t *p;

	if (!fits_limit(n)) {
		refuse("RLIMIT_FSIZE", 0);
		return NULL;
	}
	if ((whole ? fallocate(fd, 0, 0, (off_t)n) : ftruncate(fd, (off_t)n)) != 0) {
		refuse(whole ? "fallocate" : "ftruncate", errno);
		return NULL;
	}
	p = rt_mem_reserve_shared(fd, n);
	if (!p)
		refuse("mmap", ENOMEM);
	return p;
}

static bool map_file(struct rt_state *s, int fd)
{
	bool whole = !rt_mem_can_populate();
	bool small =
	    whole || !fits_limit(rt_state_bytes(false)) || !rt_host_has_room(rt_state_bytes(false));
	uint8_t *p = map_sized(fd, small, whole);

	if (!p && !small) {
		small = true; /* address space is short */
		p = map_sized(fd, small, whole);
	}
	if (!p)
		return false;
	if (!rt_state_init_at(s, p, small, whole ? RT_BACKING_RESERVED : RT_BACKING_FILE))
		return refuse("no space for the first pages", 0);
	s->ours = rt_mem_map_wiped_on_fork();
	if (s->ours)
		atomic_store(s->ours, 1);
	return true;
}

static bool note_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return refuse("fstat", errno);
	file.device = st.st_dev;
	file.inode = st.st_ino;
	file.pid = rt.pid;
	return true;
}

static int create_hidden(void)
{
	struct fmt_buf b = fmt_buf_of(file.hidden, sizeof(file.hidden));
	struct timespec now;
	int fd;

	clock_gettime(CLOCK_REALTIME, &now);
	fmt_c(&b, file.directory);
	fmt_c(&b, "/.");
	fmt_u64(&b, (uint64_t)rt.pid);
	fmt_char(&b, '.');
	fmt_u64(&b, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
	fmt_c(&b, ".tmp");
	fd = open(fmt_end(&b), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		refuse("open", errno);
	return fd;
}

static bool create(struct rt_state *s)
{
	bool made;
	int fd;

	if (!file.directory[0] && !set_directory(rt.options.state))
		return false;
	fd = create_hidden();
	if (fd < 0)
		return false;
	made = can_promise_space(fd) && note_file(fd) && map_file(s, fd);
	close(fd);
	if (!made)
		unlink(file.hidden);
	return made;
}

bool rt_state_file_create(struct rt_state *s)
{
	int saved = errno;
	bool made;

	if (!rt.options.state[0])
		return false;
	file.why = NULL;
	file.path[0] = '\0';
	made = create(s);
	if (!made)
		rt_stats_add(RT_STAT_LOST_STATE, 1);
	errno = saved;
	return made;
}

static void set_path(void)
{
	struct fmt_buf b = fmt_buf_of(file.path, sizeof(file.path));

	fmt_c(&b, file.directory);
	fmt_char(&b, '/');
	fmt_u64(&b, (uint64_t)rt.pid);
	fmt_c(&b, STATEFMT_SUFFIX);
	fmt_end(&b);
}

static void publish(struct rt_state *s)
{
	set_path();
	if (!rt_state_dir_make_way(file.directory, file.path, s->head)) {
		refuse("something else has its name", 0);
	} else if (rename(file.hidden, file.path) != 0) {
		refuse("rename", errno);
	} else {
		rt_state_dir_prune(file.directory, s->head);
		return;
	}
	/* The tables go on being where they are: a file without a name. */
	unlink(file.hidden);
	file.path[0] = '\0';
	rt_stats_add(RT_STAT_LOST_STATE, 1);
}

void rt_state_file_publish(struct rt_state *s)
{
	struct timespec now;
	int saved = errno;

	s->head->pid = (uint32_t)rt.pid;
	if (s->head->start_ns == 0) {
		clock_gettime(CLOCK_REALTIME, &now);
		s->head->start_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
		s->head->rate = atomic_load(&rt.heap_rate);
	}
	if (s->backing != RT_BACKING_MEMORY) {
		rt_state_dir_identify(s->head);
		if (s->head->module_count == 0)
			rt_state_modules_init(s);
		publish(s);
	}
	errno = saved;
}

/* Tables in a file with the contents of the parent's. */
static bool copy_to_file(void)
{
	struct rt_state fresh;

	if (!rt_state_file_create(&fresh))
		return false;
	if (!rt_state_copy(&fresh, &rt.state)) {
		unlink(file.hidden);
		rt_state_release(&fresh);
		return false;
	}
	rt_state_replace(&fresh);
	rt_state_file_publish(&rt.state);
	return true;
}

/* Signals wait: a handler that allocates would write to the parent's tables. */
void rt_state_file_after_fork(void)
{
	sigset_t all, old;

	if (rt.state.backing == RT_BACKING_MEMORY || !rt_is_ready())
		return;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	file.path[0] = '\0';
	if (!rt.options.state_fork || !copy_to_file())
		rt_state_leave();
	sigprocmask(SIG_SETMASK, &old, NULL);
}

const char *rt_state_file_path(void)
{
	return file.path;
}

void rt_state_file_why(struct fmt_buf *out)
{
	if (!rt.options.state[0] || file.path[0])
		return;
	fmt_c(out, file.why ? file.why : "a forked child has none");
	if (file.error) {
		fmt_c(out, ": ");
		fmt_c(out, rt_error_text(file.error));
	}
}

/* Runs last of ours. What the program still allocates goes to a file without a name. */
__attribute__((destructor(101))) static void finish(void)
{
	struct stat st;

	if (!file.path[0] || file.pid != getpid() || !rt_is_ready())
		return;
	atomic_store(&rt.state.head->ended, 1);
	if (rt.options.state_keep)
		return;
	if (lstat(file.path, &st) == 0 && st.st_dev == file.device && st.st_ino == file.inode)
		unlink(file.path);
}
