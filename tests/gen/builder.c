#include "gen/builder.h"

#include <stdio.h>
#include <stdlib.h>

static void require(bool ok)
{
	if (!ok) {
		fprintf(stderr, "builder: out of memory\n");
		abort();
	}
}

void builder_begin(struct builder *b, struct profile *p)
{
	struct err e;

	*b = (struct builder){ .p = p };
	require(profile_init(p, &e) == OK);
	require(VEC_PUSH(&b->stack_at, 0) && VEC_PUSH(&b->label_at, 0));
}

static str_id text_id(struct builder *b, const char *text)
{
	return profile_intern(b->p, str_c(text));
}

void builder_type(struct builder *b, const char *type, const char *unit)
{
	require(VEC_PUSH(
	    &b->types, (struct value_type){ .type = text_id(b, type), .unit = text_id(b, unit) }));
}

void builder_comment(struct builder *b, const char *text)
{
	require(VEC_PUSH(&b->comments, text_id(b, text)));
}

uint32_t builder_mapping(struct builder *b, uint64_t start, uint64_t limit, uint64_t offset,
    const char *file, const char *build_id)
{
	uint64_t id = b->mappings.n + 1;

	require(VEC_PUSH(&b->mappings, (struct mapping){ .id = id,
					   .start = start,
					   .limit = limit,
					   .offset = offset,
					   .file = text_id(b, file),
					   .build_id = text_id(b, build_id) }));
	return (uint32_t)b->mappings.n - 1;
}

uint32_t builder_function(
    struct builder *b, const char *name, const char *filename, int64_t start_line)
{
	uint64_t id = b->functions.n + 1;

	require(VEC_PUSH(&b->functions, (struct function){ .id = id,
					    .name = text_id(b, name),
					    .system_name = text_id(b, name),
					    .filename = text_id(b, filename),
					    .start_line = start_line }));
	return (uint32_t)b->functions.n - 1;
}

uint32_t builder_location(struct builder *b, uint32_t mapping, uint64_t address)
{
	uint64_t id = b->locations.n + 1;

	require(VEC_PUSH(&b->locations, (struct location){ .id = id,
					    .mapping = mapping,
					    .address = address,
					    .first_line = (uint32_t)b->lines.n }));
	return (uint32_t)b->locations.n - 1;
}

void builder_line(struct builder *b, uint32_t function, int64_t line, int64_t column)
{
	require(VEC_PUSH(
	    &b->lines, (struct line){ .function = function, .line = line, .column = column }));
	b->locations.p[b->locations.n - 1].n_lines++;
}

uint32_t builder_frame(
    struct builder *b, uint32_t mapping, uint64_t address, uint32_t function, int64_t line)
{
	uint32_t at = builder_location(b, mapping, address);

	builder_line(b, function, line, 0);
	return at;
}

void builder_sample(struct builder *b, const uint32_t *stack, size_t depth, const int64_t *values)
{
	for (size_t i = 0; i < depth; i++)
		require(VEC_PUSH(&b->stacks, stack[i]));
	for (size_t i = 0; i < b->types.n; i++)
		require(VEC_PUSH(&b->values, values[i]));
	require(VEC_PUSH(&b->stack_at, (uint32_t)b->stacks.n));
	require(VEC_PUSH(&b->label_at, (uint32_t)b->labels.n));
	b->n_samples++;
}

static void add_label(struct builder *b, struct label l)
{
	require(VEC_PUSH(&b->labels, l));
	b->label_at.p[b->n_samples] = (uint32_t)b->labels.n;
}

void builder_label(struct builder *b, const char *key, const char *text)
{
	add_label(b, (struct label){ .key = text_id(b, key), .str = text_id(b, text) });
}

void builder_number(struct builder *b, const char *key, int64_t num, const char *unit)
{
	add_label(
	    b, (struct label){
		   .key = text_id(b, key), .num = num, .unit = text_id(b, unit), .is_num = true });
}

#define HAND_OVER(b, v) arena_adopt(&(b)->p->arena, (v).p)

void builder_finish(struct builder *b)
{
	struct profile *p = b->p;

	p->n_sample_types = (uint32_t)b->types.n;
	p->n_mappings = (uint32_t)b->mappings.n;
	p->n_functions = (uint32_t)b->functions.n;
	p->n_locations = (uint32_t)b->locations.n;
	p->n_lines = (uint32_t)b->lines.n;
	p->n_comments = (uint32_t)b->comments.n;
	p->sample_types = HAND_OVER(b, b->types);
	p->mappings = HAND_OVER(b, b->mappings);
	p->functions = HAND_OVER(b, b->functions);
	p->locations = HAND_OVER(b, b->locations);
	p->lines = HAND_OVER(b, b->lines);
	p->comments = HAND_OVER(b, b->comments);
	p->samples.n = b->n_samples;
	p->samples.stack_at = HAND_OVER(b, b->stack_at);
	p->samples.stacks = HAND_OVER(b, b->stacks);
	p->samples.values = HAND_OVER(b, b->values);
	if (b->labels.n > 0) {
		p->samples.label_at = HAND_OVER(b, b->label_at);
		p->samples.labels = HAND_OVER(b, b->labels);
	} else {
		VEC_RELEASE(&b->label_at);
	}
	require(!arena_failed(&p->arena));
	*b = (struct builder){ 0 };
}
