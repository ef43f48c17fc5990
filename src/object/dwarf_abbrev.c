/*
 * Abbreviations and forms, see dwarf_abbrev.h. Called by dwarf_tree.c and dwarf_rows.c. The size of
 * a DIE whose attributes all have one is summed up here once, so that most of a tree is crossed by
 * one addition a DIE.
 */
#include "object/dwarf_abbrev.h"

#include <dwarf.h>
#include <stdlib.h>

/* Most abbreviations, and attributes of them, in one table. */
#define MAX_ABBREVS (1u << 18)
#define MAX_ATTRS   (1u << 20)

int dwarf_form_size(unsigned form, const struct dwarf_widths *w)
{
	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const:
		return 0;
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
	case DW_FORM_ref_sup4:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_data16:
		return 16;
	case DW_FORM_addr:
		return w->address;
	case DW_FORM_ref_addr:
		return w->version <= 2 ? w->address : w->offset;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_sec_offset:
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
	case DW_FORM_GNU_ref_alt:
		return w->offset;
	default:
		return -1;
	}
}

static void skip_variable(struct dwarf_bytes *b, unsigned form, const struct dwarf_widths *w)
{
	switch (form) {
	case DW_FORM_udata:
	case DW_FORM_sdata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		(void)dwarf_uleb(b);
		return;
	case DW_FORM_string:
		(void)dwarf_text(b);
		return;
	case DW_FORM_exprloc:
	case DW_FORM_block:
		dwarf_skip(b, dwarf_uleb(b));
		return;
	case DW_FORM_block1:
		dwarf_skip(b, dwarf_fixed(b, 1));
		return;
	case DW_FORM_block2:
		dwarf_skip(b, dwarf_fixed(b, 2));
		return;
	case DW_FORM_block4:
		dwarf_skip(b, dwarf_fixed(b, 4));
		return;
	case DW_FORM_indirect:
		form = (unsigned)dwarf_uleb(b);
		/* One step only: a chain of them would be endless work in a damaged file. */
		if (form != DW_FORM_indirect && form != DW_FORM_implicit_const) {
			dwarf_skip_form(b, form, w);
			return;
		}
		break;
	default:
		break;
	}
	dwarf_bytes_fail(b);
}

void dwarf_skip_form(struct dwarf_bytes *b, unsigned form, const struct dwarf_widths *w)
{
	const int size = dwarf_form_size(form, w);

	if (size >= 0)
		dwarf_skip(b, (uint64_t)size);
	else
		skip_variable(b, form, w);
}

uint64_t dwarf_read_variable_form(
    struct dwarf_bytes *b, const struct dwarf_attr_form *a, const struct dwarf_widths *w)
{
	switch (a->form) {
	case DW_FORM_flag_present:
		return 1;
	case DW_FORM_implicit_const:
		return (uint64_t)a->constant;
	case DW_FORM_sdata:
		return (uint64_t)dwarf_sleb(b);
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		return dwarf_uleb(b);
	default:
		break;
	}
	dwarf_skip_form(b, a->form, w);
	return 0;
}

static int by_code(const void *x, const void *y)
{
	const struct dwarf_abbrev *a = x;
	const struct dwarf_abbrev *b = y;

	return (a->code > b->code) - (a->code < b->code);
}

/* Attributes up to the pair of zeros. */
static bool add_attrs(struct dwarf_abbrevs *t, struct dwarf_bytes *b, struct dwarf_abbrev *a)
{
	a->first_attr = (uint32_t)t->attrs.n;
	while (t->attrs.n < MAX_ATTRS) {
		const uint64_t name = dwarf_uleb(b);
		const uint64_t form = dwarf_uleb(b);
		struct dwarf_attr_form f = { (uint16_t)name, (uint16_t)form, -1, 0 };

		if (form == DW_FORM_implicit_const)
			f.constant = dwarf_sleb(b);
		if (b->failed || name > UINT16_MAX || form > UINT16_MAX)
			return false;
		if (!name && !form)
			return true;
		f.size = (int16_t)dwarf_form_size(f.form, &t->widths);
		if (!VEC_PUSH(&t->attrs, f))
			return false;
		a->n_attrs++;
		if (f.size < 0)
			a->size = DWARF_VARIABLE_SIZE;
		else if (a->size != DWARF_VARIABLE_SIZE)
			a->size += (uint16_t)f.size;
	}
	return false;
}

