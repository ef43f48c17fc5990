/* Mapped ranges by stack; see mapranges.h. Called by hook_mmap.c, init.c and rt_routes.c. */
#include "runtime/mapranges.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "core/hash.h"
#include "runtime/busy.h"
#include "runtime/capture.h"
#include "runtime/mem.h"
#include "runtime/records.h"
#include "runtime/rt.h"

#define RANGES_MAX 65536u /* more than a process may have mappings by default */
#define SITES_MAX  6144u
#define SITE_SLOTS 8192u
#define LOCK_TRIES 2000u
#define WHOLE      (1u << RT_OBJECTS_SHIFT)

/* One stack and size class. */
struct site {
	rt_stack_id stack;
	uint64_t first_size;
	struct rt_amounts alloc, freed;
};

/* All of it. */
struct table {
	struct rt_map_range ranges[RANGES_MAX];
	struct site sites[SITES_MAX]; /* 0: those that there was no room for */
	uint16_t slots[SITE_SLOTS];   /* site by hash; 0 free */
};

static struct {
	struct table *table;
	_Atomic(const struct rt_tls *) owner; /* of the lock; only its address is used */
	_Atomic uint32_t n_ranges, n_sites;
} maps;

static uint32_t make_site(uint32_t i, rt_stack_id stack, size_t size)
{
	maps.table->sites[i] = (struct site){ .stack = stack, .first_size = size };
	maps.n_sites = i + 1;
	return i;
}

void rt_mapranges_reset(void)
{
	uintptr_t full = RT_PC_RECORDS_FULL;

	memset(maps.table->slots, 0, sizeof(maps.table->slots));
	maps.n_ranges = 0;
	make_site(0, rt_stacktab_id(&full, 1), 0);
}

void rt_mapranges_init(void)
{
	maps.table = rt_mem_map(sizeof(struct table));
	if (maps.table)
		rt_mapranges_reset();
}

bool rt_mapranges_enabled(void)
{
	return maps.table != NULL;
}

/* False when this thread has it (a signal came in the middle) or it cannot be had in time. */
static bool lock(void)
{
	const struct rt_tls *self = &rt_tls;

	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		const struct rt_tls *owner = NULL;

		if (atomic_compare_exchange_strong(&maps.owner, &owner, self))
			return true;
		if (owner == self)
			break;
		if (i % 16 == 15)
			sched_yield();
	}
	rt_stats_add(RT_STAT_LOST_MAPS, 1);
	return false;
}

static void unlock(void)
{
	atomic_store_explicit(&maps.owner, NULL, memory_order_release);
}

void rt_mapranges_before_fork(void)
{
	if (maps.table)
		(void)lock();
}

/* The thread is the same in the child, its struct at the same place. */
void rt_mapranges_after_fork(void)
{
	if (atomic_load(&maps.owner) == &rt_tls)
		unlock();
}

void rt_mapranges_after_fork_child(void)
{
	rt_mapranges_after_fork();
	if (!atomic_load(&maps.owner))
		return;
	rt_mapranges_reset();
	unlock();
}

static uint32_t find_site(rt_stack_id stack, size_t size)
{
	uint32_t class = rt_records_class(size);
	uint64_t at = hash_mix(stack, class);

	for (;; at++) {
		uint16_t *slot = &maps.table->slots[at % SITE_SLOTS];
		const struct site *s = &maps.table->sites[*slot];

		if (*slot == 0) {
			if (maps.n_sites == SITES_MAX) {
				rt_stats_add(RT_STAT_LOST_RECORDS, 1);
				return 0;
			}
			*slot = (uint16_t)make_site(maps.n_sites, stack, size);
			return *slot;
		}
		if (s->stack == stack && rt_records_class(s->first_size) == class)
			return *slot;
	}
}

