/*
 * Walks of this program's own stack beside another unwinder's: libunwind where it is installed,
 * else the C library's backtrace. Built without frame pointers. Deep recursion, realigned and
 * variable frames, a callback from libc, lazy binding, a handler on its own stack, and a timer that
 * interrupts wherever it happens to.
 */
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <cmocka.h>

#ifdef HAVE_LIBUNWIND
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#endif

#include "live_lib.h"
#include "unwind/regs_x86_64.h"

#define NOINLINE __attribute__((noinline))
#define PCS_MAX  256

static struct unwind_cache cache;
static struct unwind_memo memo;
static _Alignas(16) char signal_stack[65536];

static bool find_module(void *arg, uintptr_t pc, struct unwind_module *out)
{
	struct dl_find_object found;

	(void)arg;
	if (_dl_find_object((void *)pc, &found) != 0 || !found.dlfo_eh_frame)
		return false;
	out->start = (uintptr_t)found.dlfo_map_start;
	out->end = (uintptr_t)found.dlfo_map_end;
	out->eh_frame_hdr = found.dlfo_eh_frame;
	out->readable_start = found.dlfo_map_start;
	out->readable_end = found.dlfo_map_end;
	return true;
}

static bool read_word(void *arg, uintptr_t addr, uintptr_t *out)
{
	(void)arg;
	if (addr - (uintptr_t)signal_stack > sizeof(signal_stack) - 8)
		return false;
	memcpy(out, (const void *)addr, sizeof(*out));
	return true;
}

static struct unwind_ctx own_ctx(void)
{
	static const struct unwind_ops ops = { .read_word = read_word, .find_module = find_module };
	struct unwind_ctx ctx = { .ops = &ops, .cache = &cache };
	pthread_attr_t attr;
	void *start;
	size_t size;

	assert_int_equal(pthread_getattr_np(pthread_self(), &attr), 0);
	pthread_attr_getstack(&attr, &start, &size);
	pthread_attr_destroy(&attr);
	ctx.stack_lo = (uintptr_t)start;
	ctx.stack_hi = (uintptr_t)start + size;
	return ctx;
}

static struct unwind_ctx main_ctx; /* of the thread that runs the tests */

struct trace {
	uintptr_t pcs[PCS_MAX];
	size_t n;
};

#ifdef HAVE_LIBUNWIND
/* From `context`, or from a handler's ucontext_t, which is the same type here. */
static void other_walk(struct trace *t, unw_context_t *context, bool is_signal)
{
	unw_cursor_t cursor;
	unw_word_t pc;

	t->n = 0;
	if (unw_init_local2(&cursor, context, is_signal ? UNW_INIT_SIGNAL_FRAME : 0) != 0)
		return;
	do {
		unw_get_reg(&cursor, UNW_REG_IP, &pc);
		if (pc == 0)
			break;
		t->pcs[t->n++] = pc;
	} while (t->n < PCS_MAX && unw_step(&cursor) > 0);
}
#endif

static unsigned compared;

/* Everything but the first pc, which differs as the two are taken at two places here. */
static NOINLINE void compare_here(void)
{
	struct unwind_ctx ctx = own_ctx();
	struct unwind_regs regs;
	uintptr_t pcs[PCS_MAX];
	struct trace other = { .n = 0 };
	enum unwind_end end;
	size_t n;

#ifdef HAVE_LIBUNWIND
	unw_context_t context;

	unw_getcontext(&context);
	other_walk(&other, &context, false);
#else
	other.n = (size_t)backtrace((void **)other.pcs, PCS_MAX);
#endif
	for (int i = 0; i < 3; i++) {
		ctx.cache = i == 0 ? NULL : &cache;
		ctx.memo = i == 2 ? &memo : NULL;
		unwind_regs_here(&regs);
		n = unwind_stack(&ctx, &regs, true, pcs, PCS_MAX, &end);
		assert_string_equal(unwind_end_name(end), "done");
		assert_int_equal(n, other.n);
		for (size_t f = 1; f < n; f++)
			assert_int_equal(pcs[f], other.pcs[f]);
	}
	compared++;
}

/* Frames of many sizes: the compiler knows neither `depth` nor that the pads do not matter. */
static NOINLINE int descend(int depth, void (*bottom)(void));

#define FUNCTION(name, size)                                                                       \
	static NOINLINE int name(int depth, void (*bottom)(void))                                  \
	{                                                                                          \
		volatile char pad[size];                                                           \
		int r;                                                                             \
		pad[0] = (char)depth;                                                              \
		r = descend(depth - 1, bottom);                                                    \
		return r + pad[0];                                                                 \
	}
FUNCTION(tiny, 1)
FUNCTION(small, 40)
FUNCTION(medium, 1000)
FUNCTION(large, 9000)

static NOINLINE int realigned(int depth, void (*bottom)(void))
{
	_Alignas(64) volatile char pad[64];
	volatile char *more = __builtin_alloca((size_t)depth * 16 + 1);
	int r;

	pad[0] = more[0] = (char)depth;
	r = descend(depth - 1, bottom);
	return r + pad[0] + more[0];
}

static NOINLINE int variable(int depth, void (*bottom)(void))
{
	volatile char *pad = __builtin_alloca((size_t)depth * 24 + 1);
	int r;

	pad[0] = (char)depth;
	r = descend(depth - 1, bottom);
	return r + pad[0];
}

static NOINLINE int descend(int depth, void (*bottom)(void))
{
	static int (*const functions[])(
	    int, void (*)(void)) = { tiny, small, realigned, medium, variable, large };
	int r = 0;

	if (depth <= 0)
		bottom();
	else
		r = functions[depth % 6](depth, bottom);
	return r + 1;
}

