/*
 * Counters of what the runtime did and, by cause, of what it could not do. Shown at
 * /debug/pprof/self. All only grow; relaxed atomics, shared by all threads, touched in cold paths.
 * Those that every sample adds to are in the scratch slots of capture.c.
 */
#ifndef RUNTIME_RT_STATS_H
#define RUNTIME_RT_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/fmt.h"

/* X(NAME, "text", "what it means") */
#define RT_STATS(X)                                                                                \
	X(SAMPLES, "samples", "allocations sampled")                                               \
	X(SAMPLES_FREED, "samples_freed", "sampled allocations freed or reallocated")              \
	X(SAMPLE_NS, "sample_ns", "time spent taking samples, in nanoseconds")                     \
	X(SAMPLE_TIMED, "sample_timed", "samples whose time is in sample_ns (one in 16)")          \
	X(FRAMES, "frames", "stack frames unwound")                                                \
	X(FRAMES_REUSED, "frames_reused", "of these, taken over from the thread's last walk")      \
	X(STACKS, "stacks", "distinct stacks stored")                                              \
	X(RECORDS, "records", "distinct records (stack and size class)")                           \
	X(END_TRUNCATED, "stack_truncated", "stacks deeper than is kept")                          \
	X(END_UNREADABLE, "stack_unreadable", "stacks cut off at memory that cannot be read")      \
	X(END_STUCK, "stack_stuck", "stacks cut off where no rule leads on")                       \
	X(LOST_NESTED, "lost_nested", "sample points inside the sampler itself (signals)")         \
	X(ABANDONED, "abandoned", "samples that a signal handler jumped away from")                \
	X(LOST_SCRATCH, "lost_scratch", "samples without a stack: all scratch slots in use")       \
	X(LOST_STACKS, "lost_stacks", "samples filed under [stack table full]")                    \
	X(LOST_RECORDS, "lost_records", "samples filed under the overflow record")                 \
	X(LOST_LIVE, "lost_live", "samples counted as allocated but not as in use: table full")    \
	X(LOST_UPDATES, "lost_updates", "updates of records without a cell to write to")           \
	X(LOST_MODULES, "lost_modules", "modules that the state file has no room for")             \
	X(LOST_LABELS, "lost_labels", "sets of labels that had no room or were too large")         \
	X(LOST_THREADS, "lost_threads", "threads that had no place in the table of threads")       \
	X(LOST_TIMERS, "lost_timers", "threads whose CPU time no timer could watch")               \
	X(CPU_SIGNALS, "cpu_signals", "signals of the CPU profile")                                \
	X(CPU_EARLY, "cpu_early", "of these, before a period was over: not counted")               \
	X(CPU_FOREIGN, "cpu_foreign", "SIGPROF that others have sent while it ran: ignored")       \
	X(CPU_UNSAMPLED, "cpu_unsampled", "periods of CPU time in [not sampled] and the like")     \
	X(LOST_CPU, "lost_cpu", "periods that had no room in the CPU profile's table")             \
	X(LOST_STATE, "lost_state", "1 when PPROF_STATE asked for a file and there is none")       \
	X(LOST_MAPS, "lost_maps", "changes of mappings that could not be noted")                   \
	X(BLOCK_EVENTS, "block_events", "waits recorded in the block profile")                     \
	X(MUTEX_EVENTS, "mutex_events", "unlocks recorded in the mutex profile")                   \
	X(LOST_FDS, "lost_fds", "opened descriptors whose stack could not be noted")               \
	X(LOST_WAITERS, "lost_waiters", "waits that no unlock was charged with: too many")         \
	X(WASTED_STACK_BYTES, "wasted_stack_bytes", "stack table bytes lost to insertion races")   \
	X(FILTER_MISSES, "filter_misses", "frees that looked for a sample and found none")         \
	X(MAPPED_BYTES, "mapped_bytes", "bytes of tables in use (committed)")                      \
	X(FORKS, "forks", "forks that led to this process")                                        \
	X(UNLOADS, "unloads", "dlclose calls seen")                                                \
	X(RETAIN_SNAPSHOTS, "retain_snapshots", "snapshots of who holds what")                     \
	X(RETAIN_REFUSED, "retain_refused", "of these refused: pause, memory, allocator, another") \
	X(RETAIN_FAILED, "retain_failed", "snapshots without a result")                            \
	X(RETAIN_PAUSE_NS, "retain_pause_ns", "time to make their children, all together")         \
	X(RETAIN_CHILD_NS, "retain_child_ns", "CPU time of these")                                 \
	X(RETAIN_DAMAGED, "retain_damaged", "places where the heap's chain of sizes was broken")   \
	X(RETAIN_LOST, "retain_lost", "sampled blocks that had no room in a snapshot")             \
	X(HTTP_REQUESTS, "http_requests", "requests answered by the endpoint")                     \
	X(HTTP_REFUSED, "http_refused", "requests refused: malformed, forbidden or too slow")      \
	X(HTTP_BUSY, "http_busy", "connections refused: too many")

enum rt_stat {

#define X(name, text, meaning) RT_STAT_##name,
	RT_STATS(X)
#undef X
	    RT_STAT_COUNT
};

struct rt_stats {
	_Atomic uint64_t n[RT_STAT_COUNT];
};

/* Adds to a counter. RT_SIGSAFE */
void rt_stats_add(enum rt_stat which, uint64_t n);
/* Reads one. RT_SIGSAFE */
uint64_t rt_stats_get(enum rt_stat which);
/* Writes "name value  # meaning" lines. RT_SIGSAFE */
void rt_stats_print(struct fmt_buf *out);

#endif
