#include "unit/fetch/state_builder.h"

#include <stddef.h>
#include <string.h>

static void set_region(
    struct state_image *s, enum statefmt_region region, size_t offset, size_t bytes)
{
	s->head.regions[region] = (struct statefmt_span){ offset, bytes };
}

void state_image_init(struct state_image *s)
{
	struct statefmt_head *h = &s->head;

	memset(s, 0, sizeof(*s));
	memcpy(h->magic, STATEFMT_MAGIC, 8);
	h->byte_order = STATEFMT_BYTE_ORDER;
	h->version = STATEFMT_VERSION;
	h->head_bytes = sizeof(*h);
	h->n_regions = STATEFMT_REGIONS;
	h->bytes = sizeof(*s);
	set_region(s, STATEFMT_HEAD, 0, sizeof(*h));
	set_region(s, STATEFMT_STACK_INDEX, sizeof(*h), 0);
	set_region(s, STATEFMT_RECORD_INDEX, sizeof(*h), 0);
	set_region(s, STATEFMT_RECORDS, offsetof(struct state_image, records), sizeof(s->records));
	set_region(s, STATEFMT_CELLS, offsetof(struct state_image, cells), sizeof(s->cells));
	set_region(s, STATEFMT_STACKS, offsetof(struct state_image, stacks), sizeof(s->stacks));
	set_region(s, STATEFMT_MODULES, offsetof(struct state_image, modules), sizeof(s->modules));
	set_region(s, STATEFMT_RECORD_LABELS, offsetof(struct state_image, record_labels),
	    sizeof(s->record_labels));
	set_region(s, STATEFMT_LABELS, offsetof(struct state_image, labels), sizeof(s->labels));
	set_region(s, STATEFMT_LIVE, offsetof(struct state_image, live), sizeof(s->live));
	h->record_bytes = sizeof(struct statefmt_record);
	h->cell_bytes = sizeof(struct statefmt_cell);
	h->module_bytes = sizeof(struct statefmt_module);
	h->live_bytes = sizeof(struct statefmt_live);
	h->live_levels = 1;
	h->labels_used = sizeof(s->labels);
	h->labelled_records = STATE_RECORDS;
	h->objects_shift = STATEFMT_OBJECTS_SHIFT;
	h->pid = 4711;
	h->start_ns = 1700000000000000000;
	h->last_s = 30;
	h->rate = 524288;
	h->stack_used = 8;
	memcpy(h->program, "/usr/bin/leaky", 15);
}

uint32_t state_image_stack(struct state_image *s, const uint64_t *pcs, uint32_t depth)
{
	uint64_t at = s->head.stack_used;
	struct statefmt_stack *stack = (struct statefmt_stack *)(void *)((char *)s->stacks + at);

	stack->depth = depth;
	memcpy(stack->pc, pcs, depth * sizeof(*pcs));
	s->head.stack_used = at + sizeof(*stack) + depth * sizeof(*pcs);
	return (uint32_t)(at / 8);
}

uint32_t state_image_record(
    struct state_image *s, uint32_t stack, uint32_t size, uint64_t allocated, uint64_t freed)
{
	uint32_t i = s->head.record_count++;
	struct statefmt_cell *cell = &s->cells[STATE_RECORDS + i];

	cell->owner = i;
	cell->alloc_samples = allocated;
	cell->alloc_objects = allocated << STATEFMT_OBJECTS_SHIFT;
	cell->alloc_bytes = allocated * size;
	cell->free_samples = freed;
	cell->free_objects = freed << STATEFMT_OBJECTS_SHIFT;
	cell->free_bytes = freed * size;
	s->records[i].size = statefmt_pack_size(size);
	s->records[i].current = (uint64_t)7 << 32 | (STATE_RECORDS + i);
	s->records[i].stack = stack;
	return i;
}

void state_image_labels(
    struct state_image *s, uint32_t i, uint32_t set, uint32_t n, const char *text, uint32_t bytes)
{
	struct statefmt_labels *head = (struct statefmt_labels *)(void *)&s->labels[set];

	*head = (struct statefmt_labels){ .mark = STATEFMT_LABELS_MARK, .bytes = bytes, .n = n };
	memcpy(head->text, text, bytes);
	s->record_labels[i] = set;
}

void state_image_live(
    struct state_image *s, uint32_t at, uint32_t i, uint32_t size, uint32_t objects, uint32_t born)
{
	struct statefmt_live *e = &s->live[at];

	e->objects = (uint64_t)objects << STATEFMT_OBJECTS_SHIFT;
	e->bytes = (uint64_t)objects * size;
	e->record = i;
	e->born = born;
	e->ptr = 0x555500001000 + 16 * (uint64_t)at;
}

void state_image_module(struct state_image *s, uint64_t start, uint64_t end, const char *path,
    const char *build_id, bool gone)
{
	struct statefmt_module *m = &s->modules[s->head.module_count++];

	m->start = start;
	m->end = end;
	m->offset = 0x1000;
	memcpy(m->path, path, strlen(path) + 1);
	memcpy(m->build_id, build_id, strlen(build_id) + 1);
	m->gone = gone;
	m->ready = 1;
}
