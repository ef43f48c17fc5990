/*
 * /debug/pprof/self: the profiler about itself, a line each, "name value  # meaning". See pages.h;
 * called through the table in rt_routes.c.
 */
#include <unistd.h>

#include "runtime/capture.h"
#include "runtime/confidence.h"
#include "runtime/contend.h"
#include "runtime/coverage.h"
#include "runtime/rt_cpu.h"
#include "runtime/heap_live.h"
#include "runtime/memlimit.h"
#include "runtime/modules.h"
#include "runtime/pages.h"
#include "runtime/peak.h"
#include "runtime/rt.h"
#include "runtime/rt_routes.h"
#include "runtime/rt_text.h"
#include "runtime/state_file.h"
#include "runtime/watch.h"

static void self_line(struct rt_bytes *out, const char *name, uint64_t value, const char *meaning)
{
	rt_text_c(out, name);
	rt_text_c(out, " ");
	rt_text_u64(out, value);
	rt_text_c(out, "\t# ");
	rt_text_c(out, meaning);
	rt_text_c(out, "\n");
}

/* "name used/room (n %)" */
static void fill_line(
    struct rt_bytes *out, const char *name, uint64_t used, uint64_t room, const char *meaning)
{
	rt_text_c(out, name);
	rt_text_c(out, " ");
	rt_text_u64(out, used);
	rt_text_c(out, "/");
	rt_text_u64(out, room);
	rt_text_c(out, " (");
	rt_text_u64(out, room ? used * 100 / room : 0);
	rt_text_c(out, " %)\t# ");
	rt_text_c(out, meaning);
	rt_text_c(out, "\n");
}

static void print_tables(struct rt_bytes *out)
{
	const struct statefmt_head *head = rt.state.head;

	fill_line(
	    out, "fill_stacks", atomic_load(&head->stack_count), RT_STACKS_MAX, "distinct stacks");
	fill_line(out, "fill_stack_bytes", atomic_load(&head->stack_used),
	    rt.state.size[RT_REGION_STACKS], "bytes of their addresses");
	fill_line(out, "fill_records", rt_records_count(), RT_RECORDS_MAX,
	    "records (stack and size class)");
	fill_line(out, "fill_live", rt_live_count(),
	    rt.state.size[RT_REGION_LIVE] / sizeof(struct rt_live_entry), "sampled blocks alive");
	self_line(out, "live_levels", atomic_load(&head->live_levels),
	    "levels of the table of live blocks in use, of 5");
}

static void print_memory(struct rt_bytes *out)
{
	self_line(out, "memory_tables", rt_stats_get(RT_STAT_MAPPED_BYTES),
	    "bytes of these tables that are backed");
	self_line(out, "memory_peak", rt_peak_memory(), "bytes of the copy at the peak");
	self_line(
	    out, "memory_unwinding", rt_capture_memory(), "bytes for unwinding: rules and scratch");
	self_line(
	    out, "memory_filter", sizeof(rt_filter), "bytes of the filter that free asks, at most");
}

static void print_time(struct rt_bytes *out)
{
	uint64_t timed = rt_stats_get(RT_STAT_SAMPLE_TIMED);
	uint64_t mean = timed ? rt_stats_get(RT_STAT_SAMPLE_NS) / timed : 0;

	self_line(out, "init_ns", rt.init_ns, "time the start-up took, in nanoseconds");
	self_line(out, "sample_mean_ns", mean, "mean time of taking one sample");
	self_line(out, "sampling_ns", mean * rt_stats_get(RT_STAT_SAMPLES),
	    "time of all samples, from the mean");
	self_line(out, "unwind_cache_misses", rt_capture_misses(),
	    "frames whose rule was not remembered");
}

/* "name total +- error (n.n %)": about two in three times the truth is within the error. */
static void estimate_line(struct rt_bytes *out, const char *name, struct rt_estimate e)
{
	char text[64];
	struct fmt_buf b = fmt_buf_of(text, sizeof(text));

	rt_text_c(out, name);
	rt_text_c(out, " ");
	rt_text_u64(out, (uint64_t)(e.total + 0.5));
	rt_text_c(out, " +- ");
	rt_text_u64(out, (uint64_t)(e.error + 0.5));
	fmt_c(&b, " (");
	fmt_fixed(&b, e.total > 0 ? 100 * e.error / e.total : 0, 2);
	fmt_c(&b, " %)\t# estimate +- standard error\n");
	rt_text_str(out, fmt_text(&b));
}

static void print_confidence(struct rt_bytes *out)
{
	struct rt_confidence allocated, in_use;

	rt_confidence_now(&allocated, &in_use);
	estimate_line(out, "inuse_bytes", rt_confidence_bytes(&in_use));
	estimate_line(out, "inuse_objects", rt_confidence_objects(&in_use));
	estimate_line(out, "alloc_bytes", rt_confidence_bytes(&allocated));
	estimate_line(out, "alloc_objects", rt_confidence_objects(&allocated));
	self_line(out, "peak_inuse_bytes", rt_peak_bytes(), "most bytes in use so far, estimated");
	self_line(out, "peak_copies", rt_peak_copies(), "copies made for heap?peak=1");
}

