/*
 * Early blocks; see early.h. Called by heap_sample.c, init.c and retain_table.c. A list without
 * order: there are few, and those who look for one have found it in no other table.
 */
#include "runtime/early.h"

#include <stdatomic.h>

#include "runtime/heap_live.h"

static struct {
	_Atomic uint64_t n;   /* added, also those without room */
	_Atomic bool is_kept; /* frees are seen */

	struct {
		_Atomic uintptr_t address; /* 0: none, or freed */
		uint64_t bytes;
	} blocks[RT_EARLY_MOST];
} early;

static size_t count(void)
{
	uint64_t n = atomic_load_explicit(&early.n, memory_order_acquire);

	return n < RT_EARLY_MOST ? (size_t)n : RT_EARLY_MOST;
}

void rt_early_add(const void *p, size_t n)
{
	uint64_t i = atomic_fetch_add(&early.n, 1);

	if (i >= RT_EARLY_MOST)
		return;
	early.blocks[i].bytes = n;
	atomic_store(&early.blocks[i].address, (uintptr_t)p);
}

void rt_early_keep(bool keep)
{
	for (size_t i = 0; i < count(); i++) {
		uintptr_t address = atomic_load(&early.blocks[i].address);

		if (!keep)
			atomic_store(&early.blocks[i].address, 0);
		else if (address)
			rt_filter_pin(address);
	}
	atomic_store(&early.is_kept, keep);
}

void rt_early_forget(const void *p)
{
	if (!atomic_load_explicit(&early.is_kept, memory_order_relaxed))
		return;
	for (size_t i = 0; i < count(); i++) {
		uintptr_t seen = (uintptr_t)p;

		if (atomic_load_explicit(&early.blocks[i].address, memory_order_relaxed) == seen)
			atomic_compare_exchange_strong(&early.blocks[i].address, &seen, 0);
	}
}

bool rt_early_read(size_t i, uintptr_t *address, uint64_t *bytes)
{
	if (i >= count())
		return false;
	*address = atomic_load(&early.blocks[i].address);
	*bytes = early.blocks[i].bytes;
	return *address != 0;
}

uint64_t rt_early_lost(void)
{
	uint64_t n = atomic_load(&early.n);

	return n > RT_EARLY_MOST ? n - RT_EARLY_MOST : 0;
}
