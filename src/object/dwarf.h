/*
 * Object address → inlined frames with file and line, from DWARF 2 to 5. libdw decodes; on top of
 * it lies our own index: a sorted table of units' ranges made once, and for every unit that is hit
 * a sorted table of its functions and inlined calls, made on the first hit. Look-ups of sorted
 * addresses walk forward.
 */
#ifndef OBJECT_DWARF_H
#define OBJECT_DWARF_H

#include <stdint.h>

#include "base/err.h"
#include "core/str.h"
#include "object/object.h"

/* Deepest chain of inlined calls that is reported. */
#define OBJECT_MAX_FRAMES 256

struct object_frame {
	struct str function; /* raw name: linkage name, else DW_AT_name; "" unknown */
	struct str file;     /* full path as the compiler wrote it; "" unknown */
	int64_t line;        /* 0 unknown */
	int64_t column;      /* 0 unknown */
	int64_t start_line;  /* of the function; 0 unknown */
};

/*
 * Frames of an object address, leaf (innermost inlined) first; 0 when nothing is known. The array
 * is valid until the next call for o, the texts as long as o. DWARF comes from the object or from
 * its separate debug file; the outermost name from the symbol table when DWARF has none. Without
 * DWARF the result is the symbol's name alone.
 */
enum err_code object_frames(struct object *o, uint64_t address, const struct object_frame **out,
    uint32_t *n, struct err *e) MUST_USE;

/* The symbol table's name alone (-symbolize=fastlocal); "" when there is none. */
struct str object_symbol_name(struct object *o, uint64_t address);

/*
 * A number that stands for the files that names come from, the object and its separate debug file:
 * it changes when one of them is replaced, written or newly installed. 0 when opened from memory.
 */
uint64_t object_names_identity(struct object *o);

/*
 * True when parts of the debug information, split off to .dwo files, were looked for and not found:
 * frames that were given lack inlined calls that another time may have.
 */
bool object_lacks_split_units(const struct object *o);

/*
 * True when DWARF line tables were found. *why (may be NULL) tells where they came from or why
 * there are none; it lives as long as o.
 */
bool object_has_dwarf(struct object *o, struct str *why);

#endif
