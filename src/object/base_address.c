/*
 * Which object address is a process address: the base of a mapping. Called per symbolized address.
 * What is hard: the kernel maps pages, not segments, so one page of a mapping may belong to two
 * program headers, and profiles of kernels and remapped processes carry addresses that no loader
 * made. The rules are google/pprof's (its elfexec package's documentation), so that both tools name
 * the same function.
 */
#include "object/object_impl.h"

#define PAGE         4096u
#define USER_LIMIT   ((uint64_t)1 << 63)
/* Where PowerPC64 kernels begin. */
#define PPC64_KERNEL 0xc000000000000000u

static bool is_page_aligned(uint64_t v)
{
	return v % PAGE == 0;
}

static bool is_text_segment(const struct object_segment *s)
{
	return s->type == PT_LOAD && (s->flags & PF_X);
}

static const struct object_segment *find_text_segment(const struct object *o)
{
	const struct object_segment *first = NULL;
	Elf_Scn *section = NULL;
	size_t names;

	for (size_t i = 0; i < o->n_segments && !first; i++)
		if (is_text_segment(&o->segments[i]))
			first = &o->segments[i];
	if (elf_getshdrstrndx(o->elf, &names))
		return first;
	while ((section = elf_nextscn(o->elf, section))) {
		const char *name;
		GElf_Shdr h;

		if (!gelf_getshdr(section, &h))
			continue;
		name = elf_strptr(o->elf, names, h.sh_name);
		if (!name || strcmp(name, ".text") != 0)
			continue;
		for (size_t i = 0; i < o->n_segments; i++) {
			const struct object_segment *s = &o->segments[i];

			if (is_text_segment(s) && h.sh_addr >= s->address &&
			    h.sh_addr - s->address < s->memory_size)
				return s;
		}
	}
	return first;
}

/*
 * The executable segment that holds .text; without sections the first executable one. Looked for
 * once: this is asked for every address.
 */
static const struct object_segment *text_segment(struct object *o)
{
	if (!o->text_segment_read)
		o->text_segment = find_text_segment(o);
	o->text_segment_read = true;
	return o->text_segment;
}

/* Could the mapping have been made from this segment? */
static bool segment_fits(const struct object_segment *s, const struct object_mapping *m)
{
	uint64_t map_end = m->offset + (m->limit - m->start);
	uint64_t end = s->offset + s->memory_size;
	/* The kernel's pages may be larger than ours: at most what the segment is aligned to. */
	uint64_t page = s->align > PAGE && !(s->align & (s->align - 1)) ? s->align : PAGE;
	uint64_t in_page = s->address % page;
	uint64_t aligned = s->offset > in_page ? s->offset - in_page : 0;

	/* Offsets of segments without contents are arbitrary. */
	if (s->type != PT_LOAD || s->file_size == 0)
		return false;
	if (m->offset >= end || s->offset >= map_end)
		return false;
	if (m->offset < aligned)
		return false;
	/* Begins in its last page and goes on for a page behind it: made from another segment. */
	return !(m->offset > s->offset && end < m->offset + PAGE && map_end >= end + PAGE);
}

struct choice {
	const struct object_segment *segment;
	bool failed;
	const char *why;
	bool by_address; /* another address of the mapping may have another */
};

/* The one of several fitting segments that holds the file offset of an address. */
static struct choice narrow(
    const struct object *o, const struct object_mapping *m, uint64_t file_offset)
{
	struct choice c = { .by_address = true };

	for (size_t i = 0; i < o->n_segments; i++) {
		const struct object_segment *s = &o->segments[i];

		if (!segment_fits(s, m) || file_offset < s->offset ||
		    file_offset - s->offset >= s->memory_size)
			continue;
		if (c.segment)
			return (struct choice){ NULL, true,
				"two program headers match its file offset", true };
		c.segment = s;
	}
	if (!c.segment)
		return (
		    struct choice){ NULL, true, "no program header matches its file offset", true };
	return c;
}

static struct choice choose_segment(
    struct object *o, const struct object_mapping *m, uint64_t addr, bool is_kernel)
{
	const struct object_segment *only = NULL;
	size_t n = 0;
	size_t n_load = 0;

	if (is_kernel || m->start >= m->limit || m->limit >= USER_LIMIT)
		return (struct choice){ .segment = text_segment(o) };
	for (size_t i = 0; i < o->n_segments; i++) {
		n_load += o->segments[i].type == PT_LOAD;
		if (!segment_fits(&o->segments[i], m))
			continue;
		only = &o->segments[i];
		n++;
	}
	if (n_load == 0)
		return (struct choice){ 0 };
	if (n == 1)
		return (struct choice){ .segment = only };
	if (n > 1)
		return narrow(o, m, addr - m->start + m->offset);
	return (struct choice){ NULL, true, "no program header matches mapping info", false };
}

/* Kernel images: perf and ChromeOS map them in ways of their own. */
static bool kernel_base(const struct object_segment *s, const uint64_t *stext,
    const struct object_mapping *m, uint64_t *base)
{
	bool same_page_offset = stext && m->start % PAGE == *stext % PAGE;

	if (s->address == m->start - m->offset) {
		*base = m->offset;
		return true;
	}
	if (m->start == 0 && m->limit != 0 && stext) {
		*base = m->start - *stext;
		return true;
	}
	/* The lower half is no kernel's: there a file's first page may hold code that is linked
	 * elsewhere. */
	if (m->start >= USER_LIMIT && m->limit > m->start &&
	    (m->offset == 0 || m->offset == PPC64_KERNEL || m->offset == m->start)) {
		*base = m->start - (same_page_offset ? *stext : s->address);
		return true;
	}
	if (!is_page_aligned(m->start) && same_page_offset) {
		*base = m->start - *stext;
		return true;
	}
	return false;
}

