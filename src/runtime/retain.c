/*
 * Retention snapshots, the parent's side; see retain.h. Called by rt_routes.c. One at a time; what
 * is refused is refused before the program has noticed anything.
 */
#include "runtime/retain.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/busy.h"
#include "runtime/copies.h"
#include "runtime/glibc_only.h"
#include "runtime/memlimit.h"
#include "runtime/modules.h"
#include "runtime/retain_child.h"
#include "runtime/retain_look.h"
#include "runtime/retain_profile.h"
#include "runtime/rt.h"
#include "runtime/rt_routes.h"

/* What the kernel needs to copy the page tables of a GiB in small pages, when it has time. */
#define PAUSE_MS_PER_GIB 60
/* Memory that must be left: the program's pages that it writes to meanwhile are copied. */
#define HEADROOM_MIN     ((uint64_t)64 << 20)
#define HEADROOM_PERCENT 15
#define SIDE_MIN         ((uint64_t)16 << 20)
#define PATIENCE_NS      60000000000u

static struct {
	_Atomic bool busy;
	int32_t parent; /* process that made the child */
	int32_t pid;    /* 0: it has ended */
	bool timed_out;
	int status; /* as of waitpid */
	uint64_t deadline_ns;
	struct retain_input *in;
	struct retain_result *out;
} job;

static uint64_t number_behind(struct str text, struct str name)
{
	struct str line;
	uint64_t n;

	while (text.n && str_split(&text, '\n', &line)) {
		if (!str_starts(line, name))
			continue;
		line = str_trim(str_skip(line, name.n));
		return str_to_u64(str_head(line, str_find_char(line, ' ')), 10, &n) ? n : 0;
	}
	return 0;
}

/* Bytes that the machine could still give without taking them from another. */
static uint64_t machine_available(void)
{
	struct rt_bytes text = { 0 };
	uint64_t kib = UINT64_MAX >> 10;

	if (rt_modules_read_file("/proc/meminfo", &text))
		kib = number_behind(
		    (struct str){ (const char *)text.p, text.n }, STR("MemAvailable:"));
	rt_bytes_release(&text);
	return kib << 10;
}

/* Resident memory that a child gets page tables for: not that of files. */
static uint64_t private_bytes(void)
{
	struct rt_bytes text = { 0 };
	struct str rest, word;
	uint64_t n[3] = { 0, 0, 0 };

	rt_modules_read_file("/proc/self/statm", &text);
	rest = (struct str){ (const char *)text.p, text.n };
	for (unsigned i = 0; i < 3 && text.n && str_split(&rest, ' ', &word); i++)
		str_to_u64(word, 10, &n[i]);
	rt_bytes_release(&text);
	return (n[1] > n[2] ? n[1] - n[2] : 0) * (uint64_t)getpagesize();
}

static uint64_t headroom(void)
{
	struct rt_memlimit limit;
	struct rt_memuse use;
	uint64_t left, available = machine_available();

	rt_memlimit_find(&limit, "");
	use = rt_memlimit_use(&limit);
	left = use.limit > use.used ? use.limit - use.used : 0;
	return left < available ? left : available;
}

static bool find_object(const void *address, struct rt_object *out)
{
	return rt_modules_have_table() && rt_modules_object((uintptr_t)address, out);
}

static bool is_in_libc(const void *address)
{
	struct rt_object object, libc;
	const char *(*known)(void) = gnu_get_libc_version;
	const void *own;

	memcpy(&own, &known, sizeof(own));
	return find_object(address, &object) && find_object(own, &libc) && object.bias == libc.bias;
}

static const void *next_malloc(void)
{
	const void *next;

	memcpy(&next, &rt.real.malloc, sizeof(next));
	return next;
}

/*
 * Blocks are walked as glibc lays them out: its malloc must be the one that is called. Nearly
 * always it is the next, and the loader need not be asked.
 */
bool rt_retain_needs_table(void)
{
	if (!rt_modules_have_table())
		return false; /* the walk finds out */
	return !is_in_libc(next_malloc()) && !is_in_libc(rt_copies_allocator());
}

/* Whether the live table has every block, not only samples, and from now on. */
static bool has_every_block(void)
{
	return atomic_load(&rt.heap_rate) == 1;
}

static void mib(struct fmt_buf *why, uint64_t bytes)
{
	fmt_u64(why, bytes >> 20);
	fmt_c(why, " MiB");
}

static bool pause_is_short(uint64_t bytes, struct fmt_buf *why)
{
	uint64_t ms = (bytes >> 10) * PAUSE_MS_PER_GIB >> 20;

	if (ms <= rt.options.retain_pause)
		return true;
	fmt_c(why, "the program would stand still for about ");
	fmt_u64(why, ms);
	fmt_c(why, " ms, more than PPROF_RETAIN_PAUSE allows (");
	fmt_u64(why, rt.options.retain_pause);
	fmt_c(why, ")");
	return false;
}

/* False with the reason; *side is what the child may use for itself. */
static bool has_headroom(uint64_t bytes, uint64_t *side, struct fmt_buf *why)
{
	uint64_t left = headroom(), need = bytes / 100 * HEADROOM_PERCENT;

	need = need > HEADROOM_MIN ? need : HEADROOM_MIN;
	*side = left / 2;
	if (left >= need && *side >= SIDE_MIN)
		return true;
	fmt_c(why, "too near to the limit of memory: ");
	mib(why, left);
	fmt_c(why, " left, ");
	mib(why, need);
	fmt_c(why, " needed");
	return false;
}

