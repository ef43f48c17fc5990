/*
 * Threads asked for their stacks; see threads_signal.h. Called by threads_profile.c; the handler by
 * sigtake.c.
 *
 * Places for answers are never given back, so that an answer that comes too late finds memory; an
 * answer is given only to a question that is still open, which one exchange decides.
 */
#include "runtime/threads_signal.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime/capture.h"
#include "runtime/futexlock.h"
#include "runtime/mem.h"
#include "runtime/rt.h"
#include "runtime/rt_routes.h"
#include "runtime/sigtake.h"
#include "runtime/threads_peek.h"
#include "runtime/rt_threads.h"

#define PATIENCE_NS  1000000000u
/* A thread that sleeps where no signal reaches it will not get better. */
#define STUCK_NS     200000000u
/* Another signal for who has not answered: one of the CPU profile may have swallowed the first. */
#define ASK_AGAIN_NS 50000000u

enum state { FREE, ASKED, ANSWERING, ANSWERED, PEEKED };

struct answer {
	_Atomic uint32_t state;
	int32_t tid;
	struct rt_taskinfo info;
	rt_label_set labels;
	uint32_t depth, n_regs;
	uintptr_t sp;
	uintptr_t regs[RT_THREADS_REGS];
	uintptr_t pcs[RT_STACK_DEPTH + 1];
};

static struct {
	_Atomic bool busy;
	struct answer *answers; /* RT_THREADS_ASKED of them; pages come with use */
	_Atomic uint32_t n;
	_Atomic uint32_t changes; /* futex: an answer was given */
} asked;

static void write_answer(void *ctx, const uintptr_t *pcs, size_t depth)
{
	struct answer *a = ctx;

	memcpy(a->pcs, pcs, depth * sizeof(*pcs));
	a->depth = (uint32_t)depth;
}

static void note_registers(struct answer *a, const void *ucontext)
{
	const ucontext_t *u = ucontext;

	_Static_assert(RT_THREADS_REGS <= NGREG, "the general ones come first");
	for (unsigned i = 0; i < RT_THREADS_REGS; i++)
		a->regs[i] = (uintptr_t)u->uc_mcontext.gregs[i];
	a->n_regs = RT_THREADS_REGS;
	a->sp = (uintptr_t)u->uc_mcontext.gregs[REG_RSP];
}

void rt_threads_on_signal(const siginfo_t *info, const void *ucontext)
{
	int saved = errno;
	int32_t tid = rt_threads_tid();
	uint32_t open = ASKED;

	(void)info;
	for (uint32_t i = 0; i < atomic_load(&asked.n); i++) {
		struct answer *a = &asked.answers[i];

		if (a->tid != tid || !atomic_compare_exchange_strong(&a->state, &open, ANSWERING))
			continue;
		a->labels = rt_labels_current();
		note_registers(a, ucontext);
		rt_capture_interrupted(ucontext, write_answer, a);
		atomic_store_explicit(&a->state, ANSWERED, memory_order_release);
		atomic_fetch_add(&asked.changes, 1);
		rt_futex_wake(&asked.changes);
		break;
	}
	errno = saved;
}

static void ask(const struct answer *a)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	info.si_pid = rt.pid;
	info.si_uid = getuid();
	info.si_value.sival_ptr = (void *)(uintptr_t)&rt_sigtake_ask;
	syscall(SYS_rt_tgsigqueueinfo, rt.pid, a->tid, SIGURG, &info);
}

static bool has_blocked(const struct answer *a)
{
	return a->info.blocked >> (SIGURG - 1) & 1;
}

static void ask_all(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (atomic_load(&asked.answers[i].state) == ASKED)
			ask(&asked.answers[i]);
}

/* How many answers are still worth waiting for after `ns`. */
static uint32_t waiting_for(uint32_t n, uint64_t ns)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct answer *a = &asked.answers[i];
		uint32_t state = atomic_load(&a->state);
		bool stuck = a->info.state == 'D' || a->info.state == 'T' || a->info.state == 't';

		left += state == ANSWERING || (state == ASKED && !(stuck && ns > STUCK_NS));
	}
	return left;
}

static void wait_for_answers(uint32_t n)
{
	uint64_t start = rt_routes_now(), again = ASK_AGAIN_NS, now = 0;

	while (now < PATIENCE_NS) {
		uint32_t changes = atomic_load(&asked.changes);

		if (waiting_for(n, now) == 0)
			return;
		rt_futex_wait(&asked.changes, changes, 10);
		now = rt_routes_now() - start;
		if (now > again) {
			ask_all(n);
			again = now + ASK_AGAIN_NS;
		}
	}
}

/* The labels of a thread that cannot be asked. */
static rt_label_set peek_labels(int32_t tid)
{
	const struct rt_thread *t = rt_threads_find(tid);
	rt_label_set labels;

	if (!t || !t->tls ||
	    !rt_threads_peek_bytes((uintptr_t)&t->tls->labels, &labels, sizeof(labels)))
		return 0;
	return rt_labels_exists(labels) ? labels : 0;
}

