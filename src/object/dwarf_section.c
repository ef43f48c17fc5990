/*
 * The debug sections of a file by name, in the three ways that the names are written: ".debug_x",
 * ".zdebug_x" (compressed as GNU did first) and ".debug_x.dwo" (split units). Called by dwarf.c,
 * dwarf_index.c and debug_package.c.
 */
#include "object/dwarf_section.h"

#include <gelf.h>
#include <stddef.h>

#include "object/object_impl.h"

static const struct known {
	const char *name;
	size_t at; /* of the field */
} known[] = {
	{ "info", offsetof(struct dwarf_sections, info) },
	{ "abbrev", offsetof(struct dwarf_sections, abbrev) },
	{ "line", offsetof(struct dwarf_sections, line) },
	{ "str", offsetof(struct dwarf_sections, str) },
	{ "line_str", offsetof(struct dwarf_sections, line_str) },
	{ "str_offsets", offsetof(struct dwarf_sections, str_offsets) },
	{ "addr", offsetof(struct dwarf_sections, addresses) },
	{ "ranges", offsetof(struct dwarf_sections, ranges) },
	{ "rnglists", offsetof(struct dwarf_sections, rnglists) },
};

/* "info" of ".debug_info", ".zdebug_info" and, when is_split, ".debug_info.dwo". */
static bool plain_name(struct str name, bool is_split, struct str *out)
{
	if (str_starts(name, STR(".debug_")))
		*out = str_skip(name, 7);
	else if (str_starts(name, STR(".zdebug_")))
		*out = str_skip(name, 8);
	else
		return false;
	if (str_ends(*out, STR(".dwo")) != is_split)
		return false;
	*out = is_split ? str_head(*out, out->n - 4) : *out;
	return true;
}

static void take(struct dwarf_sections *s, struct str name, Elf_Scn *section)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct str *field = (struct str *)(void *)((char *)s + known[i].at);
		const Elf_Data *data;

		if (!str_is(name, known[i].name) || field->n)
			continue;
		data = elf_getdata(section, NULL);
		if (data && data->d_buf && data->d_size)
			*field = (struct str){ data->d_buf, data->d_size };
	}
}

struct dwarf_sections dwarf_sections_of(Elf *elf, bool is_split)
{
	struct dwarf_sections s = { 0 };
	Elf_Scn *section = NULL;
	const char *ident = elf_getident(elf, NULL);
	size_t names;

	s.swap = ident && ident[EI_DATA] != OBJECT_OUR_BYTE_ORDER;
	if (elf_getshdrstrndx(elf, &names))
		return s;
	while ((section = elf_nextscn(elf, section))) {
		struct str name;
		const char *full;
		GElf_Shdr h;

		if (gelf_getshdr(section, &h) && h.sh_type != SHT_NOBITS &&
		    (full = elf_strptr(elf, names, h.sh_name)) &&
		    plain_name(str_c(full), is_split, &name))
			take(&s, name, section);
	}
	return s;
}
