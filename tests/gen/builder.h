/*
 * Builds a profile in memory, piece by piece: for generators of test data and for tests that need
 * a profile with certain contents. Out of memory is not survived.
 */
#ifndef GEN_BUILDER_H
#define GEN_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"
#include "profile/profile.h"

struct builder {
	struct profile *p;
	VEC(struct value_type) types;
	VEC(struct mapping) mappings;
	VEC(struct function) functions;
	VEC(struct location) locations;
	VEC(struct line) lines;
	VEC(uint32_t) stack_at;
	VEC(uint32_t) stacks;
	VEC(int64_t) values;
	VEC(uint32_t) label_at;
	VEC(struct label) labels;
	VEC(str_id) comments;
	size_t n_samples;
};

/* Begins an empty profile in *p, which builder_finish completes and the caller releases. */
void builder_begin(struct builder *b, struct profile *p);
void builder_type(struct builder *b, const char *type, const char *unit);
void builder_comment(struct builder *b, const char *text);
/* Each returns the index; ids count from 1. */
uint32_t builder_mapping(struct builder *b, uint64_t start, uint64_t limit, uint64_t offset,
    const char *file, const char *build_id);
uint32_t builder_function(
    struct builder *b, const char *name, const char *filename, int64_t start_line);
/* A location without lines; mapping may be PROFILE_NONE. */
uint32_t builder_location(struct builder *b, uint32_t mapping, uint64_t address);
/* Adds a line to the newest location: innermost first. */
void builder_line(struct builder *b, uint32_t function, int64_t line, int64_t column);
/* One location in one function, the usual case. */
uint32_t builder_frame(
    struct builder *b, uint32_t mapping, uint64_t address, uint32_t function, int64_t line);
/* values: one per type. Labels follow with the next two. */
void builder_sample(struct builder *b, const uint32_t *stack, size_t depth, const int64_t *values);
void builder_label(struct builder *b, const char *key, const char *text);
void builder_number(struct builder *b, const char *key, int64_t num, const char *unit);
void builder_finish(struct builder *b);

/* A small generator of numbers (splitmix64), the same everywhere for the same seed. */
static inline uint64_t gen_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* A number below n. */
static inline uint32_t gen_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(gen_random(state) % n);
}

#endif
