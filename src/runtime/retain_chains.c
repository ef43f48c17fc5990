/*
 * Chains; see retain_chains.h. Called by retain_child.c. A block's node says who holds it: the
 * root's, or a step from its parent's. Nodes are remembered by block, so that samples in one list
 * of a million blocks climb it once.
 *
 * Blocks of a list are steps of one size and offset in a row: they share the node of the second
 * one, which is then `repeated`. Blocks of one size whose offsets differ (trees) are told apart for
 * some steps, then share a node that is `mixed`.
 */
#include "runtime/retain_chains.h"

#include "core/hash.h"
#include "runtime/heap_live.h"
#include "runtime/mem.h"

#define SLOTS      (RETAIN_NODES * 2)
#define DEPTH_MAX  40
/* Steps through blocks of one size that are told apart. */
#define VARIED_MAX 6
/* A chunk is sometimes one unit larger than asked for. */
#define SLACK      16
/* When nodes get rare, places in large blocks are not told apart. */
#define LARGE      4096
#define RARE       (RETAIN_NODES / 4)

struct chains {
	const struct retain_mark *k;
	const struct retain_input *in;
	struct retain_result *out;
	uint32_t *of_block;     /* node by block; 0 not known yet */
	uint32_t *path;         /* blocks on the way up */
	uint32_t *node_slots;   /* by hash of a node */
	uint32_t *sample_slots; /* by hash of node and record: number + 1 */
};

static bool same_node(const struct retain_node *a, const struct retain_node *b)
{
	return a->parent == b->parent && a->kind == b->kind && a->repeated == b->repeated &&
	       a->mixed == b->mixed && a->owner == b->owner && a->offset == b->offset &&
	       a->size == b->size && a->entry == b->entry;
}

static uint64_t hash_node(const struct retain_node *n)
{
	uint64_t flags = (uint64_t)n->kind << 8 | (uint64_t)n->repeated << 1 | n->mixed;

	return hash_mix(hash_mix((uint64_t)n->parent << 32 | n->owner, (uint64_t)n->offset),
	    hash_mix(n->size ^ n->entry << 20, flags));
}

/* The number of a node like this one; 0 when there is no room. */
static uint32_t intern(struct chains *c, const struct retain_node *n)
{
	for (uint64_t at = hash_node(n);; at++) {
		uint32_t *slot = &c->node_slots[at % SLOTS];

		if (*slot && same_node(&c->out->nodes[*slot], n))
			return *slot;
		if (*slot)
			continue;
		if (c->out->n_nodes >= RETAIN_NODES)
			return 0;
		*slot = c->out->n_nodes++;
		c->out->nodes[*slot] = *n;
		return *slot;
	}
}

static uint32_t root_node(struct chains *c, enum retain_kind kind, uint32_t owner, int64_t offset)
{
	struct retain_node n = {
		.kind = (uint8_t)kind, .owner = owner, .offset = offset, .depth = 1
	};

	return intern(c, &n);
}

/* The variable of a module that an address in a thread's TLS belongs to. */
static uint32_t tls_node(struct chains *c, uint32_t thread, uintptr_t address)
{
	uintptr_t tp = c->in->threads[thread].tp;

	for (uint32_t i = 0; i < c->in->n_modules; i++) {
		const struct retain_module *m = &c->in->modules[i];
		uintptr_t start = tp - m->tls_distance;

		if (m->tls_distance && address >= start && address - start < m->tls_size)
			return root_node(c, RETAIN_TLS, i, (int64_t)(address - start));
	}
	return root_node(c, RETAIN_SPECIFIC, thread, 0);
}

static uint32_t node_of_root(struct chains *c, const struct retain_root *r, uintptr_t address)
{
	switch (r->kind) {
	case RETAIN_GLOBAL:
		return root_node(
		    c, RETAIN_GLOBAL, r->owner, (int64_t)(address - c->in->modules[r->owner].bias));
	case RETAIN_TLS:
		return tls_node(c, r->owner, address);
	default:
		return root_node(c, r->kind, r->owner, 0);
	}
}

static bool same_size(const struct retain_node *a, const struct retain_node *b)
{
	uint64_t d = a->size > b->size ? a->size - b->size : b->size - a->size;

	return d <= SLACK && a->entry == b->entry;
}

/* How many steps through blocks of one size end here. */
static unsigned run_length(const struct chains *c, uint32_t node, const struct retain_node *step)
{
	unsigned n = 0;

	while (RETAIN_IS_STEP(c->out->nodes[node].kind) && same_size(&c->out->nodes[node], step)) {
		node = c->out->nodes[node].parent;
		n++;
	}
	return n;
}

static uint32_t deeper(struct chains *c, uint32_t parent)
{
	struct retain_node n = { .parent = parent, .kind = RETAIN_DEEPER, .depth = DEPTH_MAX };

	return c->out->nodes[parent].kind == RETAIN_DEEPER ? parent : intern(c, &n);
}

