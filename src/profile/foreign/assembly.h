/*
 * Where the foreign readers put what they read: frames that are names or addresses, labels and
 * values, sample by sample. Lack of memory is sticky and comes out of assembly_publish.
 */
#ifndef PROFILE_FOREIGN_ASSEMBLY_H
#define PROFILE_FOREIGN_ASSEMBLY_H

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "profile/profile.h"

struct assembly {
	struct profile *p; /* strings and scalars are written at once; NULL when published */
	uint32_t width;    /* values of a sample */
	VEC(struct value_type) types;
	VEC(struct mapping) mappings;
	VEC(struct location) locations;
	VEC(struct line) lines;
	VEC(struct function) functions;
	struct map by_mapping, by_location, by_function;
	VEC(int64_t) values;
	VEC(uint32_t) stacks, stack_ends;
	VEC(struct label) labels;
	VEC(uint32_t) label_ends;
	bool too_large; /* for 32-bit indices */
};

/* `out` is initialised here and belongs to a until assembly_publish. */
enum err_code assembly_init(struct assembly *a, struct profile *out, struct err *e) MUST_USE;
/* Frees a's own memory, and the profile too unless it was published. */
void assembly_release(struct assembly *a);

/* One more value of each sample; before the first sample. */
void assembly_type(struct assembly *a, struct str type, struct str unit);
/* Index of the mapping with these facts (ids aside), made when it is new. */
uint32_t assembly_mapping(struct assembly *a, struct mapping m);

/* Frames of the sample at hand, leaf first. */
void assembly_address(struct assembly *a, uint32_t mapping, uint64_t address);
void assembly_name(struct assembly *a, uint32_t mapping, struct str name);
void assembly_label_text(struct assembly *a, struct str key, struct str text);
void assembly_label_number(struct assembly *a, struct str key, int64_t number);
void assembly_end_sample(struct assembly *a, const int64_t *values);

/* Moves everything into the profile, which from then on is the caller's. ERR_LIMIT, ERR_NOMEM. */
enum err_code assembly_publish(struct assembly *a, struct err *e) MUST_USE;

#endif
