/* Sampled live blocks; see heap_live.h. Called by hook_malloc.c and heap_sample.c. */
#include "runtime/heap_live.h"

#include "runtime/rt.h"

#define BUCKET         4
#define LEVEL0_ENTRIES ((size_t)8192)
#define PTR_CHANGING   ((uintptr_t)1)
#define FILTER_FULL    255

_Alignas(64) _Atomic uint8_t rt_filter[RT_FILTER_SLOTS];

static size_t level_entries(unsigned level)
{
	return LEVEL0_ENTRIES << (2 * level);
}

/* Entries of the levels below: 8192 * (1 + 4 + … + 4^(level-1)). */
static size_t level_start(unsigned level)
{
	return LEVEL0_ENTRIES * ((((size_t)1 << (2 * level)) - 1) / 3);
}

static struct rt_live_entry *bucket_at(uintptr_t p, unsigned level)
{
	uint64_t hash = (uint64_t)(p >> 4) * 0x9e3779b97f4a7c15ULL;
	size_t buckets = level_entries(level) / BUCKET;
	size_t bucket = (size_t)(hash >> 24) & (buckets - 1);
	struct rt_live_entry *base = (struct rt_live_entry *)(void *)rt.state.base[RT_REGION_LIVE];

	return base + level_start(level) + bucket * BUCKET;
}

void rt_live_prefetch(uintptr_t p)
{
	__builtin_prefetch(bucket_at(p, 0), 1);
	__builtin_prefetch(&rt_filter[rt_filter_slot(p)], 1);
}

static void filter_add(uintptr_t p)
{
	_Atomic uint8_t *slot = &rt_filter[rt_filter_slot(p)];
	uint8_t n = atomic_load_explicit(slot, memory_order_relaxed);

	while (n != FILTER_FULL && !atomic_compare_exchange_weak(slot, &n, (uint8_t)(n + 1)))
		continue;
}

/* A slot that was full once cannot be counted down: it stays full. */
static void filter_remove(uintptr_t p)
{
	_Atomic uint8_t *slot = &rt_filter[rt_filter_slot(p)];
	uint8_t n = atomic_load_explicit(slot, memory_order_relaxed);

	while (n != FILTER_FULL && !atomic_compare_exchange_weak(slot, &n, (uint8_t)(n - 1)))
		continue;
}

void rt_filter_pin(uintptr_t p)
{
	atomic_store(&rt_filter[rt_filter_slot(p)], FILTER_FULL);
}

/* Makes `level` usable; false when it does not exist or cannot be had. */
static bool open_level(unsigned level)
{
	uint32_t open = atomic_load(&rt.state.head->live_levels);

	if (level < open)
		return true;
	if (!rt_state_need(
		&rt.state, RT_REGION_LIVE, level_start(level + 1) * sizeof(struct rt_live_entry)))
		return false;
	while (open <= level &&
	       !atomic_compare_exchange_weak(&rt.state.head->live_levels, &open, level + 1))
		continue;
	return true;
}

static bool add_to_bucket(struct rt_live_entry *e, uintptr_t p, const struct rt_live *what)
{
	for (unsigned i = 0; i < BUCKET; i++, e++) {
		uintptr_t empty = 0;

		if (atomic_load_explicit(&e->ptr, memory_order_relaxed) != 0 ||
		    !atomic_compare_exchange_strong(&e->ptr, &empty, PTR_CHANGING))
			continue;
		e->objects = what->objects;
		e->bytes = what->bytes;
		e->record = what->record;
		e->born = what->born;
		atomic_store_explicit(&e->ptr, p, memory_order_release);
		return true;
	}
	return false;
}

bool rt_live_add(uintptr_t p, const struct rt_live *what)
{
	rt_state_seen(&rt.state, what->born);
	for (unsigned level = 0; open_level(level); level++) {
		if (add_to_bucket(bucket_at(p, level), p, what)) {
			/* Nobody else knows p yet, so nobody can look before this. */
			filter_add(p);
			return true;
		}
	}
	rt_stats_add(RT_STAT_LOST_LIVE, 1);
	return false;
}

