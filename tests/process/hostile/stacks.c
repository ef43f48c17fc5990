/* Scenarios: stacks that are not one thread's one stack from its start to now. */
#include "process/hostile/hostile.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static jmp_buf back;
static volatile int depth_reached;

__attribute__((noinline)) static void jump_from(int depth)
{
	char room[200];

	memset(room, depth, sizeof(room));
	free(hostile_block(700));
	if (depth == 0)
		longjmp(back, 1);
	if (depth > 0)
		jump_from(depth - 1);
	depth_reached += room[100];
}

/* Frames that went away without returning, and others in their place. */
static int long_jumps(void)
{
	for (volatile int i = 0; i < 400; i++) {
		if (setjmp(back) == 0)
			jump_from(i % 60);
		free(hostile_block(701));
	}
	HOSTILE_CHECK(hostile_in_use(700, 0), 0);
	return 0;
}

static sigjmp_buf out_of_handler;

static void jump_out(int number)
{
	free(hostile_block(800));
	siglongjmp(out_of_handler, number);
}

static int jumps_out_of_handlers(void)
{
	struct sigaction act = { .sa_handler = jump_out };

	sigaction(SIGUSR1, &act, NULL);
	for (volatile int i = 0; i < 300; i++) {
		int number = sigsetjmp(out_of_handler, 1);

		if (number == 0)
			raise(SIGUSR1);
		HOSTILE_CHECK(number, SIGUSR1);
	}
	HOSTILE_CHECK(hostile_in_use(800, 0), 0);
	return 0;
}

#define COROUTINES 24
#define GUARD      4096

static ucontext_t main_context, contexts[COROUTINES];
static int turns;

/* A stack of `bytes` with nothing readable above and below. */
static char *guarded_stack(size_t bytes)
{
	char *p = mmap(
	    NULL, bytes + 2 * GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	mprotect(p, GUARD, PROT_NONE);
	mprotect(p + GUARD + bytes, GUARD, PROT_NONE);
	return p + GUARD;
}

__attribute__((noinline)) static void *allocate_deep(int depth, size_t size)
{
	void *volatile p = depth ? allocate_deep(depth - 1, size) : hostile_block(size);

	return p;
}

static void coroutine(int self)
{
	for (int i = 0; i < 20; i++) {
		void *p = allocate_deep(i % 8, 1300 + (size_t)self % 4);

		turns++;
		swapcontext(&contexts[self], &main_context);
		free(p);
	}
}

static int run_coroutines(size_t stack_bytes)
{
	for (int i = 0; i < COROUTINES; i++) {
		char *stack = guarded_stack(stack_bytes);

		HOSTILE_CHECK(stack != NULL, 1);
		getcontext(&contexts[i]);
		contexts[i].uc_stack.ss_sp = stack;
		contexts[i].uc_stack.ss_size = stack_bytes;
		contexts[i].uc_link = &main_context;
		makecontext(&contexts[i], (void (*)(void))coroutine, 1, i);
	}
	for (int round = 0; round < 21; round++)
		for (int i = 0; i < COROUTINES; i++)
			swapcontext(&main_context, &contexts[i]);
	for (int i = 0; i < COROUTINES; i++)
		munmap((char *)contexts[i].uc_stack.ss_sp - GUARD, stack_bytes + 2 * GUARD);
	return 0;
}

static int coroutines(void)
{
	static const size_t bytes[] = { 65536, 16384, 8192, 65536 };

	for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++)
		HOSTILE_CHECK(run_coroutines(bytes[i]), 0);
	HOSTILE_CHECK(turns, 4 * 20 * COROUTINES);
	HOSTILE_CHECK(hostile_in_use(1300, 0), 0);
	return 0;
}

static void leave(void)
{
	exit(0);
}

/* All that happens at exit happens on that stack. */
static int exits_on_a_small_stack(void)
{
	ucontext_t *context = &contexts[0];
	char *stack = guarded_stack(8192);

	HOSTILE_CHECK(stack != NULL, 1);
	getcontext(context);
	context->uc_stack.ss_sp = stack;
	context->uc_stack.ss_size = 8192;
	makecontext(context, leave, 0);
	swapcontext(&main_context, context);
	return 1;
}

