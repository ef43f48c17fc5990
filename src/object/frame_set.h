/*
 * Frames of many addresses in little memory: what symbolize/ asks for, caches and puts into a
 * profile. Functions are told apart by the texts' places in memory: one may appear twice.
 */
#ifndef OBJECT_FRAME_SET_H
#define OBJECT_FRAME_SET_H

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "object/dwarf.h"

struct frame_function {
	struct str name, file;
	int64_t start_line;
	struct str readable; /* name demangled by the default rules; .p is NULL until it was made */
};

struct frame_entry {
	uint32_t function; /* index */
	uint32_t line, column;
};

/* Frames of one address, leaf first; n is 0 when nothing is known. */
struct frame_place {
	uint64_t address;
	uint32_t first, n;
};

struct frame_set {
	VEC(struct frame_place) places; /* by address once frame_set_sort was called */
	struct arena arena;             /* readable names */
	VEC(struct frame_entry) frames;
	VEC(struct frame_function) functions;
	struct map map;
};

/* A zero struct is a valid empty set. Texts are borrowed. */
void frame_set_release(struct frame_set *s);
/* False when memory is short. */
bool frame_set_add(
    struct frame_set *s, uint64_t address, const struct object_frame *frames, uint32_t n);
void frame_set_sort(struct frame_set *s);
/*
 * NULL when the address was not added. The set is sorted. *hint is where to look first and becomes
 * the place behind what was found: callers that ask in growing order start it at 0 and keep it.
 */
const struct frame_place *frame_set_find(const struct frame_set *s, uint64_t address, size_t *hint);
/* Makes the readable name of a function unless it is there; false when memory is short. */
bool frame_set_demangle(struct frame_set *s, uint32_t function);

/*
 * Adds the frames of n addresses, in growing order and without repetition. Takes one unit of the
 * debug information after the other and frees each, so that memory is that of the largest.
 */
enum err_code object_frames_many(struct object *o, const uint64_t *addresses, size_t n,
    struct frame_set *out, struct err *e) MUST_USE;

#endif
