/*
 * What the memory of the program is, for the child of a retention snapshot: the heap, arenas,
 * stacks, data of loaded objects, and what the program mapped itself. From /proc/self/maps and what
 * the parent has noted.
 */
#ifndef RUNTIME_RETAIN_MAPS_H
#define RUNTIME_RETAIN_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/mem.h"
#include "runtime/retain_wire.h"

/* Private, readable and writable memory; in order of address. */
struct retain_region {
	uintptr_t start, end;
	bool is_heap;      /* what brk made */
	bool is_anonymous; /* of no file */
	bool is_guarded;   /* right above a small stretch without access: may be a stack */
	bool has_thread;   /* a thread's stack pointer is in it */
};

struct retain_maps {
	struct rt_bytes regions; /* struct retain_region[] */
	struct rt_bytes taken;   /* struct retain_range[]: what is no mapping of the program's */
};

/* Reads the list. False when it cannot be read or memory is short. */
bool retain_maps_read(struct retain_maps *m, const struct retain_input *in);

size_t retain_maps_count(const struct retain_maps *m);
const struct retain_region *retain_maps_at(const struct retain_maps *m, size_t i);
/* The region that holds an address, or NULL. */
const struct retain_region *retain_maps_find(const struct retain_maps *m, uintptr_t address);

/* The stack of a thread in use: from its stack pointer up. Empty when it is not known. */
struct retain_range retain_maps_stack(
    const struct retain_maps *m, const struct retain_thread *thread);

/*
 * Calls piece(ctx, start, end) for what is left of an anonymous region without stacks, objects'
 * data and the runtime's own memory.
 */
void retain_maps_pieces(const struct retain_maps *m, const struct retain_region *r,
    void (*piece)(void *ctx, uintptr_t start, uintptr_t end), void *ctx);

#endif
