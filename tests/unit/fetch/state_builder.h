/*
 * State files made by hand: small, and wrong where a test wants it. The regions lie close together,
 * unlike in the runtime's, which readers must not mind.
 */
#ifndef TESTS_UNIT_FETCH_STATE_BUILDER_H
#define TESTS_UNIT_FETCH_STATE_BUILDER_H

#include "core/statefmt.h"

#define STATE_RECORDS 8
#define STATE_STACKS  256 /* 8-byte words */
#define STATE_MODULES 4
#define STATE_LABELS  256 /* 8-byte words */
#define STATE_LIVE    16

/* As it lies in the file. */
struct state_image {
	_Alignas(8) struct statefmt_head head;
	struct statefmt_record records[STATE_RECORDS];
	struct statefmt_cell cells[2 * STATE_RECORDS];
	uint64_t stacks[STATE_STACKS];
	struct statefmt_module modules[STATE_MODULES];
	uint32_t record_labels[STATE_RECORDS];
	uint64_t labels[STATE_LABELS];
	struct statefmt_live live[STATE_LIVE];
};

/* An empty file of process 4711, /usr/bin/leaky. */
void state_image_init(struct state_image *s);
/* Stores a stack; its id. */
uint32_t state_image_stack(struct state_image *s, const uint64_t *pcs, uint32_t depth);
/* Adds a record for blocks of one size; its number. */
uint32_t state_image_record(
    struct state_image *s, uint32_t stack, uint32_t size, uint64_t allocated, uint64_t freed);
/* Gives record i the set of labels at word `set` >= 1: n pairs, texts of `bytes` bytes. */
void state_image_labels(
    struct state_image *s, uint32_t i, uint32_t set, uint32_t n, const char *text, uint32_t bytes);
/* A live block of record i in entry `at`, of this weight. */
void state_image_live(
    struct state_image *s, uint32_t at, uint32_t i, uint32_t size, uint32_t objects, uint32_t born);
void state_image_module(struct state_image *s, uint64_t start, uint64_t end, const char *path,
    const char *build_id, bool gone);

#endif
