/* Heap records; see records.h. Called by heap_sample.c; read by snapshot.c. */
#include "runtime/records.h"

#include "core/hash.h"
#include "runtime/rt.h"
#include "runtime/tls.h"

#define INDEX_SLOTS  ((uint32_t)1 << 16)
#define RECORD_LIMIT RT_RECORDS_MAX
/* More than threads are ever in the middle of an update; a power of two. */
#define SPARES       256
/* Cells: the first spares, then record i's first at SPARES + i, then replacements. */
#define REPLACEMENTS (SPARES + RECORD_LIMIT)

_Static_assert(RECORD_LIMIT == INDEX_SLOTS / 4 * 3, "the index keeps a quarter free");

static struct {
	/* Cell + 1 that an update may write to; 0: taken by one, whose thread puts another back. */
	_Atomic uint32_t spares[SPARES];
	_Atomic uint32_t replaced; /* cells handed out from REPLACEMENTS on */
} cells;

/*
 * The records' labels. With a state file they are there too, with their texts (keep_labels). Pages
 * that no record with labels needs stay untouched.
 */
static rt_label_set labels_of[RECORD_LIMIT];

static _Atomic uint32_t *index_slots(void)
{
	return (_Atomic uint32_t *)(void *)rt.state.base[RT_REGION_RECORD_INDEX];
}

static struct statefmt_record *record_at(uint32_t i)
{
	return (struct statefmt_record *)(void *)rt.state.base[RT_REGION_RECORDS] + i;
}

static struct statefmt_cell *cells_of(const struct rt_state *s)
{
	return (struct statefmt_cell *)(void *)s->base[RT_REGION_CELLS];
}

static struct statefmt_cell *cell_at(uint32_t i)
{
	return cells_of(&rt.state) + i;
}

uint32_t rt_records_class(size_t size)
{
	unsigned log2;

	if (size < 8)
		return (uint32_t)size;
	log2 = 63 - (unsigned)__builtin_clzl(size);
	return (log2 << 2) + (uint32_t)(size >> (log2 - 2) & 3);
}

uint64_t rt_records_first_size(uint32_t i)
{
	return statefmt_unpack_size(record_at(i)->size);
}

rt_label_set rt_records_labels(uint32_t i)
{
	return labels_of[i];
}

static bool have_room(struct rt_state *s, uint32_t i)
{
	return i < RECORD_LIMIT &&
	       rt_state_need(
		   s, RT_REGION_RECORDS, ((size_t)i + 1) * sizeof(struct statefmt_record)) &&
	       rt_state_need(
		   s, RT_REGION_CELLS, ((size_t)SPARES + i + 1) * sizeof(struct statefmt_cell));
}

/* For the readers of a file. Before the record can be found, and each time the same. */
static void keep_labels(struct rt_state *s, uint32_t i, rt_label_set labels)
{
	_Atomic uint32_t *of = (_Atomic uint32_t *)(void *)s->base[RT_REGION_RECORD_LABELS];
	uint32_t seen;

	if (labels == 0 || s->backing == RT_BACKING_MEMORY ||
	    !rt_state_need(s, RT_REGION_RECORD_LABELS, ((size_t)i + 1) * sizeof(*of)) ||
	    !rt_labels_keep(labels, s))
		return;
	atomic_store_explicit(&of[i], labels, memory_order_relaxed);
	seen = atomic_load(&s->head->labelled_records);
	while (seen <= i && !atomic_compare_exchange_weak(&s->head->labelled_records, &seen, i + 1))
		continue;
}

/* The counters first, then the name under which they are found. */
static void fill(struct statefmt_record *r, uint32_t i, rt_stack_id stack, uint32_t size)
{
	atomic_store_explicit(&cell_at(SPARES + i)->owner, i, memory_order_relaxed);
	r->size = size;
	atomic_store_explicit(&r->current, SPARES + i, memory_order_relaxed);
	atomic_store_explicit(&r->stack, stack, memory_order_release);
}

/* A fresh, filled record; 0 when there is no more room. */
static uint32_t make(rt_stack_id stack, size_t size, rt_label_set labels)
{
	uint32_t i = atomic_load(&rt.state.head->record_count);

	do {
		if (!have_room(&rt.state, i))
			return 0;
	} while (!atomic_compare_exchange_weak(&rt.state.head->record_count, &i, i + 1));
	if (labels_of[i] != labels)
		labels_of[i] = labels;
	keep_labels(&rt.state, i, labels);
	fill(record_at(i), i, stack, statefmt_pack_size(size));
	return i;
}

