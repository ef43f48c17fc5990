/*
 * Inside of a struct object, for the files of object/ only. Each lazily made part belongs to one
 * file, named below; a part that failed is remembered so that it is not tried again.
 */
#ifndef OBJECT_OBJECT_IMPL_H
#define OBJECT_OBJECT_IMPL_H

#include <gelf.h>
#include <libelf.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "object/find.h"
#include "object/object.h"

/* EI_DATA of files in this machine's byte order. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OBJECT_OUR_BYTE_ORDER ELFDATA2LSB
#else
#define OBJECT_OUR_BYTE_ORDER ELFDATA2MSB
#endif

struct dwarf_index;
struct dwarf_package;
struct dwarf_state;
struct plt;

struct object_segment {
	uint32_t type;
	uint32_t flags;
	uint64_t offset, address, file_size, memory_size, align;
};

struct object {
	struct arena arena; /* texts, segments, symbols */
	struct str path;
	int fd; /* -1 when opened from memory */
	Elf *elf;
	const char *image; /* the bytes it was opened from; NULL when it is a file */
	size_t image_n;    /* bytes of the file */
	uint64_t identity; /* of the file: size, inode, time; 0 when opened from memory */
	int64_t changed;   /* the file's, seconds since 1970; 0 when opened from memory */
	GElf_Ehdr header;
	struct object_segment *segments;
	size_t n_segments;
	struct str build_id;
	struct str stext_name; /* base_address.c: kernel symbol looked up last, and its value */
	uint64_t stext;
	bool has_stext;
	struct object_mapping base_mapping; /* base_address.c: asked last, when one base is all */
	uint64_t base;
	bool has_base;
	const struct object_segment *text_segment; /* base_address.c */
	bool text_segment_read;
	bool is_debug_file; /* opened as another object's debug file: looks for none of its own */

	/* symtab.c */
	struct object_symbol *symbols;
	size_t n_symbols;
	uint64_t *text_start; /* of symbols in text, one per address: a dense array to search */
	uint32_t *text_index;
	size_t n_text;
	bool symbols_read;

	struct plt *plt; /* plt.c */

	/* debug_file.c */
	struct object *debug;
	struct find_log debug_log;
	bool debug_tried;

	/* debug_package.c */
	struct object *package;
	struct dwarf_package *package_parts;
	bool package_tried;

	struct object *mini; /* mini_debug.c */
	bool mini_tried;

	Elf *plain; /* zstd_sections.c */
	struct buf plain_image;
	bool plain_tried;

	/* debug_image.c */
	Elf *copy;
	char *copy_bytes;
	struct arena copy_arena;
	bool copy_tried;
	/* .debug_info in the file when the copy has no more of it than the units' beginnings. */
	uint64_t info_at, info_n;

	/* dwarf.c */
	struct dwarf_index *dwarf;
	struct dwarf_state *state;
	VEC(struct str) texts; /* paths that were put together */
	struct map texts_map;
	struct str dwarf_why;
	bool dwarf_tried;
};

/* Section bytes, uncompressed once libdw has opened the file; false when absent or empty. */
bool object_section(struct object *o, const char *name, struct str *bytes);
/* True when the section is there and has contents (compressed or not). */
bool object_has_section(struct object *o, const char *name);
/* The separate debug file, opened; NULL when there is none. debug_file.c */
struct object *object_debug(struct object *o);
/* The package of o's split units, its index read; NULL when there is none. debug_package.c */
const struct dwarf_package *object_package(struct object *o);
/* The symbol table inside .gnu_debugdata, opened; NULL when there is none. mini_debug.c */
struct object *object_mini(struct object *o);
/* o's elf, or a copy without the compression that libelf may not know. zstd_sections.c */
Elf *object_plain_elf(struct object *o);
/* What debug sections are read from: a copy of them, or object_plain_elf. debug_image.c */
Elf *object_debug_elf(struct object *o);
/* Whether the copy's .debug_info has holes, see object_read_unit. */
bool object_has_holes(const struct object *o);
/* n bytes of .debug_info at an offset, from the file. Any thread may ask. */
bool object_read_unit(const struct object *o, uint64_t at, uint64_t n, uint8_t *to);
/* Reads all that is missing in the copy, for libdw; false when the file cannot be read. */
bool object_fill_holes(struct object *o);
/* Declares sections of an Elf that are never asked for empty. It must not be a caller's memory. */
void object_leave_out_sections(Elf *elf);
/* Reads n bytes of the file; false when there are fewer. object.c */
bool object_read_file(const struct object *o, uint64_t offset, char *to, size_t n);
/* n bytes of the file at an offset; they live as long as o. False when there are fewer. object.c */
bool object_file_bytes(struct object *o, uint64_t offset, uint64_t n, struct str *bytes);
/* dwarf.c: the debug information as libdw has it; NULL when there is none. Lives as long as o. */
struct Dwarf *object_dwarf(struct object *o);
/* dwarf.c: frees what object_frames made. */
void object_dwarf_release(struct object *o);

#endif
