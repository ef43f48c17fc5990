/*
 * The package (.dwp) of an object: found beside it or its debug file, opened once. Called by
 * dwarf.c for objects with split units.
 */
#include "base/fs.h"
#include "object/dwarf_package.h"
#include "object/dwarf_section.h"
#include "object/object_impl.h"

/* libdw does this for the files that it opens. A section that cannot be unpacked stays as it is. */
static void unpack_sections(Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;
		GElf_Shdr h;

		if (!gelf_getshdr(section, &h))
			continue;
		name = elf_strptr(elf, names, h.sh_name);
		if (h.sh_flags & SHF_COMPRESSED)
			(void)elf_compress(section, 0, 0);
		else if (name && strncmp(name, ".zdebug_", 8) == 0)
			(void)elf_compress_gnu(section, 0, 0);
	}
}

static bool try_open(struct object *o, struct str path)
{
	struct dwarf_sections sections;
	struct object *found;
	struct str index;
	struct err e;
	Elf *elf;

	if (object_open(&found, path, &e) != OK) {
		find_log_add(&o->debug_log, path, str_c(e.msg));
		return false;
	}
	found->is_debug_file = true;
	elf = object_plain_elf(found);
	unpack_sections(elf);
	sections = dwarf_sections_of(elf, true);
	index = dwarf_section(elf, ".debug_cu_index");
	o->package_parts = ARENA_NEW(&o->arena, struct dwarf_package);
	if (o->package_parts && dwarf_package_read(o->package_parts, &sections, index)) {
		find_log_add(&o->debug_log, path, STR(""));
		o->package = found;
		return true;
	}
	o->package_parts = NULL;
	find_log_add(&o->debug_log, path, STR("it has no index of units"));
	object_close(found);
	return false;
}

/* NAME.dwp beside a file, in .debug/ and below /usr/lib/debug. */
static bool try_beside(struct object *o, struct str file)
{
	struct arena a = { 0 };
	const struct str dir = fs_dir(file), base = fs_base(file);
	const struct str places[] = {
		arena_printf(&a, "%.*s.dwp", STR_ARG(file)),
		arena_printf(&a, "%.*s/.debug/%.*s.dwp", STR_ARG(dir), STR_ARG(base)),
		arena_printf(&a, "/usr/lib/debug/%.*s/%.*s.dwp", STR_ARG(dir), STR_ARG(base)),
	};
	bool ok = false;

	for (size_t i = 0; i < sizeof places / sizeof *places && !ok; i++)
		ok = places[i].n && try_open(o, places[i]);
	arena_release(&a);
	return ok;
}

const struct dwarf_package *object_package(struct object *o)
{
	struct object *debug = object_debug(o);
	struct str file = o->path;

	if (o->package_tried || o->is_debug_file || o->fd < 0)
		return o->package_parts;
	o->package_tried = true;
	if (try_beside(o, file) || !debug)
		return o->package_parts;
	file = debug->path;
	if (!try_beside(o, file) && str_ends(file, STR(".debug")))
		(void)try_beside(o, str_head(file, file.n - 6));
	return o->package_parts;
}
