/* The mapping; see state.h. Used by stacktab.c, records.c and heap_live.c. */
#include "runtime/state.h"

#include <string.h>

#include "runtime/mem.h"
#include "runtime/rt.h"

#define PAGE ((size_t)4096)
#define KB ((size_t)1 << 10)
#define MB ((size_t)1 << 20)

/* Bytes reserved at most, under a tight address space limit, and made usable at a time. */
static const struct {
	size_t full, small, chunk;
} plan[RT_REGIONS] = {
	[RT_REGION_HEAD] = { PAGE, PAGE, PAGE },
	[RT_REGION_STACK_INDEX] = { 256 * KB, 256 * KB, 256 * KB },
	[RT_REGION_RECORD_INDEX] = { 256 * KB, 256 * KB, 256 * KB },
	[RT_REGION_RECORDS] = { 4 * MB, 4 * MB, 128 * KB },
	[RT_REGION_STACKS] = { 48 * MB, 4 * MB, 256 * KB },
	[RT_REGION_LIVE] = { (size_t)85 * MB + 256 * KB, (size_t)1 * MB + 256 * KB, 256 * KB },
};

static size_t plan_size(bool small, unsigned region)
{
	return small ? plan[region].small : plan[region].full;
}

static bool reserve(struct rt_state *s, bool small)
{
	size_t total = 0;
	uint8_t *p;

	for (unsigned i = 0; i < RT_REGIONS; i++)
		total += plan_size(small, i);
	p = rt_mem_reserve(total);
	if (!p)
		return false;
	for (unsigned i = 0; i < RT_REGIONS; i++) {
		s->base[i] = p;
		s->size[i] = plan_size(small, i);
		p += s->size[i];
	}
	return true;
}

static void fill_head(struct rt_state *s)
{
	struct rt_state_head *h = s->head;

	memcpy(h->magic, "pprofst1", sizeof(h->magic));
	h->version = 1;
	for (unsigned i = 0; i < RT_REGIONS; i++) {
		h->regions[i].offset = (uint64_t)(s->base[i] - s->base[0]);
		h->regions[i].bytes = s->size[i];
		h->bytes += s->size[i];
	}
	h->stack_used = 8; /* id 0 is "none" */
}

bool rt_state_init(struct rt_state *s)
{
	bool usable = true;

	if (!reserve(s, false) && !reserve(s, true))
		return false;
	/* The first chunk of everything, so that early samples take no page fault. */
	for (unsigned i = 0; i < RT_REGIONS; i++)
		usable = usable && rt_state_need(s, (enum rt_region)i, 1);
	if (!usable) {
		rt_state_release(s);
		return false;
	}
	s->head = (struct rt_state_head *)(void *)s->base[RT_REGION_HEAD];
	fill_head(s);
	return true;
}

void rt_state_release(struct rt_state *s)
{
	size_t total = 0;

	for (unsigned i = 0; i < RT_REGIONS; i++)
		total += s->size[i];
	rt_mem_unmap(s->base[0], total);
	memset(s, 0, sizeof(*s));
}

bool rt_state_need(struct rt_state *s, enum rt_region region, size_t end)
{
	size_t have = atomic_load_explicit(&s->committed[region], memory_order_acquire);
	size_t chunk = plan[region].chunk;
	size_t want;

	if (end <= have)
		return true;
	if (end > s->size[region])
		return false;
	want = (end + chunk - 1) / chunk * chunk;
	if (want > s->size[region])
		want = s->size[region];
	/* Two threads may do the same piece: harmless, and cheaper than waiting for each other. */
	if (!rt_mem_commit(s->base[region] + have, want - have))
		return false;
	while (have < want &&
	    !atomic_compare_exchange_weak(&s->committed[region], &have, want))
		continue;
	rt_stats_add(RT_STAT_MAPPED_BYTES, want > have ? want - have : 0);
	return true;
}