static void test_deep_recursion(void **state)
{
	(void)state;
	for (int depth = 0; depth < 60; depth += 7)
		descend(depth, compare_here);
}

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a;
	int y = *(const int *)b;

	descend(2, compare_here);
	return (x > y) - (x < y);
}

static void test_callback_from_libc(void **state)
{
	int v[] = { 5, 3, 9, 1 };
	unsigned before = compared;

	(void)state;
	qsort(v, 4, sizeof(v[0]), compare_ints);
	assert_true(compared - before >= 3);
	assert_int_equal(v[0], 1);
}

static void *thread_main(void *arg)
{
	descend(12, compare_here);
	return arg;
}

/* Failures inside leave the thread, which cmocka does not allow for: so they would end the test. */
static void test_other_thread(void **state)
{
	pthread_t thread;
	unsigned before = compared;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, thread_main, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(compared - before, 1);
}

static void compare_in_resolver(void)
{
	compare_here();
}

static void call_resolved(void)
{
	assert_int_equal(live_resolved(21), 42);
}

/* _dl_runtime_resolve keeps its CFA in rbx. */
static void test_lazy_binding(void **state)
{
	unsigned before = compared;

	(void)state;
	live_hook = compare_in_resolver;
	descend(8, call_resolved);
	live_hook = NULL;
	if (compared == before) {
		print_message("live_resolved was bound at start: nothing compared\n");
		skip();
	}
}

static void on_signal(int signal)
{
	(void)signal;
	compare_here();
}

static void install(
    int signal, void (*plain)(int), void (*full)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_flags = flags };

	if (full)
		action.sa_sigaction = full;
	else
		action.sa_handler = plain;
	assert_int_equal(sigaction(signal, &action, NULL), 0);
}

static void raise_usr1(void)
{
	raise(SIGUSR1);
}

static void use_signal_stack(int flags)
{
	const stack_t stack = {
		.ss_sp = signal_stack, .ss_size = sizeof(signal_stack), .ss_flags = flags
	};

	assert_int_equal(sigaltstack(&stack, NULL), 0);
}

static void test_through_a_handler(void **state)
{
	unsigned before = compared;

	(void)state;
	install(SIGUSR1, on_signal, NULL, 0);
	descend(9, raise_usr1);
	use_signal_stack(0);
	install(SIGUSR1, on_signal, NULL, SA_ONSTACK);
	descend(9, raise_usr1);
	use_signal_stack(SS_DISABLE);
	install(SIGUSR1, SIG_DFL, NULL, 0);
	assert_int_equal(compared - before, 2);
}

/* The timer's results; written by the handler, which runs on the only thread. */
static struct {
	unsigned samples, different, unfinished;
	struct trace ours, other;
	enum unwind_end end;
} timer;

static void on_timer(int signal, siginfo_t *info, void *context)
{
	struct unwind_ctx ctx = main_ctx;
	struct unwind_regs regs;
	struct trace ours;
	struct trace other = { .n = 0 };
	enum unwind_end end;

	(void)signal;
	(void)info;
	ctx.memo = &memo;
	unwind_regs_from_ucontext(&regs, context);
	ours.n = unwind_stack(&ctx, &regs, true, ours.pcs, PCS_MAX, &end);
	timer.samples++;
	timer.unfinished += end != UNWIND_DONE;
#ifdef HAVE_LIBUNWIND
	other_walk(&other, context, true);
	if (other.n == ours.n && memcmp(ours.pcs, other.pcs, ours.n * sizeof(ours.pcs[0])) == 0)
		return;
	/*
	 * libunwind believes gcc's information in the last instructions of a realigned frame, which
	 * is wrong there; the end of ours is checked all the same.
	 */
	if (regs.r[UNWIND_PC] - (uintptr_t)realigned < 256)
		return;
	if (timer.different++ == 0) {
		timer.ours = ours;
		timer.other = other;
		timer.end = end;
	}
#else
	(void)other;
#endif
}

static int plain_order(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void do_nothing(void)
{
}

/* Busy in many functions of libc and here. */
static void be_busy(void)
{
	char text[64];
	int v[64];

	while (timer.samples < 150) {
		for (int i = 0; i < 64; i++)
			v[i] = (i * 37 + (int)timer.samples) % 64;
		qsort(v, 64, sizeof(v[0]), plain_order);
		snprintf(text, sizeof(text), "%d %f %s", v[5], v[6] / 7.0, "text");
		free(strdup(text));
		v[0] += (int)strtod(text, NULL);
		descend(6, do_nothing);
	}
}

static void test_interrupted_anywhere(void **state)
{
	const struct itimerval every = { { 0, 1000 }, { 0, 1000 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };

	(void)state;
#ifndef HAVE_LIBUNWIND
	print_message("libunwind is not installed: ends are checked, addresses are not\n");
#endif
	main_ctx = own_ctx();
	install(SIGALRM, NULL, on_timer, SA_SIGINFO | SA_RESTART);
	assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
	descend(10, be_busy);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	install(SIGALRM, SIG_IGN, NULL, 0);
	if (timer.different) {
		print_message("%u of %u differ; the first, ours %s:\n", timer.different,
		    timer.samples, unwind_end_name(timer.end));
		for (size_t i = 0; i < timer.ours.n || i < timer.other.n; i++)
			print_message("%#16lx %#16lx\n", i < timer.ours.n ? timer.ours.pcs[i] : 0,
			    i < timer.other.n ? timer.other.pcs[i] : 0);
	}
	assert_int_equal(timer.unfinished, 0);
	assert_int_equal(timer.different, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deep_recursion),
		cmocka_unit_test(test_callback_from_libc),
		cmocka_unit_test(test_other_thread),
		cmocka_unit_test(test_lazy_binding),
		cmocka_unit_test(test_through_a_handler),
		cmocka_unit_test(test_interrupted_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
