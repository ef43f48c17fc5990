/* Stacks of one run, counted; see stackbag.h. Called by cpu_signal.c, rt_cpu.c and
 * threads_profile.c. */
#include "runtime/stackbag.h"

#include <string.h>

#include "core/hash.h"
#include "runtime/mem.h"

#define INDEX_SLOTS 65536u
#define ENTRY_BYTES ((size_t)32 << 20)

_Static_assert(RT_STACKBAG_MAX == INDEX_SLOTS / 4 * 3, "the index keeps a quarter free");

/* Its number is its offset / 8. */
struct entry {
	_Atomic uint64_t count;
	uint32_t labels;
	uint32_t unused;
	struct rt_stack stack;
};

struct rt_stackbag_memory {
	_Atomic uint64_t used; /* bytes of entries handed out, from 8 on */
	_Atomic uint32_t n;
	_Atomic uint32_t slots[INDEX_SLOTS];
	_Alignas(8) uint8_t entries[ENTRY_BYTES];
};

bool rt_stackbag_map(struct rt_stackbag *bag)
{
	bag->memory = rt_mem_map(sizeof(*bag->memory));
	atomic_store(&bag->lost, 0);
	if (bag->memory)
		atomic_store(&bag->memory->used, 8);
	return bag->memory != NULL;
}

void rt_stackbag_unmap(struct rt_stackbag *bag)
{
	rt_mem_unmap(bag->memory, sizeof(*bag->memory));
	bag->memory = NULL;
}

static struct entry *entry_at(struct rt_stackbag_memory *m, uint32_t id)
{
	return (struct entry *)(void *)(m->entries + (size_t)id * 8);
}

static uint32_t store(struct rt_stackbag_memory *m, uint32_t hash, const uintptr_t *pcs,
    size_t depth, rt_label_set labels)
{
	size_t bytes = sizeof(struct entry) + depth * sizeof(uint64_t);
	uint64_t at = atomic_load(&m->used);
	struct entry *e;

	do {
		if (at + bytes > ENTRY_BYTES)
			return 0;
	} while (!atomic_compare_exchange_weak(&m->used, &at, at + bytes));
	e = entry_at(m, (uint32_t)(at / 8));
	e->labels = labels;
	e->stack.hash = hash;
	e->stack.depth = (uint32_t)depth;
	memcpy(e->stack.pc, pcs, depth * sizeof(uint64_t));
	return (uint32_t)(at / 8);
}

static bool same(
    const struct entry *e, uint32_t hash, const uintptr_t *pcs, size_t depth, rt_label_set labels)
{
	return e->stack.hash == hash && e->stack.depth == depth && e->labels == labels &&
	       memcmp(e->stack.pc, pcs, depth * sizeof(uint64_t)) == 0;
}

/* The entry's number; 0 when there is no room. The space of a race's loser stays unused. */
static uint32_t find(
    struct rt_stackbag_memory *m, const uintptr_t *pcs, size_t depth, rt_label_set labels)
{
	uint32_t hash = (uint32_t)hash_mix(hash_bytes(pcs, depth * sizeof(*pcs)), labels);
	uint32_t fresh = 0;

	for (uint32_t at = hash;; at++) {
		_Atomic uint32_t *slot = &m->slots[at % INDEX_SLOTS];
		uint32_t id = atomic_load_explicit(slot, memory_order_acquire);

		if (id == 0 && fresh == 0) {
			if (atomic_load(&m->n) < RT_STACKBAG_MAX)
				fresh = store(m, hash, pcs, depth, labels);
			if (fresh == 0)
				return 0;
		}
		if (id == 0 && atomic_compare_exchange_strong(slot, &id, fresh)) {
			atomic_fetch_add(&m->n, 1);
			return fresh;
		}
		if (same(entry_at(m, id), hash, pcs, depth, labels))
			return id;
	}
}

uint32_t rt_stackbag_add(struct rt_stackbag *bag, const uintptr_t *pcs, size_t depth,
    rt_label_set labels, uint64_t count)
{
	uint32_t id = find(bag->memory, pcs, depth, labels);

	rt_stackbag_more(bag, id, count);
	return id;
}

void rt_stackbag_more(struct rt_stackbag *bag, uint32_t entry, uint64_t count)
{
	_Atomic uint64_t *sum = entry ? &entry_at(bag->memory, entry)->count : &bag->lost;

	atomic_fetch_add_explicit(sum, count, memory_order_relaxed);
}

static void add_row(struct rt_snapshot *s, const struct rt_stack *stack, rt_label_set labels,
    uint64_t count, int64_t unit)
{
	struct rt_row row = { .record = (uint32_t)s->n, .label_set = labels };

	row.stack = rt_snapshot_own_stack(s, stack);
	row.values[0] = (int64_t)count;
	row.values[1] = (int64_t)count * unit;
	rt_snapshot_add(s, &row);
}

void rt_stackbag_snapshot(struct rt_stackbag *bag, int64_t unit, struct rt_snapshot *s)
{
	static const union {
		struct rt_stack stack;
		uint64_t words[2];
	} full = { .words = { (uint64_t)1 << 32, RT_PC_STACKS_FULL } };

	uint64_t lost = atomic_load(&bag->lost);

	for (uint32_t i = 0; i < INDEX_SLOTS; i++) {
		uint32_t id = atomic_load_explicit(&bag->memory->slots[i], memory_order_acquire);
		struct entry *e = id ? entry_at(bag->memory, id) : NULL;

		if (e && atomic_load(&e->count) > 0)
			add_row(s, &e->stack, e->labels, atomic_load(&e->count), unit);
	}
	if (lost > 0)
		add_row(s, &full.stack, 0, lost, unit);
}
