/*
 * capstone's operand text into the form llvm-objdump prints. For disasm.c.
 */
#ifndef OBJECT_DISASM_TEXT_H
#define OBJECT_DISASM_TEXT_H

#include "base/buf.h"
#include "core/str.h"

/*
 * Appends operands: numbers in decimal, no blanks inside the parentheses of an AT&T address. An
 * address that is a branch target is not passed through here.
 */
void disasm_operands(struct buf *out, struct str operands);

#endif
