/* Heap records; see records.h. Called by heap_sample.c; read by snapshot.c. */
#include "runtime/records.h"

#include "core/hash.h"
#include "runtime/rt.h"

#define INDEX_SLOTS ((uint32_t)1 << 16)
#define RECORD_LIMIT (INDEX_SLOTS / 4 * 3)
#define READ_TRIES 1000

static _Atomic uint32_t *index_slots(void)
{
	return (_Atomic uint32_t *)(void *)rt.state.base[RT_REGION_RECORD_INDEX];
}

static struct rt_record *record_at(uint32_t i)
{
	return (struct rt_record *)(void *)rt.state.base[RT_REGION_RECORDS] + i;
}

uint32_t rt_records_class(size_t size)
{
	unsigned log2;

	if (size < 8)
		return (uint32_t)size;
	log2 = 63 - (unsigned)__builtin_clzl(size);
	return (log2 << 2) + (uint32_t)(size >> (log2 - 2) & 3);
}

/* Sizes in 32 bits: from 2 GiB on in MiB, which leaves the class what it was. */
#define HUGE_BIT   (1u << 31)
#define HUGE_SHIFT 20

static uint32_t pack_size(size_t size)
{
	return size < HUGE_BIT ? (uint32_t)size : HUGE_BIT | (uint32_t)(size >> HUGE_SHIFT);
}

uint64_t rt_records_first_size(uint32_t i)
{
	uint32_t size = record_at(i)->size;

	return size < HUGE_BIT ? size : (uint64_t)(size & ~HUGE_BIT) << HUGE_SHIFT;
}

/* A fresh, filled record; 0 when there is no more room. */
static uint32_t make(rt_stack_id stack, size_t size)
{
	uint32_t i = atomic_fetch_add(&rt.state.head->record_count, 1);
	struct rt_record *r;

	if (i >= RECORD_LIMIT ||
	    !rt_state_need(&rt.state, RT_REGION_RECORDS, ((size_t)i + 1) * sizeof(*r))) {
		atomic_fetch_sub(&rt.state.head->record_count, 1);
		return 0;
	}
	r = record_at(i);
	r->size = pack_size(size);
	atomic_store_explicit(&r->stack, stack, memory_order_release);
	rt_stats_add(RT_STAT_RECORDS, 1);
	return i;
}

static uint32_t full(void)
{
	rt_stats_add(RT_STAT_LOST_RECORDS, 1);
	return 0;
}

/*
 * A record made by the loser of a race stays unused (all counters zero): the encoders leave such
 * records out.
 */
uint32_t rt_records_find(rt_stack_id stack, size_t size)
{
	uint32_t size_class = rt_records_class(size);
	uint32_t hash = (uint32_t)hash_mix(stack, size_class);
	_Atomic uint32_t *slots = index_slots();
	uint32_t fresh = 0;

	for (uint32_t at = hash;; at++) {
		_Atomic uint32_t *slot = &slots[at % INDEX_SLOTS];
		uint32_t i = atomic_load_explicit(slot, memory_order_acquire);

		if (i == 0 && fresh == 0) {
			fresh = make(stack, size);
			if (fresh == 0)
				return full();
		}
		if (i == 0 && atomic_compare_exchange_strong(slot, &i, fresh))
			return fresh;
		if (record_at(i)->stack == stack &&
		    rt_records_class(rt_records_first_size(i)) == size_class)
			return i;
	}
}

void rt_records_add_alloc(uint32_t record, const struct rt_amounts *a)
{
	struct rt_record *r = record_at(record);

	atomic_fetch_add(&r->begun, 1);
	atomic_fetch_add(&r->alloc_samples, a->samples);
	atomic_fetch_add(&r->alloc_objects, a->objects);
	atomic_fetch_add(&r->alloc_bytes, a->bytes);
	atomic_fetch_add(&r->ended, 1);
}

void rt_records_add_free(uint32_t record, const struct rt_amounts *a)
{
	struct rt_record *r = record_at(record);

	atomic_fetch_add(&r->begun, 1);
	atomic_fetch_add(&r->free_samples, a->samples);
	atomic_fetch_add(&r->free_objects, a->objects);
	atomic_fetch_add(&r->free_bytes, a->bytes);
	atomic_fetch_add(&r->ended, 1);
}

uint32_t rt_records_count(void)
{
	uint32_t n = atomic_load(&rt.state.head->record_count);

	return n < RECORD_LIMIT ? n : RECORD_LIMIT;
}

bool rt_records_read(uint32_t i, rt_stack_id *stack, struct rt_amounts *alloc,
    struct rt_amounts *freed)
{
	struct rt_record *r = record_at(i);

	/* The last try is taken as it is: a writer may have died between its two counts. */
	for (unsigned tries = 0; tries < READ_TRIES; tries++) {
		uint32_t ended = atomic_load(&r->ended);

		/* Frees first: a block's allocation was counted before its free. */
		freed->samples = atomic_load(&r->free_samples);
		freed->objects = atomic_load(&r->free_objects);
		freed->bytes = atomic_load(&r->free_bytes);
		alloc->samples = atomic_load(&r->alloc_samples);
		alloc->objects = atomic_load(&r->alloc_objects);
		alloc->bytes = atomic_load(&r->alloc_bytes);
		if (atomic_load(&r->begun) == ended)
			break;
	}
	*stack = atomic_load_explicit(&r->stack, memory_order_acquire);
	return *stack != 0;
}

void rt_records_init(void)
{
	uintptr_t pc = RT_PC_RECORDS_FULL;

	make(rt_stacktab_id(&pc, 1), 0); /* the first: number 0, not in the index */
}

void rt_records_after_fork(void)
{
	for (uint32_t i = 0; i < rt_records_count(); i++) {
		struct rt_record *r = record_at(i);

		atomic_store(&r->ended, atomic_load(&r->begun));
	}
}
