/*
 * Symbols of an object: all of them sorted, and a dense index of code symbols to search. Called by
 * dwarf.c (outermost names), symbolize (fastlocal), disassembly (call targets) and the symbol match
 * of the disasm report. What is hard: which of several names at one address is shown. The choice is
 * llvm-symbolizer's, because that is what google/pprof asks: the largest, then the last of the
 * table.
 */
#include <stdlib.h>

#include "base/vec.h"
#include "object/dwarf.h"
#include "object/object_impl.h"

/* A symbol and its place in the table, which decides between equals. */
struct placed {
	struct object_symbol symbol;
	uint32_t place;
};

struct table {
	VEC(struct placed) v;
	struct object *o; /* whose file the table is in */
	bool is_own;      /* it is the object's, not that of its debug information */
	bool *is_text;    /* by section index: executable */
	bool *is_alloc;
	size_t n_sections;
	struct str file; /* of the local symbols being read */
	uint32_t before; /* symbols of tables read before: their places come first */
};

static int order(const void *x, const void *y)
{
	const struct placed *a = x;
	const struct placed *b = y;

	if (a->symbol.address != b->symbol.address)
		return a->symbol.address < b->symbol.address ? -1 : 1;
	if (a->symbol.size != b->symbol.size)
		return a->symbol.size < b->symbol.size ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

static bool read_section_kinds(struct table *t)
{
	Elf_Scn *section = NULL;
	size_t n;

	if (elf_getshdrnum(t->o->elf, &n) || n > UINT16_MAX)
		return false;
	t->is_text = ARENA_ARRAY(&t->o->arena, bool, n);
	t->is_alloc = ARENA_ARRAY(&t->o->arena, bool, n);
	if (!t->is_text || !t->is_alloc)
		return false;
	t->n_sections = n;
	while ((section = elf_nextscn(t->o->elf, section))) {
		size_t i = elf_ndxscn(section);
		GElf_Shdr h;

		if (i >= n || !gelf_getshdr(section, &h))
			continue;
		t->is_alloc[i] = h.sh_flags & SHF_ALLOC;
		t->is_text[i] = h.sh_flags & SHF_EXECINSTR;
	}
	return true;
}

/* ARM's mapping symbols ($x, $d …) mark what a range is, they name nothing. */
static bool is_marker(const struct object *o, const char *name)
{
	return name[0] == '$' && name[1] && (!name[2] || name[2] == '.') &&
	       (o->header.e_machine == EM_AARCH64 || o->header.e_machine == EM_ARM ||
		   o->header.e_machine == EM_RISCV);
}

/* A name without its version: debug files of libraries have "realpath@@GLIBC_2.3". */
static struct str plain_name(const char *name)
{
	struct str s = str_c(name);
	size_t at = str_find_char(s, '@');

	return at == STR_NPOS || at == 0 ? s : str_head(s, at);
}

static void add_symbol(struct table *t, const GElf_Sym *s, const char *name, uint32_t place)
{
	unsigned type = GELF_ST_TYPE(s->st_info);
	bool is_code = type == STT_FUNC || type == STT_GNU_IFUNC;
	bool is_local = GELF_ST_BIND(s->st_info) == STB_LOCAL;
	bool is_thumb;

	if (type == STT_FILE)
		t->file = name ? str_c(name) : STR("");
	if (s->st_shndx == SHN_UNDEF || s->st_shndx >= t->n_sections || !t->is_alloc[s->st_shndx])
		return;
	if (type != STT_NOTYPE && type != STT_OBJECT && !is_code)
		return;
	if (!name || !*name || is_marker(t->o, name))
		return;
	if (type == STT_NOTYPE)
		is_code = t->is_text[s->st_shndx];
	is_thumb = is_code && t->o->header.e_machine == EM_ARM && (s->st_value & 1);
	(void)VEC_PUSH(&t->v,
	    (struct placed){ { s->st_value - is_thumb, s->st_size, plain_name(name),
				 is_local ? t->file : STR(""), is_code, is_thumb, t->is_own },
		place });
}

static void read_table(struct table *t, Elf_Scn *section, const GElf_Shdr *h)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t n = h->sh_entsize ? h->sh_size / h->sh_entsize : 0;

	if (!data || n > OBJECT_MAX_SYMBOLS)
		return;
	for (size_t i = 1; i < n; i++) {
		GElf_Sym s;

		if (!gelf_getsym(data, (int)i, &s))
			return;
		add_symbol(
		    t, &s, elf_strptr(t->o->elf, h->sh_link, s.st_name), t->before + (uint32_t)i);
	}
	t->before += (uint32_t)n;
}

/* All tables of one type (SHT_SYMTAB or SHT_DYNSYM) of a file. */
static void read_tables(struct table *t, struct object *o, uint32_t type)
{
	Elf_Scn *section = NULL;

	t->o = o;
	t->file = STR("");
	if (!read_section_kinds(t))
		return;
	while ((section = elf_nextscn(o->elf, section))) {
		GElf_Shdr h;

		if (gelf_getshdr(section, &h) && h.sh_type == type)
			read_table(t, section, &h);
	}
}

