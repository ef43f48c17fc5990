/*
 * The table of threads; see rt_threads.h. Called by hook_pthread.c, rt_cpu.c and threads_profile.c.
 *
 * A thread's place is found from its id: neighbouring ids have neighbouring places, and a look-up
 * tries a window of them. The lock is needed by all who add or remove places, as one thread may
 * be found by a scan and announce itself at the same moment.
 */
#include "runtime/rt_threads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/str.h"
#include "runtime/capture.h"
#include "runtime/rt_cpu.h"
#include "runtime/futexlock.h"
#include "runtime/rt.h"

#define WINDOW 64u
#define BIRTHS 256u

static struct {
	struct rt_thread *table; /* RT_THREADS_MAX of them; pages come with use */
	struct rt_futexlock lock;
	sigset_t mask;  /* of the lock's holder */
	uint32_t scans; /* guarded by the lock */
	/*
	 * A bit for each place that is taken, guarded by the lock: whoever goes through the threads
	 * would go through a megabyte of the table otherwise, as a place is a thread's id.
	 */
	uint64_t taken[RT_THREADS_MAX / 64];
	_Atomic bool inherit;
	struct rt_birth births[BIRTHS];
	_Atomic uint32_t next_birth;
} threads;

void rt_threads_lock(void)
{
	sigset_t mask;

	rt_futexlock_take(&threads.lock, &mask);
	threads.mask = mask;
}

void rt_threads_unlock(void)
{
	sigset_t mask = threads.mask;

	rt_futexlock_give(&threads.lock, &mask);
}

int32_t rt_threads_tid(void)
{
	return (int32_t)syscall(SYS_gettid);
}

_Static_assert(RT_THREADS_MAX < UINT16_MAX, "a place fits the thread's struct");

static struct rt_thread *place(int32_t tid, uint32_t i)
{
	return &threads.table[((uint32_t)tid + i) % RT_THREADS_MAX];
}

struct rt_thread *rt_threads_find(int32_t tid)
{
	for (uint32_t i = 0; threads.table && i < WINDOW; i++) {
		struct rt_thread *t = place(tid, i);

		if (atomic_load_explicit(&t->tid, memory_order_acquire) == tid)
			return t;
	}
	return NULL;
}

struct rt_thread *rt_threads_noted(void)
{
	return rt_tls.place && threads.table ? &threads.table[rt_tls.place - 1] : NULL;
}

void rt_threads_note(const struct rt_thread *t)
{
	rt_tls.place = (uint16_t)(t - threads.table + 1);
}

/* The thread's place, a new one when it has none; NULL when there is none. The lock is held. */
static struct rt_thread *add(int32_t tid)
{
	struct rt_thread *t = rt_threads_find(tid);
	uint32_t at;

	for (uint32_t i = 0; !t && threads.table && i < WINDOW; i++)
		if (atomic_load(&place(tid, i)->tid) == 0)
			t = place(tid, i);
	if (!t) {
		rt_stats_add(RT_STAT_LOST_THREADS, 1);
		return NULL;
	}
	at = (uint32_t)(t - threads.table);
	threads.taken[at / 64] |= (uint64_t)1 << at % 64;
	t->seen = threads.scans;
	atomic_store_explicit(&t->tid, tid, memory_order_release);
	return t;
}

/* The calling thread, which nobody has started. */
static void add_self(void)
{
	struct rt_thread *t;

	rt_threads_lock();
	t = add(rt_threads_tid());
	if (t)
		t->tls = &rt_tls;
	rt_threads_unlock();
}

bool rt_threads_init(void)
{
	threads.table = rt_mem_map(RT_THREADS_MAX * sizeof(struct rt_thread));
	if (threads.table)
		add_self();
	return threads.table != NULL;
}

void rt_threads_after_fork(void)
{
	if (!threads.table)
		return;
	/* Of the bits too: another thread may have been in the middle of a change. */
	for (uint32_t i = 0; i < RT_THREADS_MAX; i++)
		if (threads.taken[i / 64] >> i % 64 & 1)
			memset(&threads.table[i], 0, sizeof(struct rt_thread));
	memset(threads.taken, 0, sizeof(threads.taken));
	atomic_store(&threads.lock.word, 0);
	for (uint32_t i = 0; i < BIRTHS; i++)
		atomic_store(&threads.births[i].used, false);
	add_self();
}

/* The lock is held. */
static void drop(struct rt_thread *t)
{
	size_t at = (size_t)(t - threads.table);

	rt_cpu_thread_ends(t);
	memset(t, 0, sizeof(*t));
	threads.taken[at / 64] &= ~((uint64_t)1 << at % 64);
}

struct rt_birth *rt_threads_birth(void *(*start)(void *), void *arg, void *caller)
{
	uint32_t at = atomic_fetch_add_explicit(&threads.next_birth, 1, memory_order_relaxed);

