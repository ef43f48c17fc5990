/* Bytes of a debug section as libdw left them: decompressed. For the readers of dwarf_*.c. */
#ifndef OBJECT_DWARF_SECTION_H
#define OBJECT_DWARF_SECTION_H

#include <libelf.h>

#include "core/str.h"

/* Contents of the section of that name, "" when there is none; they live as long as elf. */
struct str dwarf_section(Elf *elf, const char *name);

#endif
