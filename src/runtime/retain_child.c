/*
 * The child; see retain_child.h. Called by retain.c. First it makes itself harmless: handlers of
 * the program must not run in it, nor its descriptors stay open, and whoever is short of memory or
 * time shall take it first.
 */
#include "runtime/retain_child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/retain_chains.h"
#include "runtime/retain_glibc.h"
#include "runtime/retain_maps.h"
#include "runtime/retain_mark.h"
#include "runtime/retain_table.h"

#define CPU_SECONDS  60
#define FDS_MAX      65536
/* struct pthread, with the first values of pthread_setspecific, above the thread pointer. */
#define THREAD_BYTES 2304

_Static_assert(sizeof(uintptr_t) == 8, "words that may be pointers are 8 bytes");

static void drop_handlers(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &plain, NULL);
}

static void close_all(void)
{
	if (syscall(SYS_close_range, 0, ~0u, 0) == 0)
		return;
	for (int fd = 0; fd < FDS_MAX; fd++)
		close(fd);
}

static void be_first_to_die(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1000", 4) < 0)
		errno = 0; /* then it dies as early as its parent does */
	close(fd);
}

/*
 * A limit of one byte for core files also keeps the kernel from starting a program for them. It is
 * not nice: the sooner it ends, the fewer pages are copied for it.
 */
static void settle(void)
{
	const struct rlimit cpu = { CPU_SECONDS, CPU_SECONDS }, core = { 1, 1 };
	struct sched_param none = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	drop_handlers();
	close_all();
	be_first_to_die();
	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_CORE, &core);
	sched_setscheduler(0, SCHED_BATCH, &none);
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

_Noreturn static void leave(struct retain_result *out, enum retain_status status)
{
	out->all_ns = cpu_ns();
	atomic_store(&out->status, status);
	for (;;)
		syscall(SYS_exit_group, 0);
}

static uint8_t stage_of(const struct retain_module *m)
{
	if (m->is_program)
		return 0;
	return m->is_libc ? 5 : 1;
}

/* An object's data, without a stretch of it. */
static void add_globals(struct retain_mark *k, const struct retain_module *m, uint32_t owner,
    const struct retain_range *data, const struct retain_range *without)
{
	struct retain_root r = { data->start, data->end, owner, RETAIN_GLOBAL, stage_of(m) };

	if (without->start >= data->start && without->end <= data->end && without->start) {
		r.end = without->start;
		retain_mark_root(k, &r);
		r.start = without->end;
		r.end = data->end;
	}
	retain_mark_root(k, &r);
}

static void add_modules(
    struct retain_mark *k, const struct retain_input *in, const struct retain_range *arena)
{
	for (uint32_t i = 0; i < in->n_modules; i++) {
		const struct retain_module *m = &in->modules[i];

		for (unsigned d = 0; d < m->n_data && !m->is_own && !m->is_allocator; d++)
			add_globals(k, m, i, &m->data[d], arena);
	}
}

static uintptr_t tls_bytes(const struct retain_input *in)
{
	uintptr_t most = 0;

	for (size_t i = 0; i < in->n_modules; i++)
		if (in->modules[i].tls_distance > most)
			most = in->modules[i].tls_distance;
	return most;
}

/* A thread's TLS without the allocator's: that has the blocks that it will give out next. */
static void add_tls(struct retain_mark *k, const struct retain_input *in,
    const struct retain_thread *t, uint32_t owner, uintptr_t tls)
{
	struct retain_root r = { t->tp - tls, t->tp + THREAD_BYTES, owner, RETAIN_TLS, 2 };

	for (size_t i = 0; i < in->n_modules; i++) {
		const struct retain_module *m = &in->modules[i];

		if (!m->is_allocator || !m->tls_distance)
			continue;
		r.end = t->tp - m->tls_distance;
		retain_mark_root(k, &r);
		r.start = r.end + m->tls_size;
		r.end = t->tp + THREAD_BYTES;
	}
	retain_mark_root(k, &r);
}

/* Stacks end where the thread's TLS begins. */
static void add_thread(struct retain_mark *k, const struct retain_maps *m,
    const struct retain_input *in, uint32_t owner, uintptr_t tls)
{
	const struct retain_thread *t = &in->threads[owner];
	struct retain_range stack = retain_maps_stack(m, t);
	struct retain_root r = { stack.start, stack.end, owner, RETAIN_STACK, 3 };

	if (t->tp && t->tp == r.end)
		r.end -= tls < r.end - r.start ? tls : 0;
	retain_mark_root(k, &r);
	if (t->tp)
		add_tls(k, in, t, owner, tls);
	r = (struct retain_root){ (uintptr_t)t->regs, (uintptr_t)(t->regs + t->n_regs), owner,
		RETAIN_REGISTER, 4 };
	retain_mark_root(k, &r);
}

static void add_roots(struct retain_mark *k, const struct retain_maps *m,
    const struct retain_input *in, const struct retain_range *arena)
{
	uintptr_t tls = tls_bytes(in);

	add_modules(k, in, arena);
	for (uint32_t i = 0; i < in->n_threads; i++)
		if (!in->threads[i].is_own)
			add_thread(k, m, in, i, tls);
}

static void count_reached(const struct retain_mark *k, struct retain_result *out)
{
	out->scanned_bytes = k->scanned;
	for (uint32_t i = 0; i < k->b->n; i++) {
		if (retain_is_mapping(k->b, i))
			continue;
		if (k->b->parent[i])
			out->reached_bytes += retain_block_bytes(k->b, i);
		else
			out->unreached_bytes += retain_block_bytes(k->b, i);
	}
}

void retain_child_run(const struct retain_input *in, struct retain_result *out)
{
	struct retain_blocks blocks;
	struct retain_maps maps;
	struct retain_mark mark;
	struct retain_range arena = { 0, 0 };
	uint64_t begun;

	settle();
	if (!retain_maps_read(&maps, in))
		leave(out, RETAIN_NO_MAPS);
	if (!retain_blocks_init(&blocks, in->side_bytes))
		leave(out, RETAIN_NO_MEMORY);
	if (in->from_table)
		retain_table_blocks(&blocks, &maps, in, out);
	else
		retain_glibc_blocks(&blocks, &maps, out);
	if (blocks.failed || !retain_mark_init(&mark, &blocks))
		leave(out, RETAIN_NO_MEMORY);
	if (out->blocks == 0)
		leave(out, RETAIN_NO_HEAP);
	if (!in->from_table)
		arena = retain_glibc_main_arena(&blocks, in, out);
	out->walk_ns = begun = cpu_ns();
	add_roots(&mark, &maps, in, &arena);
	retain_mark_run(&mark);
	/* Another allocator's own tables are such mappings, and name blocks of all sorts. */
	if (!in->from_table)
		retain_mark_mappings(&mark);
	out->mark_ns = cpu_ns() - begun;
	count_reached(&mark, out);
	if (mark.failed || !retain_chains_make(&mark, in, out))
		leave(out, RETAIN_NO_MEMORY);
	leave(out, RETAIN_DONE);
}
