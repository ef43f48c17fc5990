/*
 * The abbreviations of a unit in the form that a fast walk over its tree needs. Made by
 * dwarf_abbrev.c from the section's bytes.
 */
#ifndef OBJECT_DWARF_ABBREV_H
#define OBJECT_DWARF_ABBREV_H

#include "base/vec.h"
#include "object/dwarf_bytes.h"

struct dwarf_attr_form {
	uint16_t name;
	uint16_t form;
	int16_t size;     /* bytes; negative when the value itself says */
	int64_t constant; /* of DW_FORM_implicit_const */
};

#define DWARF_VARIABLE_SIZE UINT32_MAX

/* How a DIE is crossed: so many bytes are skipped, then a value is read or skipped by its form. */
struct dwarf_step {
	uint32_t skip;
	struct dwarf_attr_form attr; /* .form is 0 in the last step: there is no value */
};

struct dwarf_abbrev {
	uint64_t code;
	uint32_t size; /* of all attributes; DWARF_VARIABLE_SIZE when it is not always the same */
	uint32_t first_attr, n_attrs;
	uint32_t first_step, n_steps; /* of values without a size, or that say what code is where */
	uint16_t tag;
	bool has_children;
	bool is_skippable; /* it says where its children end, and code is rarely among them */
	bool is_plain;     /* no children, no code, always the same size */
};

/* How wide some forms are in a unit. */
struct dwarf_widths {
	uint8_t address, offset;
	uint16_t version;
};

struct dwarf_abbrevs {
	VEC(struct dwarf_abbrev) v; /* by code */
	VEC(struct dwarf_attr_form) attrs;
	VEC(struct dwarf_step) steps;
	const char *section; /* what it was read from */
	uint64_t offset;
	struct dwarf_widths widths;
};

/*
 * Reads the table at an offset of a section unless it is the one that is there. False when there is
 * none; a damaged one ends where the damage is.
 */
bool dwarf_abbrevs_read(
    struct dwarf_abbrevs *t, struct str section, uint64_t offset, const struct dwarf_widths *w);
void dwarf_abbrevs_release(struct dwarf_abbrevs *t);

/* NULL when there is none. */
const struct dwarf_abbrev *dwarf_abbrev_find(const struct dwarf_abbrevs *t, uint64_t code);

/* Bytes of a form, or -1 when the value itself says. */
int dwarf_form_size(unsigned form, const struct dwarf_widths *w);
/* Moves behind a value of a form; fails on a form that is not known. */
void dwarf_skip_form(struct dwarf_bytes *b, unsigned form, const struct dwarf_widths *w);
/*
 * Reads a value of a form that is a number, an address, an offset or a reference; others are
 * skipped and give 0.
 */
uint64_t dwarf_read_variable_form(
    struct dwarf_bytes *b, const struct dwarf_attr_form *a, const struct dwarf_widths *w);

static inline uint64_t dwarf_read_form(
    struct dwarf_bytes *b, const struct dwarf_attr_form *a, const struct dwarf_widths *w)
{
	if (a->size > 0 && a->size <= 8)
		return dwarf_fixed(b, (unsigned)a->size);
	return dwarf_read_variable_form(b, a, w);
}

#endif