/* The node of a block that is held at *step below `parent`. */
static uint32_t step_node(struct chains *c, uint32_t parent, struct retain_node *step)
{
	const struct retain_node *up = &c->out->nodes[parent];

	step->parent = parent;
	if (RETAIN_IS_STEP(up->kind) && same_size(up, step)) {
		if (up->mixed || (up->repeated && up->offset == step->offset))
			return parent;
		if (up->offset == step->offset) {
			step->size = up->size;
			step->parent = up->parent;
			step->depth = up->depth;
			step->repeated = 1;
			return intern(c, step);
		}
		step->mixed = run_length(c, parent, step) >= VARIED_MAX;
	}
	if (up->depth >= DEPTH_MAX)
		return deeper(c, parent);
	if (step->size >= LARGE && c->out->n_nodes > RARE)
		step->mixed = 1;
	if (step->mixed)
		step->offset = 0;
	step->depth = (uint8_t)(up->depth + 1);
	return intern(c, step);
}

/* The word that a block was found by. */
static uintptr_t holding_word(const struct chains *c, uint32_t block)
{
	uint32_t parent = c->k->b->parent[block];
	uintptr_t start = parent & RETAIN_ROOT ? c->k->roots[parent & ~RETAIN_ROOT].start
					       : c->k->b->start[parent - 1];

	return start + (uintptr_t)c->k->b->offset[block] * 8;
}

/* Whom a block hangs on: a root's word, or one in a block whose node is known. */
static uint32_t make_node(struct chains *c, uint32_t block)
{
	const struct retain_blocks *b = c->k->b;
	struct retain_node step = { .kind = RETAIN_STEP };
	uintptr_t word = holding_word(c, block), pointed;
	uint32_t parent = b->parent[block];

	if (parent & RETAIN_ROOT)
		return node_of_root(c, &c->k->roots[parent & ~RETAIN_ROOT], word);
	parent--;
	/* The pointer to the parent may point to its middle. */
	pointed = *(const volatile uintptr_t *)holding_word(c, parent);
	step.entry = pointed - b->start[parent];
	step.offset = (int64_t)(word - pointed);
	step.size = retain_block_bytes(b, parent) - step.entry;
	return step_node(c, c->of_block[parent], &step);
}

static uint32_t node_of(struct chains *c, uint32_t block)
{
	size_t n = 0;

	while (!c->of_block[block]) {
		c->path[n++] = block;
		if (c->k->b->parent[block] & RETAIN_ROOT)
			break;
		block = c->k->b->parent[block] - 1;
	}
	while (n > 0) {
		block = c->path[--n];
		c->of_block[block] = make_node(c, block);
		if (!c->of_block[block])
			return 0;
	}
	return c->of_block[block];
}

static void add_sample(struct chains *c, uint32_t node, const struct rt_live *live)
{
	struct retain_result *out = c->out;

	for (uint64_t at = hash_mix(node, live->record);; at++) {
		uint32_t *slot = &c->sample_slots[at % (RETAIN_SAMPLES * 2)];
		struct retain_sample *s = *slot ? &out->samples[*slot - 1] : NULL;

		if (s && (s->node != node || s->record != live->record))
			continue;
		if (!s && out->n_samples == RETAIN_SAMPLES) {
			out->lost_samples++;
			return;
		}
		if (!s) {
			s = &out->samples[out->n_samples++];
			*slot = out->n_samples;
			s->node = node;
			s->record = live->record;
		}
		s->objects += live->objects;
		s->bytes += live->bytes;
		s->n++;
		return;
	}
}

static void add_live(struct chains *c, uintptr_t address, const struct rt_live *live)
{
	const struct retain_blocks *b = c->k->b;
	uint32_t block = retain_blocks_find(b, address), node;

	if (block == RETAIN_NO_BLOCK && retain_blocks_at(b, address) != RETAIN_NO_BLOCK) {
		c->out->freed_samples++;
		return;
	}
	if (block == RETAIN_NO_BLOCK || retain_is_mapping(b, block))
		node = root_node(c, RETAIN_UNKNOWN, 0, 0);
	else if (!b->parent[block])
		node = root_node(c, RETAIN_NOWHERE, 0, 0);
	else
		node = node_of(c, block);
	if (node)
		add_sample(c, node, live);
	else
		c->out->lost_samples++;
}

bool retain_chains_make(
    const struct retain_mark *k, const struct retain_input *in, struct retain_result *out)
{
	struct chains c = { .k = k, .in = in, .out = out, .path = k->queue };
	struct rt_live live;
	uintptr_t address;

	c.of_block = rt_mem_map_large(((size_t)k->b->n + 1) * sizeof(*c.of_block));
	c.node_slots = rt_mem_map(SLOTS * sizeof(*c.node_slots));
	c.sample_slots = rt_mem_map(RETAIN_SAMPLES * 2 * sizeof(*c.sample_slots));
	if (!c.of_block || !c.node_slots || !c.sample_slots)
		return false;
	out->n_nodes = 1;
	for (size_t i = 0; i < rt_live_slots(); i++)
		if (rt_live_read_at(i, &address, &live))
			add_live(&c, address, &live);
	return true;
}
