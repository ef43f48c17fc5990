/*
 * Call frame information (.eh_frame): from a code address to a row that says where the caller's
 * registers are. Inside this room only: the walk calls it when the rule cache has no answer.
 *
 * What is read belongs to other people's binaries and may be damaged: every byte is fetched within
 * unwind_module's readable range, offsets must fit their fields, and whatever is malformed or not
 * known yields "no row", never a fault (fuzz/fuzz_cfi.c).
 * Sources: LSB 5.0 core, "Exception Frames"; DWARF 5, 6.4 and 2.5.
 */
#ifndef UNWIND_CFI_H
#define UNWIND_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/cfi_read.h"
#include "unwind/unwind.h"

/* Where a register's value in the caller is. `v` is described per kind. */
enum cfi_kind {
	CFI_SAME = 0,  /* unchanged; for the CFA: register cfa_reg plus v bytes */
	CFI_UNDEFINED, /* lost; for the return address: there is no caller */
	CFI_AT_CFA,    /* in memory at CFA + v bytes */
	CFI_IS_CFA,    /* the address CFA + v bytes itself */
	CFI_IN_REG,    /* in register v */
	CFI_EXPR,      /* in memory at the expression; v locates the block, see cfi_block */
	CFI_VAL_EXPR,  /* the expression's value itself */
};

struct cfi_cell {
	enum cfi_kind kind;
	int32_t v;
};

/* The rules in force at one code address. */
struct cfi_row {
	const uint8_t *base; /* the module's readable_start: v of expression cells counts from it */
	const uint8_t *end;  /* readable_end */
	struct cfi_cell cfa; /* CFI_SAME (register plus offset) or CFI_EXPR */
	uint32_t cfa_reg;
	bool is_signal; /* augmentation 'S': the caller's pc is exact, not a return address */
	struct cfi_cell reg[UNWIND_REGS];
};

/* A frame description with the parts of its CIE that matter, checked to lie in the module. */
struct cfi_fde {
	uintptr_t start, end; /* code addresses in the unwound process */
	struct cfi_reader initial;
	struct cfi_reader program;
	uint64_t code_align;
	int64_t data_align;
	uint8_t encoding;
	bool has_augmentation; /* each record has augmentation data, to be skipped */
	bool is_signal;
};

/* How a step by cfi_step went. */
enum cfi_result {
	CFI_OK,
	CFI_END,        /* the return address is undefined: outermost frame */
	CFI_UNREADABLE, /* a slot could not be read */
	CFI_UNKNOWN,    /* depends on a register that is not known, or on a wrong expression */
};

/* Reads a word of the stack, as unwind_ops.read_word. */
struct cfi_memory {
	bool (*read)(void *ctx, uintptr_t addr, uintptr_t *out);
	void *ctx;
};

/* The record that covers pc according to .eh_frame_hdr, or NULL. Its contents are unchecked. */
const uint8_t *cfi_find_fde(const struct unwind_module *module, uintptr_t pc);

/*
 * The number of that record in the order of addresses, and the record of a number. False and NULL
 * when there is none.
 */
bool cfi_fde_number(const struct unwind_module *module, uintptr_t pc, size_t *number);
const uint8_t *cfi_fde_at(const struct unwind_module *module, size_t number);

/* Parses the record at `at`, anywhere in the module's readable range. False when malformed. */
bool cfi_parse_fde(const struct unwind_module *module, const uint8_t *at, struct cfi_fde *out);

/*
 * A pointer in DWARF exception header encoding. `base` is what data-relative values count from.
 * Sets r->bad for encodings that need more context than there is.
 */
uintptr_t cfi_pointer(struct cfi_reader *r, uint8_t encoding, uintptr_t delta, uintptr_t base);

/* Runs the record's program up to pc; false when it is malformed. */
bool cfi_run(const struct unwind_module *module, const struct cfi_fde *fde, uintptr_t pc,
    struct cfi_row *row);

/* Told each row with the addresses [from, to) where it is in force; false ends the run. */
typedef bool cfi_visit(void *ctx, const struct cfi_row *row, uintptr_t from, uintptr_t to);

/*
 * All rows of the record in order, with `room` to work in; false when it is malformed or `visit`
 * was not content.
 */
bool cfi_each_row(const struct unwind_module *module, const struct cfi_fde *fde, cfi_visit *visit,
    void *ctx, struct unwind_room *room);

/* All of the above: the row for pc, false when the module has no valid one. */
bool cfi_row_at(const struct unwind_module *module, uintptr_t pc, struct cfi_row *row);

/* The expression of a CFI_EXPR or CFI_VAL_EXPR cell. */
struct cfi_reader cfi_block(const struct cfi_row *row, const struct cfi_cell *cell);

/*
 * Evaluates a DWARF expression on the registers `in`; `cfa`, when not NULL, is pushed first.
 * Anything but CFI_OK leaves *out alone.
 */
enum cfi_result cfi_expr(struct cfi_reader block, const struct unwind_regs *in,
    const uintptr_t *cfa, const struct cfi_memory *memory, uintptr_t *out);

/* Replaces *regs by the caller's registers. Anything but CFI_OK leaves *regs alone. */
enum cfi_result cfi_step(
    const struct cfi_row *row, struct unwind_regs *regs, const struct cfi_memory *memory);

#endif
