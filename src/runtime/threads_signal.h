/*
 * Stacks of all threads at about one moment. Those that sleep in the kernel are looked at without
 * waking them (threads_peek.h); those that run are asked by a signal and write their own. A thread
 * that has the signal blocked is not asked, one that does not answer in time is listed without a
 * stack.
 */
#ifndef RUNTIME_THREADS_SIGNAL_H
#define RUNTIME_THREADS_SIGNAL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/rt_labels.h"
#include "runtime/stacktab.h"
#include "runtime/taskinfo.h"

/* Threads that are asked; others are listed without a stack. */
#define RT_THREADS_ASKED 4096u

enum rt_threads_outcome {
	RT_THREADS_ANSWERED,
	RT_THREADS_BLOCKED, /* it has the signal blocked */
	RT_THREADS_SILENT,  /* no answer in time */
	RT_THREADS_REFUSED, /* there is no signal to ask with, or too many threads */
};

/* General registers of a thread. */
#define RT_THREADS_REGS 16

/* One thread, as handed out by rt_threads_collect; borrowed for the call. */
struct rt_threads_one {
	int32_t tid;
	enum rt_threads_outcome outcome;
	struct rt_taskinfo info; /* before it was asked */
	rt_label_set labels;
	size_t depth; /* 0 unless it has answered */
	const uintptr_t *pcs;
	uintptr_t sp;  /* its stack pointer; 0 unknown */
	size_t n_regs; /* its registers when it was interrupted; 0 of a thread that was asleep */
	const uintptr_t *regs;
};

/*
 * Asks all threads and hands out one after the other, the caller's first. Takes about a second
 * when one does not answer. False when there is no memory, or the threads cannot be listed. One
 * caller at a time; others wait. RT_ANY
 */
bool rt_threads_collect(void (*each)(void *, const struct rt_threads_one *), void *ctx);

/* The handler's work. RT_SIGSAFE */
void rt_threads_on_signal(const siginfo_t *info, const void *ucontext);

/* In a forked child: nobody is being asked. */
void rt_threads_signal_after_fork(void);

#endif
