/*
 * The threads of this process: a table with a place for each that pthread_create (hook_pthread.c)
 * has started or that was found in /proc/self/task. Read by signal handlers, by thread id, without
 * a lock; changed under one lock.
 */
#ifndef RUNTIME_RT_THREADS_H
#define RUNTIME_RT_THREADS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/rt_labels.h"
#include "runtime/mem.h"
#include "runtime/stacktab.h"
#include "runtime/tls.h"

/* Places in the table. */
#define RT_THREADS_MAX 16384u

/* What makes a thread's signals for the CPU profile. */
enum rt_thread_source {
	RT_SOURCE_NONE,
	RT_SOURCE_TIMER, /* a POSIX timer on its CPU time */
	RT_SOURCE_PERF,  /* a perf event */
};

/* One thread. Guarded by the lock, but for what the thread's own handler reads and writes. */
struct rt_thread {
	_Atomic int32_t tid;      /* 0: free */
	const struct rt_tls *tls; /* its struct, for as long as it lives; NULL unknown */
	uint32_t seen;            /* number of the last scan that found it */
	rt_stack_id created_by;   /* stack that called pthread_create; 0 unknown */
	_Atomic uint32_t source;  /* enum rt_thread_source; stored last */
	int32_t handle;           /* the timer's number or the event's descriptor */
	uint32_t last;            /* the handler's: entry of the last sample; 0 none */
	uintptr_t start;          /* start routine; 0 unknown */
	uint64_t began;           /* its CPU time when the profile began for it, ns */
	_Atomic uint64_t next;    /* the handler's: CPU time of the next period's end, ns */
	_Atomic uint64_t periods; /* the handler's: counted so far */
	_Atomic bool first;       /* perf: its period is still the first, random one */
};

/* What a new thread takes from its creator. */
struct rt_birth {
	void *(*start)(void *);
	void *arg;
	rt_stack_id created_by;
	rt_label_set labels;
	bool guarded; /* see struct rt_tls */
	bool counted; /* a thread of the program's; see lastthread.h */
	_Atomic bool used;
};

/* Maps the table. False when there is no memory. Init only. */
bool rt_threads_init(void);
/* In a forked child: there is one thread. */
void rt_threads_after_fork(void);

/* The lock of the table; signals are blocked while it is held. Not for handlers. RT_ANY */
void rt_threads_lock(void);
void rt_threads_unlock(void);

/* The calling thread's id and its place; NULL when it has none. RT_SIGSAFE */
int32_t rt_threads_tid(void);
struct rt_thread *rt_threads_find(int32_t tid);
/*
 * The place that this thread-local storage was noted to belong to, without a system call; NULL
 * when none was. May be another thread's, when that runs on the same storage: whoever asks must
 * have a way to tell. RT_SIGSAFE
 */
struct rt_thread *rt_threads_noted(void);
void rt_threads_note(const struct rt_thread *t);

/* A birth for pthread_create: NULL when all are in use (a counted loss). RT_NOALLOC */
struct rt_birth *rt_threads_birth(void *(*start)(void *), void *arg, void *caller);
void rt_threads_unborn(struct rt_birth *birth);
/* First and last of a thread that the hook has started. RT_ANY */
void rt_threads_enter(const struct rt_birth *birth);
void rt_threads_leave(void);

/* New threads begin with the labels of their creators (off at first). RT_SIGSAFE */
void rt_threads_inherit_labels(bool on);

/*
 * Reads /proc/self/task and brings the table up to date, then calls each(thread) for every thread
 * with the lock held. False when the list cannot be read. RT_ANY
 */
bool rt_threads_scan(void (*each)(struct rt_thread *));
/*
 * The same from a descriptor of that directory, which spares whoever looks often the way to it
 * through /proc. rt_threads_directory opens one, close-on-exec; -1 when that fails. RT_ANY
 */
int rt_threads_directory(void);
bool rt_threads_scan_directory(int fd, void (*each)(struct rt_thread *));
/* Calls each(thread) for every thread in the table. The lock is held by the caller. */
void rt_threads_each(void (*each)(struct rt_thread *));

/* Thread ids of this process, as int32_t in *out; false when they cannot be read. RT_ANY */
bool rt_threads_list(struct rt_bytes *out);

/* Threads in /proc/self/task, by its number of links; 0 when it cannot be read. RT_ANY */
size_t rt_threads_number(void);

#endif
