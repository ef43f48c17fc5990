/* The mapping; see state.h. Used by stacktab.c, records.c, heap_live.c and state_modules.c. */
#include "runtime/state.h"

#include <string.h>

#include "runtime/heap_live.h"
#include "runtime/host.h"
#include "runtime/mem.h"
#include "runtime/rt.h"
#include "runtime/stacktab.h"

#define KB ((size_t)1 << 10)
#define MB ((size_t)1 << 20)

/* Bytes reserved at most, under a tight address space limit, and made usable at a time. */
static const struct {
	size_t full, small, chunk;
	bool later; /* nothing of it is usable before it is needed */
} plan[RT_REGIONS] = {
	[RT_REGION_HEAD] = { 4 * KB, 4 * KB, 4 * KB, false },
	[RT_REGION_STACK_INDEX] = { 256 * KB, 256 * KB, 256 * KB, false },
	[RT_REGION_RECORD_INDEX] = { 256 * KB, 256 * KB, 256 * KB, false },
	[RT_REGION_RECORDS] = { 1 * MB, 1 * MB, 32 * KB, false },
	[RT_REGION_CELLS] = { 4 * MB + 256 * KB, 4 * MB + 256 * KB, 128 * KB, false },
	[RT_REGION_STACKS] = { 48 * MB, 4 * MB, 256 * KB, false },
	[RT_REGION_MODULES] = { 2 * MB, 512 * KB, 32 * KB, false },
	[RT_REGION_RECORD_LABELS] = { 256 * KB, 256 * KB, 16 * KB, true },
	[RT_REGION_LABELS] = { 4 * MB, 512 * KB, 16 * KB, true },
	[RT_REGION_LIVE] = { 85 * MB + 256 * KB, 1 * MB + 256 * KB, 256 * KB, false },
};

_Static_assert(sizeof(struct statefmt_stack) == sizeof(struct rt_stack) &&
		   offsetof(struct statefmt_stack, depth) == offsetof(struct rt_stack, depth) &&
		   offsetof(struct statefmt_stack, pc) == offsetof(struct rt_stack, pc),
    "stacks are as the reader knows them");

static size_t plan_size(bool small, unsigned region)
{
	return small ? plan[region].small : plan[region].full;
}

size_t rt_state_bytes(bool small)
{
	size_t total = 0;

	for (unsigned i = 0; i < RT_REGIONS; i++)
		total += plan_size(small, i);
	return total;
}

static void fill_head(struct rt_state *s)
{
	struct statefmt_head *h = s->head;

	memcpy(h->magic, STATEFMT_MAGIC, sizeof(h->magic));
	h->byte_order = STATEFMT_BYTE_ORDER;
	h->version = STATEFMT_VERSION;
	h->head_bytes = sizeof(*h);
	h->n_regions = RT_REGIONS;
	for (unsigned i = 0; i < RT_REGIONS; i++) {
		h->regions[i].offset = (uint64_t)(s->base[i] - s->base[0]);
		h->regions[i].bytes = s->size[i];
		h->bytes += s->size[i];
	}
	h->record_bytes = sizeof(struct statefmt_record);
	h->cell_bytes = sizeof(struct statefmt_cell);
	h->module_bytes = sizeof(struct statefmt_module);
	h->live_bytes = sizeof(struct rt_live_entry);
	h->objects_shift = STATEFMT_OBJECTS_SHIFT;
	h->stack_used = 8; /* id 0 is "none" */
	h->live_levels = 1;
}

bool rt_state_init_at(struct rt_state *s, uint8_t *mapping, bool small, enum rt_backing backing)
{
	bool usable = true;

	memset(s, 0, sizeof(*s));
	s->backing = backing;
	for (unsigned i = 0; i < RT_REGIONS; i++) {
		s->base[i] = mapping;
		s->size[i] = plan_size(small, i);
		mapping += s->size[i];
	}
	/* The first chunk of everything; not faulted in yet, which takes most of a millisecond. */
	for (unsigned i = 0; i < RT_REGIONS; i++)
		usable = usable && (plan[i].later || rt_state_need(s, (enum rt_region)i, 1));
	if (!usable) {
		rt_state_release(s);
		return false;
	}
	s->head = (struct statefmt_head *)(void *)s->base[RT_REGION_HEAD];
	fill_head(s);
	return true;
}

bool rt_state_init(struct rt_state *s)
{
	for (int small = !rt_host_has_room(rt_state_bytes(false)); small <= 1; small++) {
		uint8_t *mapping = rt_mem_reserve(rt_state_bytes(small));

		if (mapping)
			return rt_state_init_at(s, mapping, small, RT_BACKING_MEMORY);
	}
	return false;
}

void rt_state_release(struct rt_state *s)
{
	size_t total = 0;

	for (unsigned i = 0; i < RT_REGIONS; i++)
		total += s->size[i];
	rt_mem_unmap(s->base[0], total);
	rt_mem_unmap(s->ours, 4 * KB);
	memset(s, 0, sizeof(*s));
}

static bool commit(const struct rt_state *s, uint8_t *p, size_t n)
{
	if (s->backing == RT_BACKING_FILE)
		return rt_mem_commit_shared(p, n);
	if (!rt_mem_commit(p, n))
		return false;
	if (atomic_load_explicit(&s->faulted_in, memory_order_relaxed))
		rt_mem_fault_in(p, n);
	return true;
}

void rt_state_fault_in(struct rt_state *s)
{
	if (atomic_exchange(&s->faulted_in, 1) != 0)
		return;
	for (unsigned i = 0; i < RT_REGIONS && s->backing != RT_BACKING_FILE; i++)
		rt_mem_fault_in(s->base[i], atomic_load(&s->committed[i]));
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
	if (!commit(s, s->base[region] + have, want - have))
		return false;
	while (have < want && !atomic_compare_exchange_weak(&s->committed[region], &have, want))
		continue;
	rt_stats_add(RT_STAT_MAPPED_BYTES, want > have ? want - have : 0);
	return true;
}

/* Written once a second at most, so that threads do not fight for the line. */
void rt_state_seen(struct rt_state *s, uint32_t now_s)
{
	_Atomic uint32_t *last = &s->head->last_s;

	if (atomic_load_explicit(last, memory_order_relaxed) < now_s)
		atomic_store_explicit(last, now_s, memory_order_relaxed);
}