static uint32_t full(void)
{
	rt_stats_add(RT_STAT_LOST_RECORDS, 1);
	return 0;
}

/* Of the stack's hash, not its number: so the slot is known before the stack has been found. */
static uint32_t index_hash(uint32_t stack_hash, rt_label_set labels, uint32_t size_class)
{
	return (uint32_t)hash_mix(stack_hash, (uint64_t)labels << 32 | size_class);
}

void rt_records_prefetch_slot(uint32_t stack_hash, size_t size)
{
	uint32_t hash = index_hash(stack_hash, rt_labels_current(), rt_records_class(size));

	__builtin_prefetch(&index_slots()[hash % INDEX_SLOTS], 1);
}

/*
 * A record made by the loser of a race stays unused (all counters zero): the encoders leave such
 * records out.
 */
uint32_t rt_records_find(rt_stack_id stack, size_t size)
{
	uint32_t size_class = rt_records_class(size);
	rt_label_set labels = rt_labels_current();
	uint32_t hash = index_hash(rt_stacktab_get(stack)->hash, labels, size_class);
	_Atomic uint32_t *slots = index_slots();
	uint32_t fresh = 0;

	for (uint32_t at = hash;; at++) {
		_Atomic uint32_t *slot = &slots[at % INDEX_SLOTS];
		uint32_t i = atomic_load_explicit(slot, memory_order_acquire);

		if (i == 0 && fresh == 0) {
			fresh = make(stack, size, labels);
			if (fresh == 0)
				return full();
		}
		if (i == 0 && atomic_compare_exchange_strong(slot, &i, fresh))
			return fresh;
		if (record_at(i)->stack == stack && labels_of[i] == labels &&
		    rt_records_class(rt_records_first_size(i)) == size_class)
			return i;
	}
}

/* A cell that was never used; false when there are no more. */
static bool replacement(uint32_t *cell)
{
	uint32_t i = atomic_load(&cells.replaced);

	do {
		if (!rt_state_need(&rt.state, RT_REGION_CELLS,
			((size_t)REPLACEMENTS + i + 1) * sizeof(struct statefmt_cell)))
			return false;
	} while (!atomic_compare_exchange_weak(&cells.replaced, &i, i + 1));
	*cell = REPLACEMENTS + i;
	return true;
}

/* The place in `spares` where this thread looks first. */
static uint32_t first_place(void)
{
	return (uint32_t)hash_u64((uintptr_t)&rt_tls) % SPARES;
}

void rt_records_prefetch(void)
{
	uint32_t i = atomic_load_explicit(&rt.state.head->record_count, memory_order_relaxed);
	uint32_t spare = atomic_load_explicit(&cells.spares[first_place()], memory_order_relaxed);

	/* Where there is nothing yet, nothing happens. */
	__builtin_prefetch(record_at(i), 1);
	__builtin_prefetch(cell_at(SPARES + i), 1);
	if (spare)
		__builtin_prefetch(cell_at(spare - 1), 1);
}

/*
 * Takes a spare cell and the place to put the next one. They are all taken only when threads were
 * killed (or jumped away) in the middle of an update again and again: then a new cell repairs it.
 */
static bool claim(uint32_t *cell, _Atomic uint32_t **place)
{
	uint32_t start = first_place();

	for (uint32_t i = 0; i < SPARES; i++) {
		*place = &cells.spares[(start + i) % SPARES];
		*cell = atomic_exchange_explicit(*place, 0, memory_order_acquire);
		if (*cell) {
			*cell -= 1;
			return true;
		}
	}
	*place = &cells.spares[start];
	return replacement(cell);
}

static void put(_Atomic uint64_t *field, uint64_t value)
{
	atomic_store_explicit(field, value, memory_order_release);
}

/* Release stores: whoever reads one of them knows that the cell's former record has let it go. */
static void fill_cell(struct statefmt_cell *c, uint32_t owner, const struct statefmt_values *v)
{
	atomic_store_explicit(&c->owner, owner, memory_order_release);
	put(&c->alloc_samples, v->alloc.samples);
	put(&c->alloc_objects, v->alloc.objects);
	put(&c->alloc_bytes, v->alloc.bytes);
	put(&c->free_samples, v->freed.samples);
	put(&c->free_objects, v->freed.objects);
	put(&c->free_bytes, v->freed.bytes);
}

