/*
 * capstone's operand text into the form llvm-objdump prints. For disasm.c.
 */
#ifndef OBJECT_DISASM_TEXT_H
#define OBJECT_DISASM_TEXT_H

#include "base/buf.h"
#include "core/str.h"

/*
 * Appends operands: numbers in decimal, no blanks inside the parentheses of an AT&T address. An
 * address that is a branch target is not passed through here. Intel's index comes behind its factor
 * ("4*rax").
 */
void disasm_operands(struct buf *out, struct str operands);

/*
 * Begins a comment behind the instruction that starts at out->p[begin]: blanks to column 40 (one
 * at least), counted with a tab in front and tab stops of eight, then "# ".
 */
void disasm_begin_comment(struct buf *out, size_t begin);

/*
 * The immediate operand of AT&T text, when it is one whose hexadecimal form is worth a comment:
 * beyond [-256, 255].
 */
bool disasm_large_immediate(struct str operands, int64_t *value);

/*
 * Operands of an aarch64 instruction: "mov" with a number for the "movz" and "movn" that do the
 * same, masks in hexadecimal. *mnemonic may become another one.
 */
void disasm_operands_arm64(struct buf *out, const char **mnemonic, struct str operands);

#endif
