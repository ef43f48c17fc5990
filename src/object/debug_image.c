/*
 * A copy in memory of the debug sections that are read here, each at its place in the file. Called
 * by dwarf.c. libelf would read every section into memory of its own, page by page: of a program
 * with 50 MB of debug information that is a third of the time that names take. This is one block
 * of large pages, and what is not asked for (locations, frames, macros) is not read at all.
 */
#include "object/object_impl.h"

/* Below this libelf's own reading costs less than the copy's bookkeeping. */
#define WORTH_IT ((size_t)1 << 20)
#define MAX_COPY ((size_t)4 << 30)

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

static bool copy_sections(const struct object *o, char *copy)
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
		GElf_Shdr h;
		const char *name = section_name(o->elf, section, &h);
		const bool is_debug =
		    strncmp(name, ".debug_", 7) == 0 || strncmp(name, ".zdebug_", 8) == 0;

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
	if (!o->copy)
		arena_release(&o->copy_arena);
	return o->copy ? o->copy : o->elf;
}
