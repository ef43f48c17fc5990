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
	sigset_t mask;         /* of the lock's holder */
	uint32_t scans;        /* guarded by the lock */
	_Atomic uint32_t high; /* no thread is at or behind this place */
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
	uint32_t end;

	for (uint32_t i = 0; !t && threads.table && i < WINDOW; i++)
		if (atomic_load(&place(tid, i)->tid) == 0)
			t = place(tid, i);
	if (!t) {
		rt_stats_add(RT_STAT_LOST_THREADS, 1);
		return NULL;
	}
	end = (uint32_t)(t - threads.table) + 1;
	if (atomic_load(&threads.high) < end)
		atomic_store(&threads.high, end);
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
	for (uint32_t i = 0; i < atomic_load(&threads.high); i++)
		if (atomic_load(&threads.table[i].tid) != 0)
			memset(&threads.table[i], 0, sizeof(struct rt_thread));
	atomic_store(&threads.lock.word, 0);
	for (uint32_t i = 0; i < BIRTHS; i++)
		atomic_store(&threads.births[i].used, false);
	add_self();
}

/* The lock is held. */
static void drop(struct rt_thread *t)
{
	rt_cpu_thread_ends(t);
	memset(t, 0, sizeof(*t));
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
static void add_entries(const char *p, const char *end, struct rt_bytes *out)
{
	while (p < end) {
		const struct dirent64 *d = (const struct dirent64 *)(const void *)p;
		uint64_t tid;

		if (str_to_u64(str_c(d->d_name), 10, &tid)) {
			int32_t id = (int32_t)tid;

			rt_bytes_add(out, &id, sizeof(id));
		}
		p += d->d_reclen;
	}
}

/* readdir would allocate. */
bool rt_threads_list(struct rt_bytes *out)
{
	int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(8) char piece[4096];
	long got;

	if (fd < 0)
		return false;
	do {
		got = syscall(SYS_getdents64, fd, piece, sizeof(piece));
		if (got > 0)
			add_entries(piece, piece + got, out);
	} while (got > 0);
	close(fd);
	return got == 0 && !out->failed;
}

size_t rt_threads_number(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) == 0 && st.st_nlink > 2 ? st.st_nlink - 2 : 0;
}

void rt_threads_each(void (*each)(struct rt_thread *))
{
	for (uint32_t i = 0; i < atomic_load(&threads.high); i++)
		if (atomic_load(&threads.table[i].tid) != 0)
			each(&threads.table[i]);
}

static void drop_if_gone(struct rt_thread *t)
{
	/* Those that came while the list was read have the number of this scan already. */
	if (t->seen != threads.scans)
		drop(t);
}

bool rt_threads_scan(void (*each)(struct rt_thread *))
{
	struct rt_bytes list = { 0 };
	bool good;

	rt_threads_lock();
	threads.scans++;
	rt_threads_unlock();
	good = rt_threads_list(&list);
	rt_threads_lock();
	for (size_t i = 0; good && i < list.n / sizeof(int32_t); i++) {
		struct rt_thread *t = add(((const int32_t *)(const void *)list.p)[i]);

		if (t)
			t->seen = threads.scans;
	}
	if (good) {
		rt_threads_each(drop_if_gone);
		rt_threads_each(each);
	}
	rt_threads_unlock();
	rt_bytes_release(&list);
	return good;
}
