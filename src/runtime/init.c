/*
 * Start-up and fork; see init.h. Until this has run, hooks pass everything through to the next
 * allocator; when it cannot get its memory, they do so for ever.
 */
#include "runtime/init.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include "core/hash.h"
#include "runtime/capture.h"
#include "runtime/contend.h"
#include "runtime/rt_cpu.h"
#include "runtime/coverage.h"
#include "runtime/custom.h"
#include "runtime/early.h"
#include "runtime/endpoint.h"
#include "runtime/fds.h"
#include "runtime/glibc_only.h"
#include "runtime/heap_sample.h"
#include "runtime/heir.h"
#include "runtime/host.h"
#include "runtime/lastthread.h"
#include "runtime/mapranges.h"
#include "runtime/module_snap.h"
#include "runtime/modules.h"
#include "runtime/peak.h"
#include "runtime/records.h"
#include "runtime/retain.h"
#include "runtime/rt.h"
#include "runtime/rt_encode.h"
#include "runtime/rt_routes.h"
#include "runtime/saferead.h"
#include "runtime/sigtake.h"
#include "runtime/state_file.h"
#include "runtime/rt_threads.h"
#include "runtime/threads_signal.h"
#include "runtime/tls.h"
#include "runtime/watch.h"

struct rt rt = { .real = RT_REAL_INITIAL, .heap_rate_gen = 1 };

static struct {
	pthread_mutex_t api;
	pthread_once_t once;
} init = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_ONCE_INIT };

void rt_init_lock(void)
{
	pthread_mutex_lock(&init.api);
}

void rt_init_unlock(void)
{
	pthread_mutex_unlock(&init.api);
}

/* 16 bytes that the kernel made up for this process. */
static uint64_t random_seed(void)
{
	const void *at = (const void *)getauxval(AT_RANDOM);
	uint64_t words[2] = { 0, 0 };

	if (at)
		memcpy(words, at, sizeof(words));
	return hash_mix(words[0] ^ (uint64_t)getpid(), words[1] ^ rt_routes_now());
}

/* The locks of hooks are held over the fork, so that the child finds them free. */
static void before_fork(void)
{
	rt_cpu_before_fork();
	rt_custom_before_fork();
	rt_mapranges_before_fork();
}

static void after_fork_parent(void)
{
	rt_mapranges_after_fork();
	rt_custom_after_fork();
	rt_cpu_after_fork();
}

static void after_fork(void)
{
	pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

	init.api = fresh; /* its holder may have been another thread */
	rt.pid = getpid();
	if (rt.options.seed == 0)
		rt_tls.random ^= hash_u64((uint64_t)rt.pid); /* not the parent's sequence again */
	rt_tls.busy_at = 0;
	rt_stats_add(RT_STAT_FORKS, 1);
	rt_state_file_after_fork();
	if (rt_is_ready()) {
		rt_records_after_fork();
		rt_capture_after_fork();
		rt_module_snap_after_fork();
		rt_peak_after_fork();
		rt_mapranges_after_fork_child();
		rt_contend_after_fork();
		rt_custom_after_fork();
		rt_cpu_after_fork_child();
		rt_threads_after_fork();
		rt_lastthread_after_fork();
		rt_threads_signal_after_fork();
		rt_sigtake_after_fork();
	}
	rt_retain_after_fork();
	rt_heir_after_fork();
	rt_endpoint_after_fork();
	rt_watch_after_fork();
}

/* Memory of the tables besides the state's, of which most is never touched. */
#define OTHER_BYTES ((size_t)10 << 20)

static bool map_tables(void)
{
	if (!rt_capture_init() || !rt_threads_init())
		return false;
	if (!rt_state_file_create(&rt.state) && !rt_state_init(&rt.state))
		return false;
	rt_stacktab_init();
	rt_records_init();
	rt_state_file_publish(&rt.state);
	rt_peak_init();
	if (rt.options.mmap == 1 || (rt.options.heap_rate == 1 && rt_retain_needs_table()))
		rt_mapranges_init();
	if (rt.options.fd == 1)
		rt_fds_init();
	return true;
}

/* NULL when the runtime can work here, else why not. */
static const char *set_up(void)
{
	const char *why = rt_host_refuses();

	if (why)
		return why;
	rt_saferead_init();
	rt_modules_init();
	rt_encode_init();
	rt_coverage_init();
	if (!rt_host_has_room(rt_state_bytes(true) + OTHER_BYTES))
		return "not profiled: the limit of memory (ulimit -v or -d) has no room for the "
		       "tables";
	return map_tables() ? NULL : "not profiled: no memory for the tables";
}

/*
 * What pthread_atfork is in glibc, found where it is there: a reference would keep programs of
 * other C libraries from starting.
 */
static void handle_forks(void)
{
	int (*add)(void (*)(void), void (*)(void), void (*)(void), void *);
	void *f = dlsym(RTLD_DEFAULT, "__register_atfork");

	if (!f)
		return;
	memcpy(&add, &f, sizeof(add));
	add(before_fork, after_fork_parent, after_fork, NULL);
}

static void init_once(void)
{
	uint64_t start = rt_routes_now();
	bool usable = rt_real_resolve();

	rt.pid = getpid();
	rt.start_mono_ns = start;
	rt_options_read(&rt.options);
	rt.seed = rt.options.seed ? rt.options.seed : random_seed();
	atomic_store(&rt.heap_rate, rt.options.heap_rate);
	rt.why_dormant = usable ? set_up() : "not profiled: no allocator was found";
	usable = !rt.why_dormant;
	rt_early_keep(usable && rt.options.heap_rate == 1);
	handle_forks();
	rt.init_ns = rt_routes_now() - start;
	atomic_store_explicit(&rt.phase, usable ? RT_READY : RT_DORMANT, memory_order_release);
	rt_contend_init();
	rt_heap_redraw(); /* not only after what was let pass unsampled */
}

void rt_init(void)
{
	pthread_once(&init.once, init_once);
}

/* 101 is the earliest priority that is not the implementation's own. */
__attribute__((constructor(101))) static void construct(void)
{
	rt_init();
}
