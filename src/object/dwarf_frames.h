/*
 * What dwarf.c lends to dwarf_many.c: the index of an object and the frames of one address. For
 * object/ only.
 */
#ifndef OBJECT_DWARF_FRAMES_H
#define OBJECT_DWARF_FRAMES_H

#include "object/dwarf.h"
#include "object/dwarf_index.h"
#include "object/object_impl.h"

/* The last answer; made with the index. */
struct dwarf_state {
	struct object_frame frames[OBJECT_MAX_FRAMES];
};

/* Makes o->dwarf unless that was tried; it stays NULL when there is no debug information. */
enum err_code dwarf_need_index(struct object *o, struct err *e) MUST_USE;
/* NULL when memory is short. */
struct dwarf_state *dwarf_state_of(struct object *o);
/*
 * All frames of an address into s: those of its unit (NULL: none), with the symbol's name for the
 * outermost one. Returns how many. o's arena fails when memory is short.
 */
uint32_t dwarf_all_frames(
    struct object *o, struct dwarf_unit *u, uint64_t address, struct dwarf_state *s);

#endif
