/*
 * The copy of the loader's list; see module_snap.h. Called by modules.c.
 *
 * There are two tables: one is read while the other is written, so a reader that interrupts the
 * writer, or runs beside it, finds a whole one. A reader that sleeps while both are written notices
 * it by the number that a table has, odd while it changes, and reads again.
 */
#include "runtime/module_snap.h"

#include <stdatomic.h>
#include <string.h>

#include "runtime/mem.h"

#define WORDS (sizeof(struct unwind_module) / sizeof(uint64_t))
/* Each needs a sleep over two new copies. */
#define TRIES 16

_Static_assert(sizeof(struct unwind_module) % sizeof(uint64_t) == 0, "copied by words");
_Static_assert(offsetof(struct unwind_module, start) == 0 &&
		   offsetof(struct unwind_module, end) == sizeof(uint64_t),
    "the first two words are looked at alone");

/* A struct unwind_module whose words may change while they are read. */
struct row {
	_Atomic uint64_t word[WORDS];
};

struct table {
	_Atomic uint64_t version; /* odd: being written */
	_Atomic uint32_t n;
	struct row rows[RT_MODULE_SNAP_MAX];
};

static struct {
	struct table *tables; /* two; NULL: no memory */
	_Atomic uint32_t current;
	_Atomic uint32_t busy; /* 0 nobody makes a copy, 1 somebody does, 2 and shall do it again */
	_Atomic uint32_t missed;
} snap;

bool rt_module_snap_init(void)
{
	snap.tables = rt_mem_map(2 * sizeof(struct table));
	return snap.tables;
}

static bool holds(const struct row *r, uintptr_t pc)
{
	return pc >= atomic_load_explicit(&r->word[0], memory_order_relaxed) &&
	       pc < atomic_load_explicit(&r->word[1], memory_order_relaxed);
}

static void copy_row(const struct row *r, struct unwind_module *out)
{
	uint64_t words[WORDS];

	for (size_t i = 0; i < WORDS; i++)
		words[i] = atomic_load_explicit(&r->word[i], memory_order_relaxed);
	memcpy(out, words, sizeof(*out));
}

/* False when the table changed meanwhile: *found and *out then mean nothing. */
static bool look_up(const struct table *t, uintptr_t pc, struct unwind_module *out, bool *found)
{
	uint64_t version = atomic_load_explicit(&t->version, memory_order_acquire);
	uint32_t n = atomic_load_explicit(&t->n, memory_order_relaxed);
	uint32_t i = 0;

	if (version & 1)
		return false;
	while (i < n && i < RT_MODULE_SNAP_MAX && !holds(&t->rows[i], pc))
		i++;
	*found = i < n && i < RT_MODULE_SNAP_MAX;
	if (*found)
		copy_row(&t->rows[i], out);
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&t->version, memory_order_relaxed) == version;
}

bool rt_module_snap_find(uintptr_t pc, struct unwind_module *out)
{
	struct unwind_module seen;
	bool found = false;

	for (unsigned tries = 0; snap.tables && tries < TRIES; tries++) {
		uint32_t t = atomic_load_explicit(&snap.current, memory_order_acquire);

		if (!look_up(&snap.tables[t], pc, &seen, &found))
			continue;
		if (found)
			*out = seen;
		else
			atomic_store_explicit(&snap.missed, 1, memory_order_relaxed);
		return found;
	}
	return false;
}

void rt_module_snap_add(void *to, const struct unwind_module *module)
{
	struct table *t = to;
	uint32_t n = atomic_load_explicit(&t->n, memory_order_relaxed);
	uint64_t words[WORDS];

	if (n >= RT_MODULE_SNAP_MAX)
		return;
	memcpy(words, module, sizeof(words));
	for (size_t i = 0; i < WORDS; i++)
		atomic_store_explicit(&t->rows[n].word[i], words[i], memory_order_relaxed);
	atomic_store_explicit(&t->n, n + 1, memory_order_relaxed);
}

static void renew_once(rt_module_snap_list *list)
{
	uint32_t other = 1 - atomic_load(&snap.current);
	struct table *t = &snap.tables[other];
	uint64_t version = atomic_load(&t->version);

	atomic_store_explicit(&t->version, version | 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&t->n, 0, memory_order_relaxed);
	list(t);
	atomic_store_explicit(&t->version, (version | 1) + 1, memory_order_release);
	atomic_store_explicit(&snap.current, other, memory_order_release);
}

void rt_module_snap_renew(rt_module_snap_list *list)
{
	uint32_t once;

	if (!snap.tables || atomic_exchange(&snap.busy, 2) != 0)
		return;
	do {
		atomic_store(&snap.busy, 1);
		renew_once(list);
		once = 1;
	} while (!atomic_compare_exchange_strong(&snap.busy, &once, 0));
}

bool rt_module_snap_catch_up(rt_module_snap_list *list)
{
	if (atomic_exchange(&snap.missed, 0) == 0)
		return false;
	rt_module_snap_renew(list);
	return true;
}

void rt_module_snap_after_fork(void)
{
	atomic_store(&snap.busy, 0);
}
