/*
 * A unit's header, texts, addresses and names from bytes, see dwarf_source.h. Source: the DWARF
 * standard, version 5, chapters 7.5 and 7.26 to 7.28, and GCC's wiki for split DWARF before it.
 */
#include "object/dwarf_source.h"

#include <dwarf.h>

/* Longest chain of instance, declaration, … of one function. */
#define MAX_HOPS 16

/* Bytes of the header of a table by index, version 5. */
static unsigned table_header(unsigned offset_size)
{
	return offset_size == 8 ? 16 : 8;
}

static void default_bases(struct dwarf_source *s)
{
	const bool is_new = s->widths.version >= 5;
	const unsigned header = table_header(s->widths.offset);

	s->str_offsets_at = is_new ? header : 0;
	s->addresses_at = is_new ? header : 0;
	s->ranges_at = is_new ? header + 4 : 0;
}

static void skip_identity(struct dwarf_bytes *b, unsigned type, unsigned offset_size)
{
	if (type == DW_UT_skeleton || type == DW_UT_split_compile)
		dwarf_skip(b, 8);
	else if (type == DW_UT_type || type == DW_UT_split_type)
		dwarf_skip(b, 8 + offset_size);
}

bool dwarf_source_header(struct dwarf_source *s)
{
	struct dwarf_bytes b;
	unsigned type = DW_UT_compile;
	uint64_t length;

	s->end = s->in.info.n;
	if (s->at >= s->end)
		return false; /* also where there is no section at all */
	s->bytes = (const uint8_t *)s->in.info.p + s->at;
	b = dwarf_source_cursor(s, s->at);
	length = dwarf_fixed(&b, 4);
	s->widths.offset = 4;
	if (length == UINT32_MAX) {
		length = dwarf_fixed(&b, 8);
		s->widths.offset = 8;
	}
	if (b.failed || length > dwarf_bytes_left(&b))
		return false;
	b.end = b.p + length;
	s->end = dwarf_source_place(s, b.end);
	s->widths.version = (uint16_t)dwarf_fixed(&b, 2);
	if (s->widths.version >= 5) {
		type = dwarf_u8(&b);
		s->widths.address = dwarf_u8(&b);
		s->abbrev_at = dwarf_fixed(&b, s->widths.offset);
		skip_identity(&b, type, s->widths.offset);
	} else {
		s->abbrev_at = dwarf_fixed(&b, s->widths.offset);
		s->widths.address = dwarf_u8(&b);
	}
	s->die_at = dwarf_source_place(s, b.p);
	default_bases(s);
	return !b.failed && s->widths.version >= 2 && s->widths.version <= 5 &&
	       s->widths.address <= 8;
}

struct dwarf_bytes dwarf_source_cursor(const struct dwarf_source *s, uint64_t offset)
{
	if (!s->in.info.n || !s->bytes || offset < s->at || offset > s->end)
		return (struct dwarf_bytes){ .failed = true };
	return (struct dwarf_bytes){ s->bytes + (offset - s->at), s->bytes + (s->end - s->at),
		false, s->in.swap };
}

/* Number `index` of the table that begins at an offset of a section; false when it has not. */
static bool table_entry(const struct dwarf_source *s, struct str section, uint64_t at,
    uint64_t index, unsigned size, uint64_t *out)
{
	struct dwarf_bytes b = { .swap = s->in.swap };

	if (!size || at > section.n || index >= (section.n - at) / size)
		return false;
	b.p = (const uint8_t *)section.p + at + index * size;
	b.end = b.p + size;
	*out = dwarf_fixed(&b, size);
	return true;
}

bool dwarf_is_address_index(unsigned form)
{
	return form == DW_FORM_addrx || form == DW_FORM_GNU_addr_index ||
	       (form >= DW_FORM_addrx1 && form <= DW_FORM_addrx4);
}

uint64_t dwarf_source_address(const struct dwarf_source *s, uint64_t index)
{
	uint64_t v = 0;

	(void)table_entry(s, s->in.addresses, s->addresses_at, index, s->widths.address, &v);
	return v;
}

/* The text that ends in a NUL at an offset; "" when there is none. */
static struct str text_at(struct str section, uint64_t offset)
{
	struct dwarf_bytes b = { 0 };

