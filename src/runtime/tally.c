/* Counts by stack; see tally.h. Called by custom.c and fds.c. */
#include "runtime/tally.h"

#include "core/hash.h"

struct slot {
	rt_stack_id stack;
	uint32_t count;
};

bool rt_tally_init(struct rt_tally *t, size_t max)
{
	size_t slots = 16;

	*t = (struct rt_tally){ 0 };
	while (slots < 2 * max)
		slots *= 2;
	t->mask = slots - 1;
	if (rt_bytes_room(&t->slots, slots * sizeof(struct slot))) /* zero pages */
		return true;
	rt_bytes_release(&t->slots);
	return false;
}

void rt_tally_add(struct rt_tally *t, rt_stack_id stack)
{
	struct slot *slots = (struct slot *)(void *)t->slots.p;

	for (size_t at = hash_u64(stack);; at++) {
		struct slot *s = &slots[at & t->mask];

		if (s->stack != 0 && s->stack != stack)
			continue;
		s->stack = stack;
		s->count++;
		return;
	}
}

void rt_tally_finish(struct rt_tally *t, struct rt_snapshot *s)
{
	const struct slot *slots = (const struct slot *)(const void *)t->slots.p;

	for (size_t i = 0; i <= t->mask; i++) {
		struct rt_row row = { .record = slots[i].stack, .stack = slots[i].stack };

		row.values[0] = slots[i].count;
		if (row.stack)
			rt_snapshot_add(s, &row);
	}
	rt_bytes_release(&t->slots);
	if (!s->rows.failed)
		rt_snapshot_sort(s);
}
