/*
 * Which function a PLT stub stands for. Called by disasm.c for call targets. A stub is an indirect
 * jump through a slot of the global offset table, and a relocation says whose address the dynamic
 * linker puts into that slot; so stubs are decoded and slots looked up, whatever the linker's
 * layout (.plt, .plt.sec, .plt.got).
 */
#include "object/plt.h"

#include <stdlib.h>

#include "base/vec.h"
#include "object/object_impl.h"

/* Longest part of a stub in front of its jump: endbr64 and a bnd prefix. */
#define MAX_LEAD 5

struct plt_slot {
	uint64_t address; /* of the slot in the global offset table */
	struct str name;
};

struct plt {
	struct plt_slot *slots; /* sorted */
	size_t n;
};

static int slot_order(const void *x, const void *y)
{
	const struct plt_slot *a = x;
	const struct plt_slot *b = y;

	return (a->address > b->address) - (a->address < b->address);
}

static struct str symbol_name(struct object *o, Elf_Scn *symbols, size_t index)
{
	GElf_Shdr h;
	GElf_Sym s;
	Elf_Data *data = elf_getdata(symbols, NULL);
	const char *name;

	if (!data || !gelf_getshdr(symbols, &h) || !gelf_getsym(data, (int)index, &s))
		return STR("");
	name = elf_strptr(o->elf, h.sh_link, s.st_name);
	return name ? str_c(name) : STR("");
}

static void read_relocations(struct object *o, Elf_Scn *section, const GElf_Shdr *h,
    struct plt_slot *v, size_t *n, size_t cap)
{
	Elf_Data *data = elf_getdata(section, NULL);
	Elf_Scn *symbols = elf_getscn(o->elf, h->sh_link);
	size_t count = h->sh_entsize ? h->sh_size / h->sh_entsize : 0;

	for (size_t i = 0; data && symbols && i < count && *n < cap; i++) {
		GElf_Rela r;
		struct str name;

		if (!gelf_getrela(data, (int)i, &r))
			return;
		if (GELF_R_TYPE(r.r_info) != R_X86_64_JUMP_SLOT &&
		    GELF_R_TYPE(r.r_info) != R_X86_64_GLOB_DAT)
			continue;
		name = symbol_name(o, symbols, GELF_R_SYM(r.r_info));
		if (name.n)
			v[(*n)++] = (struct plt_slot){ r.r_offset, name };
	}
}

/* Upper bound of slots: relocations of the tables that are loaded. */
static size_t count_relocations(struct object *o)
{
	Elf_Scn *section = NULL;
	size_t n = 0;

	while ((section = elf_nextscn(o->elf, section))) {
		GElf_Shdr h;

		if (gelf_getshdr(section, &h) && h.sh_type == SHT_RELA &&
		    (h.sh_flags & SHF_ALLOC) && h.sh_entsize &&
		    h.sh_size / h.sh_entsize < OBJECT_MAX_SYMBOLS)
			n += h.sh_size / h.sh_entsize;
	}
	return n < OBJECT_MAX_SYMBOLS ? n : 0;
}

static struct plt *read_plt(struct object *o)
{
	struct plt *p = ARENA_NEW(&o->arena, struct plt);
	size_t cap = count_relocations(o);
	Elf_Scn *section = NULL;

	if (!p || o->header.e_machine != EM_X86_64 || !cap)
		return p;
	p->slots = ARENA_ARRAY(&o->arena, struct plt_slot, cap);
	while (p->slots && (section = elf_nextscn(o->elf, section))) {
		GElf_Shdr h;

		if (gelf_getshdr(section, &h) && h.sh_type == SHT_RELA && (h.sh_flags & SHF_ALLOC))
			read_relocations(o, section, &h, p->slots, &p->n, cap);
	}
	if (p->n)
		qsort(p->slots, p->n, sizeof *p->slots, slot_order);
	return p;
}

/* The slot that the code at an address jumps through: [endbr64] [bnd] jmp *disp32(%rip). */
static bool stub_slot(struct object *o, uint64_t address, uint64_t *slot)
{
	static const char endbr[] = { '\xf3', '\x0f', '\x1e', '\xfa' };
	struct str code;
	size_t i = 0;
	int32_t displacement;

	if (!object_read(o, address, address + MAX_LEAD + 6, &code) || code.n < MAX_LEAD + 6)
		return false;
	if (memcmp(code.p, endbr, sizeof endbr) == 0)
		i = sizeof endbr;
	i += code.p[i] == '\xf2';
	if (code.p[i] != '\xff' || code.p[i + 1] != '\x25')
		return false;
	memcpy(&displacement, code.p + i + 2, sizeof displacement);
	*slot = address + i + 6 + (uint64_t)(int64_t)displacement;
	return true;
}

struct str object_plt_name(struct object *o, uint64_t address)
{
	const struct plt_slot *found;
	struct plt_slot key;

	if (!o->plt)
		o->plt = read_plt(o);
	if (!o->plt || !o->plt->n || !stub_slot(o, address, &key.address))
		return STR("");
	found = bsearch(&key, o->plt->slots, o->plt->n, sizeof key, slot_order);
	return found ? found->name : STR("");
}
