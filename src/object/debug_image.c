/*
 * A copy in memory of the debug sections that are read here, each at its place in the file. Called
 * by dwarf.c. libelf would read every section into memory of its own, page by page: of a program
 * with 50 MB of debug information that is a third of the time that names take. This is one block
 * of large pages, and what is not asked for (locations, frames, macros) is not read at all. Of the
 * units' trees, half of all bytes, only the beginnings are read, from which libdw learns what units
 * there are: a tree is read when it is hit, into memory that the one before it had. New memory
 * costs more than reading: the kernel clears it first.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "object/object_impl.h"

/* Below this libelf's own reading costs less than the copy's bookkeeping. */
#define WORTH_IT  ((size_t)1 << 20)
#define MAX_COPY  ((size_t)4 << 30)
/* Of each unit: its header and its own DIE, which is some hundred bytes. */
#define HEAD      ((uint64_t)16 << 10)
/* With more units than this they are so small that there is nothing to leave out. */
#define MAX_HEADS 4096

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool is_left_out(const char *name)
{
	static const char *const names[] = { "loc", "loclists", "aranges", "frame", "macro",
		"macinfo", "pubnames", "pubtypes", "gnu_pubnames", "gnu_pubtypes" };

	return strncmp(name, ".debug_", 7) == 0 &&
	       is_one_of(name + 7, names, sizeof names / sizeof *names);
}

/* libdw finds the files that these lead to from the place of the file, which a copy has not. */
static bool leads_elsewhere(const char *name)
{
	static const char *const names[] = { ".gnu_debugaltlink", ".debug_sup", ".debug_addr",
		".zdebug_addr" };

	return is_one_of(name, names, sizeof names / sizeof *names);
}

static const char *section_name(Elf *elf, Elf_Scn *section, GElf_Shdr *h)
{
	const char *name = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) == 0 && gelf_getshdr(section, h))
		name = elf_strptr(elf, names, h->sh_name);
	return name ? name : "";
}

void object_leave_out_sections(Elf *elf)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr h;

		if (!is_left_out(section_name(elf, section, &h)))
			continue;
		h.sh_type = SHT_NOBITS;
		(void)gelf_update_shdr(section, &h);
	}
}

static bool can_copy(const struct object *o)
{
	Elf_Scn *section = NULL;
	GElf_Shdr h;

	if (o->fd < 0 || o->image_n < WORTH_IT || o->image_n > MAX_COPY)
		return false;
	while ((section = elf_nextscn(o->elf, section)))
		if (leads_elsewhere(section_name(o->elf, section, &h)))
			return false;
	return true;
}

static bool copy_part(const struct object *o, char *copy, uint64_t offset, uint64_t n)
{
	if (offset > o->image_n || n > o->image_n - offset)
		return false;
	return object_read_file(o, offset, copy + offset, (size_t)n);
}

/* The length of the unit at an offset of the copy, with its own bytes; 0 when it is not plain. */
static uint64_t unit_length(const char *head)
{
	uint32_t n;

	memcpy(&n, head, sizeof n);
	return n && n < 0xfffffff0 ? (uint64_t)n + sizeof n : 0;
}

/* A block of large pages would be cleared whole for the little that is put there. */
static void use_small_pages(char *from, char *to)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t at = ((uintptr_t)from + page - 1) & ~(page - 1);

	if ((uintptr_t)to > at)
		(void)madvise(from + (at - (uintptr_t)from), (uintptr_t)to - at, MADV_NOHUGEPAGE);
}

/* The beginnings of all units; false when the section must be read whole. */
static bool copy_heads(struct object *o, char *copy, const GElf_Shdr *h)
{
	const uint64_t end = h->sh_offset + h->sh_size;
	uint64_t at = h->sh_offset;
	size_t n = 0;

	if (o->header.e_ident[EI_DATA] != OBJECT_OUR_BYTE_ORDER || h->sh_size < WORTH_IT ||
	    end < at || end > o->image_n)
		return false;
	use_small_pages(copy + at, copy + end);
	while (at < end) {
		const uint64_t left = end - at;
		uint64_t length;

		if (left < sizeof(uint32_t) || n++ == MAX_HEADS ||
		    !copy_part(o, copy, at, left < HEAD ? left : HEAD))
			return false;
		length = unit_length(copy + at);
		if (!length || length > left)
			return false;
		at += length;
	}
	o->info_at = h->sh_offset;
	o->info_n = h->sh_size;
	return true;
}

bool object_has_holes(const struct object *o)
{
	return o->info_n > 0;
}

bool object_read_unit(const struct object *o, uint64_t at, uint64_t n, uint8_t *to)
{
	if (at > o->info_n || n > o->info_n - at)
		return false;
	return object_read_file(o, o->info_at + at, (char *)to, (size_t)n);
}

bool object_fill_holes(struct object *o)
{
	const bool ok = !o->info_n || copy_part(o, o->copy_bytes, o->info_at, o->info_n);

	o->info_n = ok ? 0 : o->info_n;
	return ok;
}

static bool copy_sections(struct object *o, char *copy)
{
	Elf_Scn *section = NULL;
	size_t names, n;

	if (elf_getshdrstrndx(o->elf, &names) || elf_getshdrnum(o->elf, &n) ||
	    !copy_part(o, copy, 0, sizeof(Elf64_Ehdr)) ||
	    !copy_part(
		o, copy, o->header.e_phoff, (uint64_t)o->header.e_phnum * o->header.e_phentsize) ||
	    !copy_part(o, copy, o->header.e_shoff, (uint64_t)n * o->header.e_shentsize))
		return false;
	while ((section = elf_nextscn(o->elf, section))) {
		GElf_Shdr h = { .sh_type = SHT_NOBITS };
		const char *name = section_name(o->elf, section, &h);
		const bool is_debug =
		    strncmp(name, ".debug_", 7) == 0 || strncmp(name, ".zdebug_", 8) == 0;

		if (strcmp(name, ".debug_info") == 0 && copy_heads(o, copy, &h))
			continue;
		if (((is_debug && !is_left_out(name)) || elf_ndxscn(section) == names) &&
		    h.sh_type != SHT_NOBITS && !copy_part(o, copy, h.sh_offset, h.sh_size))
			return false;
	}
	return true;
}

Elf *object_debug_elf(struct object *o)
{
	Elf *plain = object_plain_elf(o);
	char *copy;

	if (o->copy || o->copy_tried || plain != o->elf)
		return o->copy ? o->copy : plain;
	o->copy_tried = true;
	if (!can_copy(o))
		return o->elf;
	copy = arena_alloc_raw(&o->copy_arena, o->image_n, 1);
	if (copy && copy_sections(o, copy))
		o->copy = elf_memory(copy, o->image_n);
	o->copy_bytes = o->copy ? copy : NULL;
	if (!o->copy) {
		arena_release(&o->copy_arena);
		o->info_n = 0;
	}
	return o->copy ? o->copy : o->elf;
}