static MUST_USE enum err_code fixed_base(const struct object_segment *s, const uint64_t *stext,
    const struct object_mapping *m, uint64_t *base, struct err *e)
{
	if (!s)
		*base = 0;
	else if (!stext && m->start > 0 && m->start < USER_LIMIT)
		*base = m->start - m->offset + s->offset - s->address;
	else if (kernel_base(s, stext, m, base))
		return OK;
	else if (m->start == 0 && m->limit != 0 && !stext)
		*base = m->start - s->address;
	else
		return FAIL(e, ERR_FORMAT,
		    "don't know how to handle EXEC segment: start=0x%llx limit=0x%llx "
		    "offset=0x%llx",
		    (unsigned long long)m->start, (unsigned long long)m->limit,
		    (unsigned long long)m->offset);
	return OK;
}

static MUST_USE enum err_code base_of(const struct object *o, const struct object_segment *s,
    const uint64_t *stext, const struct object_mapping *m, uint64_t *base, struct err *e)
{
	switch (o->header.e_type) {
	case ET_EXEC:
		return fixed_base(s, stext, m, base, e);
	case ET_REL:
		if (m->offset)
			return FAIL(e, ERR_FORMAT, "don't know how to handle mapping.Offset");
		*base = m->start;
		return OK;
	case ET_DYN:
		if (!s)
			*base = m->start - m->offset;
		else if (!kernel_base(s, stext, m, base))
			*base = m->start - m->offset + s->offset - s->address;
		return OK;
	default:
		return FAIL(
		    e, ERR_FORMAT, "don't know how to handle FileHeader.Type %u", o->header.e_type);
	}
}

/*
 * Reading all symbols is dear, so the kernel's start symbol is looked for only where a kernel is
 * likely: by name, or by addresses that no user mapping has.
 */
static const uint64_t *find_kernel_symbol(struct object *o, const struct object_mapping *m)
{
	struct str want = m->kernel_symbol.n ? m->kernel_symbol : STR("_stext");
	const struct object_symbol *v;
	struct err ignored;
	size_t n;

	if (str_find(o->path, STR("vmlinux")) == STR_NPOS && is_page_aligned(m->start) &&
	    is_page_aligned(m->limit) && is_page_aligned(m->offset))
		return NULL;
	if (o->stext_name.n && str_eq(o->stext_name, want))
		return o->has_stext ? &o->stext : NULL;
	if (object_symbols(o, &v, &n, &ignored) != OK)
		return NULL;
	o->stext_name = arena_str(&o->arena, want);
	o->has_stext = false;
	for (size_t i = 0; i < n && !o->has_stext; i++) {
		o->stext = v[i].address;
		o->has_stext = str_eq(v[i].name, want);
	}
	return o->has_stext ? &o->stext : NULL;
}

/*
 * A separate debug file keeps the segments' addresses, but not their places in the file. A mapping
 * that begins in the file holds its first segment, another one begins with the executable segment.
 */
static bool debug_file_base(struct object *o, const struct object_mapping *m, uint64_t *base)
{
	const struct object_segment *s = text_segment(o);

	if (!s || s->file_size || !s->memory_size)
		return false;
	for (size_t i = 0; m->offset == 0 && i < o->n_segments; i++) {
		if (o->segments[i].type == PT_LOAD) {
			s = &o->segments[i];
			break;
		}
	}
	*base = m->start - (s->address & ~(uint64_t)(PAGE - 1));
	return true;
}

static bool is_same_mapping(const struct object_mapping *a, const struct object_mapping *b)
{
	return a->start == b->start && a->limit == b->limit && a->offset == b->offset &&
	       str_eq(a->kernel_symbol, b->kernel_symbol);
}

/* Of most mappings one base is all: a profile asks for it once an address. */
static void remember(
    struct object *o, const struct object_mapping *m, const struct choice *c, uint64_t base)
{
	o->has_base = !c->by_address && !m->kernel_symbol.n;
	o->base_mapping = *m;
	o->base = base;
}

bool object_has_one_base(const struct object *o)
{
	return o->has_base;
}

enum err_code object_base(
    struct object *o, const struct object_mapping *m, uint64_t addr, uint64_t *base, struct err *e)
{
	const uint64_t *stext;
	struct choice c;

	if (o->has_base && is_same_mapping(&o->base_mapping, m)) {
		*base = o->base;
		return OK;
	}
	o->has_base = false;
	if (m->start == 0 && m->offset == 0 && (m->limit == 0 || m->limit == UINT64_MAX)) {
		*base = 0;
		return OK;
	}
	if (debug_file_base(o, m, base))
		return OK;
	stext = find_kernel_symbol(o, m);
	c = choose_segment(o, m, addr, stext != NULL);
	if (c.failed)
		return FAIL(e, ERR_FORMAT,
		    "failed to find program header for file \"%.*s\", address %llx: %s",
		    STR_ARG(o->path), (unsigned long long)addr, c.why);
	TRY(base_of(o, c.segment, stext, m, base, e));
	remember(o, m, &c, *base);
	return OK;
}
