/*
 * The GNU build id of an object: from the bytes of a note segment, or from an object mapped into
 * this process. Called by the runtime's module table and by the tool. Every length is checked
 * against what is left, as the bytes may come from a damaged or hostile file.
 * Source: the ELF gABI (note sections) and ld's --build-id.
 */
#ifndef CORE_ELFNOTE_H
#define CORE_ELFNOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

/* Longest build id that is accepted, in bytes; sha1 has 20, --build-id=0x… may be longer. */
#define ELFNOTE_MAX_BUILD_ID 64

/*
 * Finds the first note of this name (its NUL counts) and type among the notes, as below; *desc is
 * what it says, borrowed from `notes`.
 */
bool elfnote_find(struct str notes, size_t align, struct str name, uint32_t type, struct str *desc);

/*
 * Finds NT_GNU_BUILD_ID among the notes in `notes` (contents of a PT_NOTE segment or of a note
 * section). `align` is the segment's p_align: 8 pads notes to eight bytes, anything else to four.
 * On true *id is the raw id, 1 to ELFNOTE_MAX_BUILD_ID bytes, borrowed from `notes`.
 */
bool elfnote_build_id(struct str notes, size_t align, struct str *id);

/*
 * The same for a native 64-bit object whose ELF header is mapped at image.p, of which image.n
 * bytes are readable (from its first mapping on). Program headers and notes outside that range
 * are not looked at. `image.p` needs no alignment.
 */
bool elfnote_build_id_mapped(struct str image, struct str *id);

/*
 * Writes id as lower-case hexadecimal with a NUL into out. Returns the number of digits, or 0
 * (and an empty text when cap > 0) when 2 * id.n + 1 exceeds cap.
 */
size_t elfnote_hex(struct str id, char *out, size_t cap);

#endif
