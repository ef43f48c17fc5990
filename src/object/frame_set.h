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

/* Addresses with the same frames share them: places' frames may be those of others. */
struct frame_set {
	VEC(struct frame_place) places; /* by address once frame_set_sort was called */
	struct arena arena;             /* readable names */
	VEC(struct frame_entry) frames;
	VEC(struct frame_function) functions;
	struct map map;    /* functions, by their texts' places */
	struct map chains; /* runs of frames, by the first */
	bool
	    is_borrowed; /* places and frames are someone else's, copied before they are added to */
};

/* A zero struct is a valid empty set. Texts are borrowed. */
void frame_set_release(struct frame_set *s);
/* False when memory is short. */
bool frame_set_add(
    struct frame_set *s, uint64_t address, const struct object_frame *frames, uint32_t n);
/*
 * Tables that lie elsewhere, sorted, in place of those of an empty set: borrowed until frames are
 * added.
 */
void frame_set_borrow(struct frame_set *s, struct frame_place *places, size_t n_places,
    struct frame_entry *frames, size_t n_frames);
/* The same in two steps: n places more, without address and frames; then each of them by index. */
bool frame_set_extend(struct frame_set *s, size_t n);
bool frame_set_put(struct frame_set *s, size_t place, uint64_t address,
    const struct object_frame *frames, uint32_t n);
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
 * debug information after the other and frees each, so that memory is that of the two largest. May
 * use a second thread while it runs.
 */
enum err_code object_frames_many(struct object *o, const uint64_t *addresses, size_t n,
    struct frame_set *out, struct err *e) MUST_USE;
/* The same by 1 or 2 threads; 0 decides by what there is to read. The result is the same. */
enum err_code object_frames_by(struct object *o, const uint64_t *addresses, size_t n,
    unsigned threads, struct frame_set *out, struct err *e) MUST_USE;

#endif