	for (uint32_t i = 0; i < BIRTHS; i++) {
		struct rt_birth *b = &threads.births[(at + i) % BIRTHS];

		if (atomic_exchange_explicit(&b->used, true, memory_order_acquire))
			continue;
		b->start = start;
		b->arg = arg;
		b->created_by = rt_capture(caller);
		b->labels = atomic_load(&threads.inherit) ? rt_labels_current() : 0;
		return b;
	}
	rt_stats_add(RT_STAT_LOST_THREADS, 1);
	return NULL;
}

void rt_threads_unborn(struct rt_birth *birth)
{
	atomic_store_explicit(&birth->used, false, memory_order_release);
}

void rt_threads_enter(const struct rt_birth *birth)
{
	int saved = errno;
	struct rt_thread *t;
	uintptr_t start;

	memcpy(&start, &birth->start, sizeof(start));
	rt_labels_set(birth->labels);
	rt_threads_lock();
	t = add(rt_threads_tid());
	if (t) {
		t->created_by = birth->created_by;
		t->start = start;
		t->tls = &rt_tls;
		rt_cpu_thread_begins(t, true);
	}
	rt_threads_unlock();
	errno = saved;
}

void rt_threads_leave(void)
{
	int saved = errno;
	struct rt_thread *t;

	rt_threads_lock();
	t = rt_threads_find(rt_threads_tid());
	if (t)
		drop(t);
	rt_threads_unlock();
	errno = saved;
}

void rt_threads_inherit_labels(bool on)
{
	atomic_store(&threads.inherit, on);
}

/* The ids in one piece of the directory. */
static void each_entry(
    const char *p, const char *end, void (*each)(void *ctx, int32_t tid), void *ctx)
{
	while (p < end) {
		const struct dirent64 *d = (const struct dirent64 *)(const void *)p;
		uint64_t tid;

		if (str_to_u64(str_c(d->d_name), 10, &tid))
			each(ctx, (int32_t)tid);
		p += d->d_reclen;
	}
}

int rt_threads_directory(void)
{
	return open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/*
 * Calls read for each piece of the directory, by getdents as readdir would allocate. False when it
 * cannot be read, or not to its end.
 */
static bool each_piece(int fd, void (*read)(void *ctx, const char *p, const char *end), void *ctx)
{
	_Alignas(8) char piece[4096];
	long got;

	if (syscall(SYS_lseek, fd, 0, SEEK_SET) != 0)
		return false;
	do {
		got = syscall(SYS_getdents64, fd, piece, sizeof(piece));
		if (got > 0)
			read(ctx, piece, piece + got);
	} while (got > 0);
	return got == 0;
}

static void add_to_list(void *list, int32_t tid)
{
	rt_bytes_add(list, &tid, sizeof(tid));
}

static void list_piece(void *list, const char *p, const char *end)
{
	each_entry(p, end, add_to_list, list);
}

bool rt_threads_list(struct rt_bytes *out)
{
	int fd = rt_threads_directory();
	bool good = fd >= 0 && each_piece(fd, list_piece, out) && !out->failed;

	if (fd >= 0)
		close(fd);
	return good;
}

size_t rt_threads_number(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) == 0 && st.st_nlink > 2 ? st.st_nlink - 2 : 0;
}

void rt_threads_each(void (*each)(struct rt_thread *))
{
	for (uint32_t word = 0; word < RT_THREADS_MAX / 64; word++)
		for (uint64_t left = threads.taken[word]; left; left &= left - 1)
			each(&threads.table[word * 64 + (uint32_t)__builtin_ctzll(left)]);
}

static void drop_if_gone(struct rt_thread *t)
{
	/* Those that came while the list was read have the number of this scan already. */
	if (t->seen != threads.scans)
		drop(t);
}

static void see(void *unused, int32_t tid)
{
	struct rt_thread *t = add(tid);

	(void)unused;
	if (t)
		t->seen = threads.scans;
}

/*
 * Ten times a second while a CPU profile runs, at the program's expense: so no memory is mapped for
 * it, whose return would interrupt the program's threads on other CPUs. The lock is not held while
 * the kernel writes the list down.
 */
static void see_piece(void *unused, const char *p, const char *end)
{
	rt_threads_lock();
	each_entry(p, end, see, unused);
	rt_threads_unlock();
}

bool rt_threads_scan_directory(int fd, void (*each)(struct rt_thread *))
{
	bool good;

	rt_threads_lock();
	threads.scans++;
	rt_threads_unlock();
	good = each_piece(fd, see_piece, NULL);
	rt_threads_lock();
	if (good) {
		rt_threads_each(drop_if_gone);
		rt_threads_each(each);
	}
	rt_threads_unlock();
	return good;
}

bool rt_threads_scan(void (*each)(struct rt_thread *))
{
	int fd = rt_threads_directory();
	bool good = fd >= 0 && rt_threads_scan_directory(fd, each);

	if (fd >= 0)
		close(fd);
	return good;
}