/* What `pprof leaks` projects: how long until the limit. */
static void print_process(struct rt_bytes *out)
{
	struct rt_memlimit limit;
	struct rt_memuse use;
	uint64_t left;

	rt_memlimit_find(&limit, "");
	use = rt_memlimit_use(&limit);
	/* Of a machine others have their part: what it can still give counts. */
	left = use.kind == RT_MEMLIMIT_MACHINE ? rt_memlimit_left(&limit) : RT_MEMLIMIT_NONE;
	if (left != RT_MEMLIMIT_NONE)
		use.limit = use.used + left;
	self_line(out, "uptime_s", (rt_routes_now() - rt.start_mono_ns) / 1000000000u,
	    "seconds since the profiler started");
	self_line(out, "process_memory", use.used,
	    "bytes in use, of the process or its control group or its address space");
	self_line(out, "process_limit", use.limit == RT_MEMLIMIT_NONE ? 0 : use.limit,
	    "bytes it may use: the nearest of control group, machine, address space; 0 none");
	self_line(out, "process_limit_kind", use.kind,
	    "what sets it: 1 the control group, 2 the machine, less what others use, 3 the address "
	    "space limit");
}

static const char *unwinder_of(const struct rt_mapping *m)
{
	struct unwind_module module = { 0 };

	if (!rt_modules_find(m->start, &module))
		return "frame_pointers";
	return module.eh_frame_hdr ? "eh_frame" : "frame_pointers";
}

/* ",frame_pointers=N%": the share of its code where those were proven so far, and are followed. */
static void print_proven(struct rt_bytes *out, const struct rt_mapping *m)
{
	size_t bytes = rt_capture_proven(m->start, m->end);

	if (bytes == 0)
		return;
	rt_text_c(out, ",frame_pointers=");
	rt_text_u64(out, bytes * 100 / (m->end - m->start));
	rt_text_c(out, "%");
}

static void print_modules(struct rt_bytes *out)
{
	struct rt_mappings maps;

	rt_mappings_init(&maps);
	rt_text_c(out, "\nmodules (start, how stacks are unwound, file):\n");
	for (size_t i = 0; i < maps.n; i++) {
		const struct rt_mapping *m = rt_mappings_at(&maps, i);

		rt_text_hex(out, m->start);
		rt_text_c(out, " ");
		rt_text_c(out, unwinder_of(m));
		print_proven(out, m);
		rt_text_c(out, " ");
		rt_text_str(out, m->path);
		rt_text_c(out, "\n");
	}
	rt_mappings_release(&maps);
}

static void print_state(struct rt_bytes *out)
{
	if (!rt.options.state[0])
		return;
	rt_text_c(out, "state_file ");
	if (rt_state_file_path()[0])
		rt_text_c(out, rt_state_file_path());
	else
		rt_text_c(out, "none: ");
	rt_text_from(out, rt_state_file_why);
	rt_text_c(out, "\t# what pprof reads after a kill or a crash\n");
}

static void print_options(struct rt_bytes *out)
{
	if (rt.options.bad) {
		rt_text_c(out, "\nbad value ignored: ");
		rt_text_c(out, rt.options.bad);
		rt_text_c(out, "\n");
	}
	rt_text_c(out, "\nenvironment (name, default, meaning):\n");
	rt_text_from(out, rt_options_print);
}

void rt_pages_self(const struct rt_request *req, struct rt_bytes *out)
{
	(void)req;
	rt_text_c(out, "libpprof " PPROF_VERSION "\n\n");
	self_line(out, "pid", (uint64_t)getpid(), "process id");
	self_line(out, "enabled", rt_is_ready(),
	    rt.why_dormant ? rt.why_dormant : "1 when allocations are sampled");
	rt_coverage_print(out);
	self_line(out, "heap_rate", atomic_load(&rt.heap_rate), "mean bytes between samples");
	self_line(out, "block_rate", rt_contend_block_rate(),
	    "nanoseconds from which on all waits are recorded; 0: none are");
	self_line(out, "mutex_fraction", rt_contend_mutex_fraction(),
	    "one in this many contended unlocks is recorded; 0: none is");
	print_process(out);
	self_line(out, "threads", atomic_load(&rt.threads), "threads that have allocated");
	if (rt_is_ready()) {
		print_confidence(out);
		print_tables(out);
		print_memory(out);
		print_time(out);
	}
	print_state(out);
	rt_cpu_print(out);
	rt_watch_print(out);
	rt_text_from(out, rt_stats_print);
	print_modules(out);
	print_options(out);
}
