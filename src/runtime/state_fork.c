/*
 * A child's way out of its parent's file; see state_fork.h. A mapping of a file stays shared over
 * fork, so the child must not write to it. It makes tables of its own and copies the contents,
 * while the parent goes on changing them: what is found by a reference is copied after the
 * reference, so the copy is whole, though some of it is a moment younger than the fork. Called by
 * init.c's fork handler, and from inside malloc in children that no handler ran in.
 */
#include "runtime/state_fork.h"

#include <signal.h>
#include <string.h>

#include "runtime/heap_live.h"
#include "runtime/records.h"
#include "runtime/rt.h"

static void copy_region(
    struct rt_state *to, const struct rt_state *from, enum rt_region region, size_t n)
{
	memcpy(to->base[region], from->base[region], n);
}

static void copy_head(struct statefmt_head *to, const struct statefmt_head *from)
{
	to->start_ns = from->start_ns;
	memcpy(to->program, from->program, sizeof(to->program));
	to->rate = atomic_load(&from->rate);
	to->last_s = atomic_load(&from->last_s);
	to->stack_count = atomic_load(&from->stack_count);
}

static bool copy_stacks(struct rt_state *to, const struct rt_state *from)
{
	uint64_t used = atomic_load_explicit(&from->head->stack_used, memory_order_acquire);

	if (!rt_state_need(to, RT_REGION_STACKS, used))
		return false;
	copy_region(to, from, RT_REGION_STACKS, used);
	to->head->stack_used = used;
	return true;
}

static bool copy_modules(struct rt_state *to, const struct rt_state *from)
{
	uint32_t n = atomic_load_explicit(&from->head->module_count, memory_order_acquire);

	if (!rt_state_need(to, RT_REGION_MODULES, n * sizeof(struct statefmt_module)))
		return false;
	copy_region(to, from, RT_REGION_MODULES, n * sizeof(struct statefmt_module));
	to->head->module_count = n;
	return true;
}

bool rt_state_copy(struct rt_state *to, const struct rt_state *from)
{
	copy_head(to->head, from->head);
	copy_region(to, from, RT_REGION_RECORD_INDEX, from->size[RT_REGION_RECORD_INDEX]);
	copy_region(to, from, RT_REGION_STACK_INDEX, from->size[RT_REGION_STACK_INDEX]);
	return rt_live_copy(to, from) && rt_records_copy(to, from) && copy_stacks(to, from) &&
	       copy_modules(to, from);
}

void rt_state_replace(struct rt_state *fresh)
{
	struct rt_state old = rt.state;

	rt.state = *fresh;
	rt_state_release(&old);
}

static bool leave(void)
{
	struct rt_state fresh;

	if (!rt_state_init(&fresh))
		return false;
	if (!rt_state_copy(&fresh, &rt.state)) {
		rt_state_release(&fresh);
		return false;
	}
	rt_state_replace(&fresh);
	return true;
}

/* Signals wait: a handler that allocates would write to the parent's tables. */
bool rt_state_leave(void)
{
	sigset_t all, old;
	bool left;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	left = leave();
	/* Better no profile than one that spoils the parent's. */
	if (!left)
		atomic_store(&rt.phase, RT_DORMANT);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return left;
}