static volatile sig_atomic_t handled;

static void allocate_on_other_stack(int number)
{
	free(allocate_deep(number % 8, 1400));
	handled++;
}

static int use_alternate_stack(size_t bytes)
{
	char *stack = guarded_stack(bytes);
	stack_t alternate = { .ss_sp = stack, .ss_size = bytes }, off = { .ss_flags = SS_DISABLE };
	struct sigaction act = { .sa_handler = allocate_on_other_stack,
		.sa_flags = SA_ONSTACK | SA_NODEFER };

	if (!stack || sigaltstack(&alternate, NULL) != 0)
		return 1;
	sigaction(SIGUSR1, &act, NULL);
	for (int i = 0; i < 100; i++) {
		free(hostile_block(1401));
		raise(SIGUSR1);
	}
	sigaltstack(&off, NULL);
	munmap(stack - GUARD, bytes + 2 * GUARD);
	return 0;
}

static int alternate_stacks(void)
{
	size_t least = (size_t)sysconf(_SC_SIGSTKSZ);
	size_t whole = (least + GUARD - 1) / GUARD * GUARD;

	HOSTILE_CHECK(use_alternate_stack(whole), 0);
	HOSTILE_CHECK(use_alternate_stack(65536), 0);
	HOSTILE_CHECK(handled, 200);
	HOSTILE_CHECK(hostile_in_use(1400, 0), 0);
	return 0;
}

/* Frames whose words are no addresses: the walk must end, not follow them. */
__attribute__((noinline)) static void spoil_and_allocate(uintptr_t with)
{
	uintptr_t *frame = __builtin_frame_address(0);
	uintptr_t was = frame[0];
	void *p;

	frame[0] = with; /* what a chain of frame pointers would follow */
	p = hostile_block(1500);
	free(p);
	frame[0] = was;
}

static int spoilt_frames(void)
{
	static const uintptr_t words[] = { 0, 1, 8, 0xfff, 0x7fffffffe000, 0x800000000000,
		UINTPTR_MAX, UINTPTR_MAX & ~(uintptr_t)7, 0xdeadbeefdeadbee8 };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		spoil_and_allocate(words[i]);
	spoil_and_allocate((uintptr_t)__builtin_frame_address(0) - 64);
	spoil_and_allocate((uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)4095);
	return 0;
}

/*
 * A thread's stack and a coroutine's in one piece of memory, and between them what goes away: what
 * was found readable once is not for ever. A stale frame pointer leads there.
 */
#define PIECE ((size_t)1 << 20)

static char *piece;
static ucontext_t in_thread, at_the_bottom;

static void use_what_was_between(void)
{
	free(hostile_block(1600));
	munmap(piece + PIECE / 4, PIECE / 2);
	for (uintptr_t at = PIECE / 4; at < PIECE * 3 / 4; at += 16384)
		spoil_and_allocate((uintptr_t)piece + at);
}

static void *with_coroutine_below(void *arg)
{
	getcontext(&at_the_bottom);
	at_the_bottom.uc_stack.ss_sp = piece;
	at_the_bottom.uc_stack.ss_size = PIECE / 4;
	at_the_bottom.uc_link = &in_thread;
	makecontext(&at_the_bottom, use_what_was_between, 0);
	swapcontext(&in_thread, &at_the_bottom);
	return arg;
}

static int memory_between_stacks_goes(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	piece = mmap(
	    NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, piece + PIECE * 3 / 4, PIECE / 4);
	HOSTILE_CHECK(pthread_create(&thread, &attr, with_coroutine_below, NULL), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
	munmap(piece, PIECE);
	return 0;
}

const struct hostile_scenario hostile_stacks[] = {
	{ "long_jumps", long_jumps },
	{ "jumps_out_of_handlers", jumps_out_of_handlers },
	{ "coroutines", coroutines },
	{ "exits_on_a_small_stack", exits_on_a_small_stack },
	{ "alternate_stacks", alternate_stacks },
	{ "spoilt_frames", spoilt_frames },
	{ "memory_between_stacks_goes", memory_between_stacks_goes },
	{ NULL, NULL },
};