	if (offset >= section.n)
		return STR("");
	b.p = (const uint8_t *)section.p + offset;
	b.end = (const uint8_t *)section.p + section.n;
	return dwarf_text(&b);
}

static struct str read_text(
    const struct dwarf_source *s, struct dwarf_bytes *b, const struct dwarf_attr_form *a)
{
	uint64_t v;

	if (a->form == DW_FORM_string)
		return dwarf_text(b);
	v = dwarf_read_form(b, a, &s->widths);
	switch (a->form) {
	case DW_FORM_strp:
		return text_at(s->in.str, v);
	case DW_FORM_line_strp:
		return text_at(s->in.line_str, v);
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		return table_entry(s, s->in.str_offsets, s->str_offsets_at, v, s->widths.offset, &v)
			   ? text_at(s->in.str, v)
			   : STR("");
	default: /* in another file */
		return STR("");
	}
}

/* What is known of a function after some of its DIEs. */
struct facts {
	struct str linkage, name;
	uint64_t line;
	uint64_t next; /* offset of the DIE that this one is an instance of */
	bool has_next, is_elsewhere;
};

static void take_reference(const struct dwarf_source *s, struct facts *f, unsigned form, uint64_t v)
{
	switch (form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		f->next = s->at + v;
		break;
	case DW_FORM_ref_addr:
		f->next = v;
		break;
	default:
		f->is_elsewhere = true;
		return;
	}
	f->has_next = true;
	f->is_elsewhere |= f->next < s->die_at || f->next >= s->end;
}

static void take_text(const struct dwarf_source *s, struct dwarf_bytes *b,
    const struct dwarf_attr_form *a, struct str *out, bool *is_elsewhere)
{
	const struct str text = read_text(s, b, a);

	*is_elsewhere |= a->form == DW_FORM_GNU_strp_alt || a->form == DW_FORM_strp_sup;
	if (!out->n)
		*out = text;
}

static void take_fact(const struct dwarf_source *s, struct dwarf_bytes *b,
    const struct dwarf_attr_form *a, struct facts *f)
{
	uint64_t v;

	switch (a->name) {
	case DW_AT_linkage_name:
	case DW_AT_MIPS_linkage_name:
		take_text(s, b, a, &f->linkage, &f->is_elsewhere);
		return;
	case DW_AT_name:
		take_text(s, b, a, &f->name, &f->is_elsewhere);
		return;
	case DW_AT_decl_line:
		v = dwarf_read_form(b, a, &s->widths);
		f->line = f->line ? f->line : v;
		return;
	case DW_AT_abstract_origin:
	case DW_AT_specification:
		v = dwarf_read_form(b, a, &s->widths);
		take_reference(s, f, a->form, v);
		return;
	default:
		dwarf_skip_form(b, a->form, &s->widths);
		return;
	}
}

/* One DIE's attributes; false when there is none at the offset. */
static bool read_facts(const struct dwarf_source *s, const struct dwarf_abbrevs *abbrevs,
    uint64_t offset, struct facts *f)
{
	struct dwarf_bytes b = dwarf_source_cursor(s, offset);
	const struct dwarf_abbrev *a = dwarf_abbrev_find(abbrevs, dwarf_uleb(&b));

	if (!a || b.failed)
		return false;
	for (uint32_t i = 0; i < a->n_attrs && !b.failed; i++)
		take_fact(s, &b, &abbrevs->attrs.p[a->first_attr + i], f);
	return !b.failed;
}

bool dwarf_source_name(const struct dwarf_source *s, const struct dwarf_abbrevs *abbrevs,
    uint64_t offset, struct str *name, int64_t *line)
{
	struct facts f = { .next = offset, .has_next = true };

	if (offset < s->die_at || offset >= s->end)
		return false;
	for (int i = 0; i < MAX_HOPS && f.has_next && !f.is_elsewhere; i++) {
		f.has_next = false;
		if (!read_facts(s, abbrevs, f.next, &f))
			return false;
	}
	*name = f.linkage.n ? f.linkage : f.name;
	*line = f.line > INT32_MAX ? 0 : (int64_t)f.line;
	return !f.is_elsewhere && name->n > 0;
}
