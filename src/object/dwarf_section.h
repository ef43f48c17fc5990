/* Bytes of debug sections, decompressed. For the readers of dwarf_*.c. */
#ifndef OBJECT_DWARF_SECTION_H
#define OBJECT_DWARF_SECTION_H

#include <libelf.h>

#include "object/dwarf_source.h"

/* Contents of the section of that name, "" when there is none; they live as long as elf. */
struct str dwarf_section(Elf *elf, const char *name);
/*
 * All sections that are read without libdw: those of split units (".dwo" names) or the others. They
 * live as long as elf, which libdw has opened before if they are compressed.
 */
struct dwarf_sections dwarf_sections_of(Elf *elf, bool is_split);

#endif