/* A thread that sleeps is looked at; asked is who runs, or whose stack was not whole if it may. */
static void look_or_ask(struct answer *a)
{
	size_t depth = 0;
	uintptr_t sp = 0;
	enum rt_peek seen = rt_threads_peek(a->tid, a->pcs, &depth, &sp);
	bool may_ask = !has_blocked(a) && seen != RT_PEEK_KEEP;
	uint32_t state = FREE;

	a->depth = 0;
	a->n_regs = 0;
	a->sp = seen == RT_PEEK_RUNNING ? 0 : sp;
	a->labels = 0;
	if (seen == RT_PEEK_WHOLE || (seen != RT_PEEK_RUNNING && !may_ask)) {
		a->depth = (uint32_t)depth;
		a->labels = peek_labels(a->tid);
		state = PEEKED;
	} else if (may_ask) {
		state = ASKED;
	}
	atomic_store_explicit(&a->state, state, memory_order_release);
}

/* Everybody but the caller gets a place; the number of places. */
static uint32_t prepare(const int32_t *tids, size_t n, int32_t self)
{
	uint32_t places = 0;

	for (size_t i = 0; i < n && places < RT_THREADS_ASKED; i++) {
		struct answer *a = &asked.answers[places];

		/* A handler that was stopped in the middle of an earlier answer keeps its place. */
		if (atomic_load(&a->state) == ANSWERING) {
			a->tid = 0;
			places++;
			if (places == RT_THREADS_ASKED)
				break;
			a++;
		}
		if (tids[i] == self || !rt_taskinfo_read(tids[i], &a->info))
			continue;
		a->tid = tids[i];
		look_or_ask(a);
		places++;
	}
	return places;
}

static enum rt_threads_outcome close_question(struct answer *a, bool signals)
{
	uint32_t open = ASKED;

	if (atomic_load(&a->state) == PEEKED)
		return RT_THREADS_ANSWERED;
	if (has_blocked(a))
		return RT_THREADS_BLOCKED;
	if (!atomic_compare_exchange_strong(&a->state, &open, FREE) && open == ANSWERED)
		return RT_THREADS_ANSWERED;
	return signals ? RT_THREADS_SILENT : RT_THREADS_REFUSED;
}

typedef void each_function(void *, const struct rt_threads_one *);

static void hand_out(uint32_t n, bool signals, each_function *each, void *ctx)
{
	for (uint32_t i = 0; i < n; i++) {
		struct answer *a = &asked.answers[i];
		struct rt_threads_one one = { .tid = a->tid, .info = a->info };

		if (a->tid == 0)
			continue;
		one.outcome = close_question(a, signals);
		one.sp = a->sp;
		one.n_regs = a->n_regs;
		one.regs = a->regs;
		if (one.outcome == RT_THREADS_ANSWERED) {
			one.labels = a->labels;
			one.depth = a->depth;
			one.pcs = a->pcs;
			atomic_store(&a->state, FREE);
		}
		each(ctx, &one);
	}
}

static void hand_out_self(int32_t self, each_function *each, void *ctx)
{
	const struct rt_stack *stack = rt_stacktab_get(rt_capture(__builtin_return_address(0)));
	struct rt_threads_one one = { .tid = self,
		.outcome = RT_THREADS_ANSWERED,
		.labels = rt_labels_current(),
		.depth = stack->depth,
		.pcs = (const uintptr_t *)(const void *)stack->pc,
		.sp = (uintptr_t)__builtin_frame_address(0) };

	rt_taskinfo_read(self, &one.info);
	each(ctx, &one);
}

/* Threads beyond those that can be asked. */
static void hand_out_rest(const int32_t *tids, size_t n, each_function *each, void *ctx)
{
	for (size_t i = 0; i < n; i++) {
		struct rt_threads_one one = { .tid = tids[i], .outcome = RT_THREADS_REFUSED };

		if (rt_taskinfo_read(tids[i], &one.info))
			each(ctx, &one);
	}
}

static void collect(const int32_t *tids, size_t n, each_function *each, void *ctx)
{
	int32_t self = rt_threads_tid();
	size_t first = n < RT_THREADS_ASKED ? n : RT_THREADS_ASKED;
	uint32_t places = prepare(tids, first, self);
	bool signals = waiting_for(places, 0) > 0 && rt_sigtake_urgent();

	atomic_store(&asked.n, places);
	if (signals) {
		ask_all(places);
		wait_for_answers(places);
	}
	hand_out_self(self, each, ctx);
	hand_out(places, signals, each, ctx);
	hand_out_rest(tids + first, n - first, each, ctx);
	if (signals)
		rt_sigtake_urgent_give();
}

bool rt_threads_collect(each_function *each, void *ctx)
{
	struct rt_bytes list = { 0 };
	bool good;

	while (atomic_exchange(&asked.busy, true)) {
		struct timespec moment = { 0, 1000000 };

		nanosleep(&moment, NULL);
	}
	if (!asked.answers)
		asked.answers = rt_mem_map(RT_THREADS_ASKED * sizeof(struct answer));
	good = asked.answers && rt_threads_list(&list);
	if (good)
		collect((const int32_t *)(const void *)list.p, list.n / sizeof(int32_t), each, ctx);
	rt_bytes_release(&list);
	atomic_store(&asked.busy, false);
	return good;
}

void rt_threads_signal_after_fork(void)
{
	for (uint32_t i = 0; i < atomic_load(&asked.n); i++)
		atomic_store(&asked.answers[i].state, FREE);
	atomic_store(&asked.n, 0);
	atomic_store(&asked.busy, false);
}