/* The first range that ends above addr. */
static uint32_t first_above(uintptr_t addr)
{
	uint32_t lo = 0, hi = maps.n_ranges;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (maps.table->ranges[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Replaces `gone` ranges at i by the n at `fresh`. False when there is no room. */
static bool splice(uint32_t i, uint32_t gone, const struct rt_map_range *fresh, uint32_t n)
{
	struct rt_map_range *at = &maps.table->ranges[i];
	uint32_t after = maps.n_ranges - i - gone;

	if (maps.n_ranges - gone + n > RANGES_MAX)
		return false;
	memmove(at + n, at + gone, after * sizeof(*at));
	if (n)
		memcpy(at, fresh, n * sizeof(*at));
	maps.n_ranges += n - gone;
	return true;
}

static struct rt_amounts amounts_of(const struct rt_map_range *r)
{
	/* A part counts as a call only when it is the bigger half. */
	return (struct rt_amounts){ r->objects > WHOLE / 2, r->objects, r->end - r->start };
}

static void add_amounts(struct rt_amounts *sum, const struct rt_map_range *r)
{
	struct rt_amounts a = amounts_of(r);

	sum->samples += a.samples;
	sum->objects += a.objects;
	sum->bytes += a.bytes;
}

/* The part of r in [start, end), with its share of the objects. */
static struct rt_map_range part(const struct rt_map_range *r, uintptr_t start, uintptr_t end)
{
	struct rt_map_range p = *r;

	p.start = start > r->start ? start : r->start;
	p.end = end < r->end ? end : r->end;
	p.objects = (uint32_t)((double)r->objects * (double)(p.end - p.start) /
			       (double)(r->end - r->start));
	return p;
}

static void keep_cut(struct rt_map_cut *cut, const struct rt_map_range *r)
{
	if (cut->n < RT_MAP_CUTS) {
		cut->ranges[cut->n++] = *r;
		return;
	}
	/* Rare: too many at once. Counted as freed right away. */
	add_amounts(&maps.table->sites[r->site].freed, r);
}

/* Cuts [start, end) out of range i; what is left of it (0, 1 or 2 ranges) stays. */
static uint32_t cut_one(uint32_t i, uintptr_t start, uintptr_t end, struct rt_map_cut *cut)
{
	struct rt_map_range whole = maps.table->ranges[i], out = part(&whole, start, end);
	struct rt_map_range left[2] = { 0 };
	uint32_t n = 0;

	if (whole.start < start)
		left[n++] = part(&whole, whole.start, start);
	if (whole.end > end)
		left[n++] = part(&whole, end, whole.end);
	/* Rounding: nothing of an object gets lost. */
	if (n > 0) {
		uint32_t rest = whole.objects - out.objects;

		left[n - 1].objects = n == 1 ? rest : rest - left[0].objects;
	}
	if (!splice(i, 1, left, n)) {
		/* No room for a hole: its end is given up, too. */
		out.end = whole.end;
		out.objects = whole.objects - left[0].objects;
		splice(i, 1, left, 1);
		n = 1;
	}
	keep_cut(cut, &out);
	return n;
}

/* Takes out what lies wholly before end from i on, in one step: it can be all of the table. */
static void cut_whole(uint32_t i, uintptr_t end, struct rt_map_cut *cut)
{
	const struct rt_map_range *r = &maps.table->ranges[i];
	uint32_t n = 0;

	for (; i + n < maps.n_ranges && r[n].end <= end; n++)
		keep_cut(cut, &r[n]);
	splice(i, n, NULL, 0);
}

static bool range_starts_before(uint32_t i, uintptr_t addr)
{
	return i < maps.n_ranges && maps.table->ranges[i].start < addr;
}

static void cut_locked(uintptr_t start, uintptr_t end, struct rt_map_cut *cut)
{
	uint32_t i = first_above(start);

	if (range_starts_before(i, start))
		i += cut_one(i, start, end, cut);
	cut_whole(i, end, cut);
	if (range_starts_before(i, end))
		cut_one(i, start, end, cut);
}

static void count_unmapped(const struct rt_map_cut *cut)
{
	for (size_t i = 0; i < cut->n; i++)
		add_amounts(&maps.table->sites[cut->ranges[i].site].freed, &cut->ranges[i]);
}

static void insert(const struct rt_map_range *r)
{
	struct rt_map_cut stale = { 0 };

	/* What is there was unmapped past us. */
	cut_locked(r->start, r->end, &stale);
	count_unmapped(&stale);
	if (splice(first_above(r->start), 0, r, 1))
		return;
	rt_stats_add(RT_STAT_LOST_MAPS, 1);
	add_amounts(&maps.table->sites[r->site].freed, r);
}

void rt_mapranges_mapped(uintptr_t start, size_t n, void *caller)
{
	struct rt_map_range r = { start, start + n, 0, WHOLE };
	int saved = errno;
	rt_stack_id stack;
	uintptr_t was;

	if (n == 0 || rt_busy())
		return;
	was = rt_busy_begin();
	stack = rt_capture(caller);
	if (lock()) {
		r.site = find_site(stack, n);
		add_amounts(&maps.table->sites[r.site].alloc, &r);
		insert(&r);
		unlock();
	}
	rt_busy_end(was);
	errno = saved;
}

void rt_mapranges_cut(uintptr_t start, size_t n, struct rt_map_cut *cut)
{
	cut->n = 0;
	if (n == 0 || start + n < start || !lock())
		return;
	cut_locked(start, start + n, cut);
	unlock();
}

void rt_mapranges_unmapped(const struct rt_map_cut *cut)
{
	if (cut->n == 0 || !lock())
		return;
	count_unmapped(cut);
	unlock();
}

void rt_mapranges_restore(const struct rt_map_cut *cut)
{
	if (cut->n == 0 || !lock())
		return;
	for (size_t i = 0; i < cut->n; i++)
		insert(&cut->ranges[i]);
	unlock();
}

bool rt_mapranges_snapshot(struct rt_snapshot *s)
{
	struct rt_row row;

	rt_snapshot_begin(s);
	s->rate = 1;
	if (!maps.table || !lock())
		return true;
	for (uint32_t i = 0; i < maps.n_sites; i++) {
		const struct site *site = &maps.table->sites[i];

		if (site->alloc.samples == 0)
			continue;
		rt_snapshot_row_of(0, site->stack, &site->alloc, &site->freed, &row);
		row.record = i;
		row.label_bytes = (int64_t)site->first_size;
		rt_snapshot_add(s, &row);
	}
	unlock();
	return rt_snapshot_end(s);
}

bool rt_mapranges_read(size_t i, struct rt_map_range *out, uintptr_t *mapped_by)
{
	const struct rt_stack *stack;

	if (!maps.table || i >= maps.n_ranges)
		return false;
	*out = maps.table->ranges[i];
	stack = rt_stacktab_get(maps.table->sites[out->site % SITES_MAX].stack);
	*mapped_by = stack && stack->depth ? (uintptr_t)stack->pc[0] : 0;
	return true;
}

size_t rt_mapranges_count(void)
{
	return maps.n_sites > 0 ? maps.n_sites - 1 : 0;
}
