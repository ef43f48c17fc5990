/*
 * Only file and line of an object address, without names: what disassembly asks per instruction.
 * dwarf.c makes it; object/ only.
 */
#ifndef OBJECT_DWARF_LINE_H
#define OBJECT_DWARF_LINE_H

#include "object/object.h"

/* False when unknown; *file lives as long as o. */
bool object_line(struct object *o, uint64_t address, struct str *file, int64_t *line);

#endif