/* Attributes of functions and inlined calls that dwarf_tree.c reads. */
static bool is_of_code(unsigned tag, unsigned name)
{
	if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine)
		return false;
	switch (name) {
	case DW_AT_low_pc:
	case DW_AT_declaration:
	case DW_AT_high_pc:
	case DW_AT_ranges:
	case DW_AT_abstract_origin:
	case DW_AT_call_file:
	case DW_AT_call_line:
	case DW_AT_call_column:
		return true;
	default:
		return false;
	}
}

/* DIEs that may be skipped whole when only the code at some addresses is wanted. */
static bool is_type_or_function(unsigned tag)
{
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_array_type:
	case DW_TAG_subroutine_type:
	case DW_TAG_call_site:
	case DW_TAG_GNU_call_site:
		return true;
	default:
		return false;
	}
}

/* Sums up what lies between the attributes that must be looked at. */
static bool add_steps(struct dwarf_abbrevs *t, struct dwarf_abbrev *a)
{
	uint32_t skip = 0;

	a->first_step = (uint32_t)t->steps.n;
	for (uint32_t i = 0; i < a->n_attrs; i++) {
		const struct dwarf_attr_form *f = &t->attrs.p[a->first_attr + i];

		const bool is_end =
		    f->name == DW_AT_sibling && a->has_children && is_type_or_function(a->tag);

		a->is_skippable |= is_end;
		if (f->size >= 0 && !is_end && !is_of_code(a->tag, f->name)) {
			skip += (uint16_t)f->size;
			continue;
		}
		(void)VEC_PUSH(&t->steps, (struct dwarf_step){ skip, *f });
		skip = 0;
	}
	a->is_plain = !a->has_children && a->size != DWARF_VARIABLE_SIZE &&
		      a->tag != DW_TAG_subprogram && a->tag != DW_TAG_inlined_subroutine;
	(void)VEC_PUSH(&t->steps, (struct dwarf_step){ .skip = skip });
	a->n_steps = (uint32_t)t->steps.n - a->first_step;
	return !t->steps.failed;
}

static bool same_widths(const struct dwarf_widths *a, const struct dwarf_widths *b)
{
	return a->address == b->address && a->offset == b->offset && a->version == b->version;
}

bool dwarf_abbrevs_read(
    struct dwarf_abbrevs *t, struct str section, uint64_t offset, const struct dwarf_widths *w)
{
	struct dwarf_bytes b = { 0 };

	if (t->v.n && t->section == section.p && t->offset == offset && same_widths(&t->widths, w))
		return true;
	t->v.n = 0;
	t->attrs.n = 0;
	t->steps.n = 0;
	t->section = section.p;
	t->offset = offset;
	t->widths = *w;
	if (offset >= section.n)
		return false;
	b.p = (const uint8_t *)section.p + offset;
	b.end = (const uint8_t *)section.p + section.n;
	while (t->v.n < MAX_ABBREVS) {
		struct dwarf_abbrev a = { .code = dwarf_uleb(&b) };

		if (!a.code)
			break;
		a.tag = (uint16_t)dwarf_uleb(&b);
		a.has_children = dwarf_u8(&b);
		if (!add_attrs(t, &b, &a) || !add_steps(t, &a) || !VEC_PUSH(&t->v, a))
			break;
	}
	if (!t->v.n)
		return false;
	qsort(t->v.p, t->v.n, sizeof *t->v.p, by_code);
	return true;
}

void dwarf_abbrevs_release(struct dwarf_abbrevs *t)
{
	VEC_RELEASE(&t->v);
	VEC_RELEASE(&t->attrs);
	VEC_RELEASE(&t->steps);
}

const struct dwarf_abbrev *dwarf_abbrev_find(const struct dwarf_abbrevs *t, uint64_t code)
{
	size_t low = 0;
	size_t high = t->v.n;

	/* Compilers number them from 1 without gaps. */
	if (code - 1 < t->v.n && t->v.p[code - 1].code == code)
		return &t->v.p[code - 1];
	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (t->v.p[mid].code < code)
			low = mid + 1;
		else
			high = mid;
	}
	return low < t->v.n && t->v.p[low].code == code ? &t->v.p[low] : NULL;
}