static bool may_start(uint64_t *side, struct fmt_buf *why)
{
	uint64_t bytes = private_bytes();

	if (!rt_is_ready())
		fmt_c(why, "the profiler has no memory");
	else if (rt.options.retain_pause == 0)
		fmt_c(why, "switched off (PPROF_RETAIN_PAUSE=0)");
	else if (rt_retain_needs_table() && !has_every_block())
		fmt_c(why,
		    "the blocks of this program's allocator are not known as glibc's are; set "
		    "PPROF_HEAP_RATE=1 before it starts, so that each is noted");
	else
		return pause_is_short(bytes, why) && has_headroom(bytes, side, why);
	return false;
}

static void release(void)
{
	rt_mem_unmap(job.in, sizeof(*job.in));
	rt_mem_unmap(job.out, sizeof(*job.out));
	job.in = NULL;
	job.out = NULL;
	job.pid = 0;
	atomic_store(&job.busy, false);
}

/* Its exit is told to nobody: 0 in place of SIGCHLD. */
static int32_t make_child(void)
{
	uint64_t all = ~(uint64_t)0, old, begun;
	int32_t pid;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, sizeof(all));
	begun = rt_routes_now();
	pid = (int32_t)syscall(SYS_clone, 0, NULL, NULL, NULL, 0);
	if (pid == 0) {
		rt_busy_for_ever();
		retain_child_run(job.in, job.out);
	}
	rt_stats_add(RT_STAT_RETAIN_PAUSE_NS, rt_routes_now() - begun);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof(all));
	return pid;
}

static void name_allocator(struct retain_input *in)
{
	struct rt_object allocator;

	if (!find_object(rt_copies_allocator(), &allocator))
		return;
	in->allocator = (struct retain_range){ allocator.start, allocator.end };
	for (size_t i = 0; i < in->n_modules; i++)
		in->modules[i].is_allocator =
		    in->modules[i].bias == allocator.bias && !in->modules[i].is_program;
}

static bool start(uint64_t side, struct fmt_buf *why)
{
	const char *wrong;

	job.in = rt_mem_map(sizeof(*job.in));
	job.out = rt_mem_map_shared(sizeof(*job.out));
	if (!job.in || !job.out) {
		fmt_c(why, "no memory");
		return false;
	}
	job.in->side_bytes = side;
	wrong = retain_look(job.in);
	if (wrong) {
		fmt_c(why, wrong);
		return false;
	}
	job.in->from_table = rt_retain_needs_table();
	if (job.in->from_table)
		name_allocator(job.in);
	job.parent = getpid();
	job.timed_out = false;
	job.status = 0;
	job.deadline_ns = rt_routes_now() + PATIENCE_NS;
	job.pid = make_child();
	if (job.pid > 0)
		return true;
	fmt_c(why, "the system makes no process");
	return false;
}

bool rt_retain_is_busy(void)
{
	return atomic_load(&job.busy);
}

bool rt_retain_start(struct fmt_buf *why)
{
	uint64_t side;

	if (atomic_exchange(&job.busy, true)) {
		fmt_c(why, "another is under way");
		return false;
	}
	if (may_start(&side, why) && start(side, why)) {
		rt_stats_add(RT_STAT_RETAIN_SNAPSHOTS, 1);
		return true;
	}
	rt_stats_add(RT_STAT_RETAIN_REFUSED, 1);
	release();
	return false;
}

/* The child's number was taken by somebody's wait: then it has ended, too. */
static bool reap(int how)
{
	pid_t got;

	if (job.pid == 0)
		return true;
	do
		got = waitpid(job.pid, &job.status, how | __WALL);
	while (got < 0 && errno == EINTR);
	if (got != 0)
		job.pid = 0;
	return got != 0;
}

bool rt_retain_is_over(void)
{
	if (getpid() != job.parent || reap(WNOHANG))
		return true;
	if (rt_routes_now() < job.deadline_ns)
		return false;
	job.timed_out = true;
	kill(job.pid, SIGKILL);
	return reap(0);
}

void rt_retain_cancel(void)
{
	if (getpid() != job.parent)
		return;
	if (job.pid)
		kill(job.pid, SIGKILL);
	reap(0);
	release();
}

static void say_why_not(struct fmt_buf *why)
{
	switch (atomic_load(&job.out->status)) {
	case RETAIN_NO_MEMORY:
		fmt_c(why, "more blocks than there is memory for to look at them");
		return;
	case RETAIN_NO_MAPS:
		fmt_c(why, "/proc/self/maps cannot be read");
		return;
	case RETAIN_NO_HEAP:
		fmt_c(why, "no block of the heap was found");
		return;
	default:
		break;
	}
	if (job.timed_out) {
		fmt_c(why, "it took more than 60 s");
	} else if (WIFSIGNALED(job.status)) {
		fmt_c(why, "the process that looked ended by signal ");
		fmt_u64(why, (uint64_t)WTERMSIG(job.status));
	} else {
		fmt_c(why, "the process that looked ended early");
	}
}

bool rt_retain_finish(struct rt_snapshot *s, struct fmt_buf *why)
{
	bool done = atomic_load(&job.out->status) == RETAIN_DONE;

	if (!done)
		say_why_not(why);
	else if (!retain_profile(job.in, job.out, s))
		fmt_c(why, "no memory");
	else
		why = NULL;
	rt_stats_add(RT_STAT_RETAIN_FAILED, why != NULL);
	rt_stats_add(RT_STAT_RETAIN_CHILD_NS, job.out->all_ns);
	rt_stats_add(RT_STAT_RETAIN_DAMAGED, job.out->damaged);
	rt_stats_add(RT_STAT_RETAIN_LOST, job.out->lost_samples);
	release();
	return !why;
}

void rt_retain_after_fork(void)
{
	if (atomic_load(&job.busy))
		release();
}
