/*
 * Where the legacy readers put what they read: samples as lists of addresses. In the end addresses
 * are matched to the memory map and everything is moved into the profile. Failures of memory are
 * sticky and come out of legacy_publish.
 */
#ifndef PROFILE_LEGACY_BUILDER_H
#define PROFILE_LEGACY_BUILDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "profile/legacy/lines.h"
#include "profile/profile.h"

#define LEGACY_MAX_TYPES 4

struct legacy_builder {
	struct profile *p; /* strings and scalars are written at once; NULL when done */
	struct value_type types[LEGACY_MAX_TYPES];
	uint32_t n_types;
	uint32_t width;                 /* values of a sample; n_types but for Java's odd headers */
	VEC(struct location) locations; /* index by address: `by_address` */
	struct map by_address;
	VEC(int64_t) values;
	VEC(uint32_t) stacks;
	VEC(uint32_t) stack_ends; /* of each sample, in `stacks` */
	VEC(int64_t) block_sizes; /* numeric label "bytes", one a sample, or none at all */
	VEC(struct mapping) mappings;
	VEC(struct function) functions;
	VEC(struct line) lines; /* a location has one line or none */
	bool too_large;         /* for 32-bit indices */
};

/* `out` is initialised here and belongs to b until legacy_publish. */
enum err_code legacy_init(struct legacy_builder *b, struct profile *out, struct err *e) MUST_USE;
/* Frees b's own memory, and the profile too unless it was published. */
void legacy_release(struct legacy_builder *b);

void legacy_add_type(struct legacy_builder *b, struct str type, struct str unit);
void legacy_set_period(struct legacy_builder *b, struct str type, struct str unit, int64_t period);

/* A VEC of addresses, leaf first; used again from row to row. */
struct address_list {
	uint64_t *p;
	size_t n;
	size_t cap;
	bool failed;
};

/*
 * Appends every "0x…" in s to the list. ERR_FORMAT when one does not fit 64 bits, ERR_NOMEM.
 */
enum err_code address_list_read(struct address_list *list, struct str s, struct err *e) MUST_USE;

/* A sample is begun by its first frame (leaf) and ended with its values. */
void legacy_add_frame(struct legacy_builder *b, uint64_t address);
/*
 * A whole stack. Addresses from a stack walk are behind the call: those from index `returns_from`
 * on are lowered by one to lie on it.
 */
void legacy_add_stack(
    struct legacy_builder *b, const struct address_list *list, size_t returns_from);
void legacy_end_sample(struct legacy_builder *b, const int64_t *values);
/* Index of the location of an address, or MAP_NONE. */
uint32_t legacy_find_location(const struct legacy_builder *b, uint64_t address);

/* Decides whether the second frame of a stack of n > 1 locations goes. */
typedef bool legacy_drops_second(
    const struct legacy_builder *b, const uint32_t *stack, const void *ctx);
/* Asks for every sample with at least two frames. */
void legacy_drop_second_frames(
    struct legacy_builder *b, legacy_drops_second *drops, const void *ctx);
/* Removes a second frame that is the leaf again: its address is the leaf's less one. */
void legacy_drop_doubled_leaves(struct legacy_builder *b);

/*
 * Numbers locations and functions in order of use, dropping unused ones, and gives each address its
 * mapping (memmap.h) or a catch-all one. ERR_LIMIT, ERR_NOMEM.
 */
enum err_code legacy_resolve(struct legacy_builder *b, struct err *e) MUST_USE;
/* Moves everything into the profile, which from then on is the caller's. */
enum err_code legacy_publish(struct legacy_builder *b, struct err *e) MUST_USE;

/* Skips to the memory map, reads it, resolves: how every text format ends. */
enum err_code legacy_finish_text(struct legacy_builder *b, struct lines *l, struct err *e) MUST_USE;

#endif