static void read_best(struct table *t, struct object *o)
{
	struct object *debug, *mini;

	t->is_own = true;
	read_tables(t, o, SHT_SYMTAB);
	if (t->v.n)
		return;
	t->is_own = false;
	debug = object_debug(o);
	if (debug)
		read_tables(t, debug, SHT_SYMTAB);
	mini = t->v.n ? NULL : object_mini(o);
	if (mini)
		read_tables(t, mini, SHT_SYMTAB);
	/* Last, so that of two names at one address the one that others link with is shown. */
	t->is_own = true;
	read_tables(t, o, SHT_DYNSYM);
}

/* Keeps one code symbol per address, the one that sorts last. */
static MUST_USE enum err_code index_text(struct object *o, struct err *e)
{
	o->text_start = arena_alloc_raw(&o->arena, o->n_symbols + 1, sizeof *o->text_start);
	o->text_index = arena_alloc_raw(&o->arena, o->n_symbols + 1, sizeof *o->text_index);
	if (!o->text_start || !o->text_index)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < o->n_symbols; i++) {
		uint64_t address = o->symbols[i].address;

		if (!o->symbols[i].is_text)
			continue;
		if (!o->n_text || o->text_start[o->n_text - 1] != address)
			o->n_text++;
		o->text_start[o->n_text - 1] = address;
		o->text_index[o->n_text - 1] = (uint32_t)i;
	}
	return OK;
}

static MUST_USE enum err_code take_symbols(struct object *o, struct table *t, struct err *e)
{
	if (t->v.failed)
		return FAIL_NOMEM(e);
	if (t->v.n)
		qsort(t->v.p, t->v.n, sizeof *t->v.p, order);
	o->symbols = arena_alloc_raw(&o->arena, t->v.n + 1, sizeof *o->symbols);
	if (!o->symbols)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < t->v.n; i++)
		o->symbols[i] = t->v.p[i].symbol;
	o->n_symbols = t->v.n;
	return index_text(o, e);
}

enum err_code object_symbols(
    struct object *o, const struct object_symbol **out, size_t *n, struct err *e)
{
	struct table t = { 0 };
	enum err_code rc = OK;

	if (!o->symbols_read) {
		read_best(&t, o);
		rc = take_symbols(o, &t, e);
		VEC_RELEASE(&t.v);
		o->symbols_read = rc == OK;
	}
	*out = o->symbols;
	*n = o->n_symbols;
	return rc;
}

/* Index of the last text symbol at or below address, or SIZE_MAX. */
static size_t text_at(const struct object *o, uint64_t address)
{
	size_t low = 0;
	size_t high = o->n_text;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (o->text_start[mid] <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low - 1;
}

/* The allocated section that holds an address; false when there is none. */
static bool find_section(struct object *o, uint64_t address, GElf_Shdr *h)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(o->elf, section)))
		if (gelf_getshdr(section, h) && (h->sh_flags & SHF_ALLOC) &&
		    address >= h->sh_addr && address - h->sh_addr < h->sh_size)
			return true;
	return false;
}

static bool section_start(struct object *o, uint64_t address, uint64_t *start)
{
	GElf_Shdr h;

	if (!find_section(o, address, &h))
		return false;
	*start = h.sh_addr;
	return true;
}

uint64_t object_section_end(struct object *o, uint64_t address)
{
	GElf_Shdr h;

	return find_section(o, address, &h) && h.sh_size <= UINT64_MAX - h.sh_addr
		   ? h.sh_addr + h.sh_size
		   : UINT64_MAX;
}

/* A symbol without a size reaches to the next one, but not out of its section. */
static bool covers(struct object *o, const struct object_symbol *s, uint64_t address)
{
	uint64_t start;

	if (s->size)
		return address - s->address < s->size;
	return address == s->address || (section_start(o, address, &start) && s->address >= start);
}

const struct object_symbol *object_find_symbol(struct object *o, uint64_t address)
{
	const struct object_symbol *v;
	struct err ignored;
	size_t n;
	size_t i;

	if (object_symbols(o, &v, &n, &ignored) != OK)
		return NULL;
	i = text_at(o, address);
	if (i == SIZE_MAX)
		return NULL;
	v += o->text_index[i];
	return covers(o, v, address) ? v : NULL;
}

const struct object_symbol *object_nearest_symbol(struct object *o, uint64_t address)
{
	const struct object_symbol *v;
	struct err ignored;
	uint64_t start;
	size_t low = 0;
	size_t high;

	if (object_symbols(o, &v, &high, &ignored) != OK || !section_start(o, address, &start))
		return NULL;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v[mid].address <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low && v[low - 1].address >= start ? &v[low - 1] : NULL;
}

/* Is it the later one in a list sorted by name? */
static bool is_later(struct str a, struct str b)
{
	int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return c ? c > 0 : a.n > b.n;
}

/* Of several names of one address the last that `nm -n` lists, as google/pprof takes it. */
struct str object_symbol_name(struct object *o, uint64_t address)
{
	const struct object_symbol *s = object_find_symbol(o, address);
	struct str name = s ? s->name : STR("");

	for (; s && s > o->symbols && s[-1].address == s->address; s--)
		if (s[-1].is_text && is_later(s[-1].name, name))
			name = s[-1].name;
	return name;
}
