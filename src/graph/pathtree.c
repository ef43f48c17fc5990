#include "graph/pathtree.h"

#include <stdbool.h>

#include "core/hash.h"

void pathtree_release(struct pathtree *t)
{
	VEC_RELEASE(&t->nodes);
	map_release(&t->map);
}

static bool same_node(const void *ctx, uint32_t index, const void *key)
{
	const struct path_node *a = (const struct path_node *)ctx + index;
	const struct path_node *b = key;

	return a->parent == b->parent && a->item == b->item;
}

uint32_t pathtree_child(struct pathtree *t, uint32_t parent, uint32_t item)
{
	struct path_node key = { parent, item };
	uint64_t hash = hash_u64((uint64_t)parent << 32 | item);
	uint32_t fresh = (uint32_t)t->nodes.n;
	uint32_t at;

	if (t->nodes.n >= PATHTREE_NONE || !VEC_RESERVE(&t->nodes, 1))
		return PATHTREE_NONE;
	at = map_intern(&t->map, hash, same_node, t->nodes.p, &key, fresh);
	if (at == fresh)
		t->nodes.p[t->nodes.n++] = key;
	return at;
}
