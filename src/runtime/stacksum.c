/* Sums by stack; see stacksum.h. Called by contend.c. */
#include "runtime/stacksum.h"

#include "core/hash.h"
#include "runtime/mem.h"
#include "runtime/rt.h"

#define SLOTS 16384u

_Static_assert(RT_STACKSUM_MAX == SLOTS / 4 * 3, "a quarter stays free");

bool rt_stacksum_map(struct rt_stacksum *t)
{
	struct rt_stacksum_row *rows;

	if (atomic_load(&t->rows))
		return true;
	/* One more: the row for what there is no room for. */
	rows = rt_mem_map((SLOTS + 1) * sizeof(*rows));
	atomic_store_explicit(&t->rows, rows, memory_order_release);
	return rows != NULL;
}

/* The place of a new row is reserved before it is filled, so that there never are too many. */
static bool reserve(struct rt_stacksum *t)
{
	uint32_t used = atomic_load(&t->used);

	do {
		if (used >= RT_STACKSUM_MAX)
			return false;
	} while (!atomic_compare_exchange_weak(&t->used, &used, used + 1));
	return true;
}

static struct rt_stacksum_row *overflow(struct rt_stacksum_row *rows)
{
	uintptr_t full = RT_PC_RECORDS_FULL;

	rt_stats_add(RT_STAT_LOST_RECORDS, 1);
	atomic_store(&rows[SLOTS].key, rt_stacktab_id(&full, 1));
	return &rows[SLOTS];
}

static struct rt_stacksum_row *find(
    struct rt_stacksum *t, struct rt_stacksum_row *rows, uint64_t key)
{
	bool reserved = false;

	for (uint64_t at = hash_u64(key);; at++) {
		struct rt_stacksum_row *row = &rows[at % SLOTS];
		uint64_t there = atomic_load_explicit(&row->key, memory_order_acquire);

		if (there == 0) {
			if (!reserved && !reserve(t))
				return overflow(rows);
			reserved = true;
			if (atomic_compare_exchange_strong(&row->key, &there, key))
				return row;
		}
		if (there == key) {
			if (reserved)
				atomic_fetch_sub(&t->used, 1);
			return row;
		}
	}
}

static uint64_t count_of(rt_stacksum_pair sum)
{
	return (uint64_t)(sum >> 64);
}

static uint64_t amount_of(rt_stacksum_pair sum)
{
	return (uint64_t)sum;
}

/* Both halves at once (cmpxchg16b): whoever reads finds them of one moment, and waits for nobody.
 */
static rt_stacksum_pair exchange(
    struct rt_stacksum_row *row, rt_stacksum_pair from, rt_stacksum_pair to)
{
	return __sync_val_compare_and_swap(&row->sum, from, to);
}

static rt_stacksum_pair read_sum(struct rt_stacksum_row *row)
{
	return exchange(row, 0, 0);
}

static void add(struct rt_stacksum_row *row, uint64_t count, uint64_t amount)
{
	rt_stacksum_pair sum = read_sum(row), found;

	for (;; sum = found) {
		rt_stacksum_pair both = count_of(sum) + count;

		found = exchange(row, sum, both << 64 | (amount_of(sum) + amount));
		if (found == sum)
			return;
	}
}

void rt_stacksum_add(struct rt_stacksum *t, rt_stack_id stack, uint64_t count, uint64_t amount)
{
	struct rt_stacksum_row *rows = atomic_load_explicit(&t->rows, memory_order_acquire);
	struct rt_stacksum_row *row;

	if (!rows)
		return;
	row = find(t, rows, (uint64_t)rt_labels_current() << 32 | stack);
	add(row, count, amount);
}

size_t rt_stacksum_count(const struct rt_stacksum *t)
{
	return atomic_load(&t->used);
}

void rt_stacksum_snapshot(const struct rt_stacksum *t, struct rt_snapshot *s)
{
	struct rt_stacksum_row *rows = atomic_load_explicit(&t->rows, memory_order_acquire);

	for (uint32_t i = 0; rows && i <= SLOTS; i++) {
		struct rt_row row = { .record = i };
		rt_stacksum_pair sum;
		uint64_t key;

		key = atomic_load_explicit(&rows[i].key, memory_order_acquire);
		row.stack = (rt_stack_id)key;
		row.label_set = (rt_label_set)(key >> 32);
		if (row.stack == 0)
			continue;
		sum = read_sum(&rows[i]);
		row.values[0] = rt_snapshot_objects(count_of(sum));
		row.values[1] = (int64_t)amount_of(sum);
		if (count_of(sum) > 0)
			rt_snapshot_add(s, &row);
	}
}