static void add_amounts(struct rt_amounts *to, const struct rt_amounts *a)
{
	to->samples += a->samples;
	to->objects += a->objects;
	to->bytes += a->bytes;
}

/*
 * What is read from a cell that ceased to be the record's meanwhile may be anything; then the
 * count of updates in `current` has changed too and the exchange fails.
 */
static void update(uint32_t record, const struct rt_amounts *a, bool is_free)
{
	struct statefmt_record *r = record_at(record);
	uint64_t now = atomic_load_explicit(&r->current, memory_order_acquire);
	_Atomic uint32_t *place;
	uint64_t next;
	uint32_t cell;

	if (!claim(&cell, &place)) {
		rt_stats_add(RT_STAT_LOST_UPDATES, 1);
		return;
	}
	do {
		struct statefmt_values v;

		statefmt_copy_cell(cell_at((uint32_t)now), &v);
		add_amounts(is_free ? &v.freed : &v.alloc, a);
		fill_cell(cell_at(cell), record, &v);
		next = ((now >> 32) + 1) << 32 | cell;
	} while (!atomic_compare_exchange_weak_explicit(
	    &r->current, &now, next, memory_order_acq_rel, memory_order_acquire));
	atomic_store_explicit(place, (uint32_t)now + 1, memory_order_release);
}

void rt_records_add_alloc(uint32_t record, const struct rt_amounts *a)
{
	update(record, a, false);
}

void rt_records_add_free(uint32_t record, const struct rt_amounts *a)
{
	update(record, a, true);
}

uint32_t rt_records_count(void)
{
	return atomic_load(&rt.state.head->record_count);
}

bool rt_records_read(
    uint32_t i, rt_stack_id *stack, struct rt_amounts *alloc, struct rt_amounts *freed)
{
	struct statefmt_record *r = record_at(i);
	struct statefmt_values v;

	*stack = atomic_load_explicit(&r->stack, memory_order_acquire);
	if (*stack == 0 || !statefmt_read_values(r, cell_at(0), UINT32_MAX, i, &v))
		return false;
	*alloc = v.alloc;
	*freed = v.freed;
	return true;
}

static void reset_spares(void)
{
	for (uint32_t i = 0; i < SPARES; i++)
		atomic_store(&cells.spares[i], i + 1);
	atomic_store(&cells.replaced, 0);
}

void rt_records_init(void)
{
	uintptr_t pc = RT_PC_RECORDS_FULL;

	reset_spares();
	make(rt_stacktab_id(&pc, 1), 0, 0); /* the first: number 0, not in the index */
}

void rt_records_after_fork(void)
{
	for (uint32_t i = 0; i < SPARES; i++) {
		uint32_t cell;

		if (atomic_load(&cells.spares[i]) == 0 && replacement(&cell))
			atomic_store(&cells.spares[i], cell + 1);
	}
}

static bool copy_one(struct rt_state *to, const struct rt_state *from, uint32_t i)
{
	const struct statefmt_record *r =
	    (const struct statefmt_record *)(const void *)from->base[RT_REGION_RECORDS] + i;
	struct statefmt_record *mine =
	    (struct statefmt_record *)(void *)to->base[RT_REGION_RECORDS] + i;
	rt_stack_id stack = atomic_load_explicit(&r->stack, memory_order_acquire);
	struct statefmt_values v;

	if (stack == 0)
		return true; /* nobody here will ever fill it */
	if (!statefmt_read_values(r, cells_of(from), UINT32_MAX, i, &v))
		return false;
	fill_cell(cells_of(to) + SPARES + i, i, &v);
	mine->size = r->size;
	keep_labels(to, i, labels_of[i]);
	atomic_store(&mine->current, SPARES + i);
	atomic_store(&mine->stack, stack);
	return true;
}

bool rt_records_copy(struct rt_state *to, const struct rt_state *from)
{
	uint32_t n = atomic_load(&from->head->record_count);

	if (n > 0 && !have_room(to, n - 1))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!copy_one(to, from, i))
			return false;
	to->head->record_count = n;
	reset_spares();
	return true;
}