static bool take_from_bucket(struct rt_live_entry *e, uintptr_t p, struct rt_live *out)
{
	for (unsigned i = 0; i < BUCKET; i++, e++) {
		uintptr_t seen = p;

		if (atomic_load_explicit(&e->ptr, memory_order_acquire) != p ||
		    !atomic_compare_exchange_strong(&e->ptr, &seen, PTR_CHANGING))
			continue;
		*out = (struct rt_live){ e->objects, e->bytes, e->record, e->born };
		atomic_store_explicit(&e->ptr, 0, memory_order_release);
		return true;
	}
	return false;
}

bool rt_live_take(uintptr_t p, struct rt_live *out)
{
	uint32_t levels;

	if (!rt_is_ready() || p <= PTR_CHANGING || !rt_state_check(&rt.state))
		return false;
	levels = atomic_load_explicit(&rt.state.head->live_levels, memory_order_acquire);
	for (unsigned level = 0; level < levels; level++) {
		if (take_from_bucket(bucket_at(p, level), p, out)) {
			filter_remove(p);
			return true;
		}
	}
	rt_stats_add(RT_STAT_FILTER_MISSES, 1);
	return false;
}

static void reset_filter(void)
{
	for (size_t i = 0; i < RT_FILTER_SLOTS; i++) {
		uint8_t n = atomic_load_explicit(&rt_filter[i], memory_order_relaxed);

		/* Pages that were never written to must not be backed now. */
		if (n != 0 && n != FILTER_FULL)
			atomic_store_explicit(&rt_filter[i], 0, memory_order_relaxed);
	}
}

/* True when the entry holds a block and did so while it was copied. */
static bool copy_entry(struct rt_live_entry *to, const struct rt_live_entry *from)
{
	uintptr_t p = atomic_load_explicit(&from->ptr, memory_order_acquire);

	if (p <= PTR_CHANGING)
		return false;
	to->objects = from->objects;
	to->bytes = from->bytes;
	to->record = from->record;
	to->born = from->born;
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&from->ptr, memory_order_relaxed) != p)
		return false;
	atomic_store_explicit(&to->ptr, p, memory_order_relaxed);
	return true;
}

bool rt_live_copy(struct rt_state *to, const struct rt_state *from)
{
	uint32_t levels = atomic_load(&from->head->live_levels);
	size_t n = level_start(levels);
	struct rt_live_entry *entries = (struct rt_live_entry *)(void *)to->base[RT_REGION_LIVE];
	const struct rt_live_entry *theirs =
	    (const struct rt_live_entry *)(const void *)from->base[RT_REGION_LIVE];

	if (!rt_state_need(to, RT_REGION_LIVE, n * sizeof(*entries)))
		return false;
	to->head->live_levels = levels;
	reset_filter();
	for (size_t i = 0; i < n; i++)
		if (copy_entry(&entries[i], &theirs[i]))
			filter_add(entries[i].ptr);
	return true;
}

size_t rt_live_slots(void)
{
	return level_start(atomic_load(&rt.state.head->live_levels));
}

static void copy(const struct rt_live_entry *e, struct rt_live *out)
{
	const volatile struct rt_live_entry *v = e;

	*out = (struct rt_live){ v->objects, v->bytes, v->record, v->born };
}

/*
 * An entry changes between two blocks only while its ptr says so. The same address may come back
 * while we read: then one of the two copies, or the ptr, differs.
 */
bool rt_live_read_at(size_t slot, uintptr_t *address, struct rt_live *out)
{
	const struct rt_live_entry *e =
	    (const struct rt_live_entry *)(const void *)rt.state.base[RT_REGION_LIVE] + slot;
	uintptr_t p = atomic_load_explicit(&e->ptr, memory_order_acquire);
	struct rt_live again;

	if (p <= PTR_CHANGING)
		return false;
	*address = p;
	copy(e, out);
	atomic_thread_fence(memory_order_acquire);
	copy(e, &again);
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&e->ptr, memory_order_relaxed) == p &&
	       out->objects == again.objects && out->bytes == again.bytes &&
	       out->record == again.record && out->born == again.born;
}

bool rt_live_read(size_t slot, struct rt_live *out)
{
	uintptr_t address;

	return rt_live_read_at(slot, &address, out);
}

size_t rt_live_count(void)
{
	size_t n = 0;
	size_t end = rt_live_slots();
	const struct rt_live_entry *base =
	    (const struct rt_live_entry *)(const void *)rt.state.base[RT_REGION_LIVE];

	for (size_t i = 0; i < end; i++)
		n += atomic_load_explicit(&base[i].ptr, memory_order_relaxed) > PTR_CHANGING;
	return n;
}
