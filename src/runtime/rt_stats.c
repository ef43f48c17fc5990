/* Counters; see rt_stats.h. */
#include "runtime/rt_stats.h"

#include "runtime/capture.h"
#include "runtime/rt.h"

static const struct {
	const char *name;
	const char *meaning;
} texts[RT_STAT_COUNT] = {

#define X(name, text, meaning) [RT_STAT_##name] = { text, meaning },
	RT_STATS(X)
#undef X
};

void rt_stats_add(enum rt_stat which, uint64_t n)
{
	atomic_fetch_add_explicit(&rt.stats.n[which], n, memory_order_relaxed);
}

uint64_t rt_stats_get(enum rt_stat which)
{
	/* Numbers that the tables have themselves. */
	if (which == RT_STAT_STACKS)
		return rt.state.head ? atomic_load(&rt.state.head->stack_count) : 0;
	if (which == RT_STAT_RECORDS)
		return rt.state.head ? atomic_load(&rt.state.head->record_count) : 0;
	return atomic_load_explicit(&rt.stats.n[which], memory_order_relaxed) +
	       rt_capture_counted(which);
}

void rt_stats_print(struct fmt_buf *out)
{
	for (unsigned i = 0; i < RT_STAT_COUNT; i++) {
		fmt_c(out, texts[i].name);
		fmt_char(out, ' ');
		fmt_u64(out, rt_stats_get((enum rt_stat)i));
		fmt_c(out, "\t# ");
		fmt_c(out, texts[i].meaning);
		fmt_char(out, '\n');
	}
}
