/*
 * Instructions of a range of an object, by capstone or, for a machine that it does not know, by an
 * installed objdump, in the text that a report built on objdump prints: "mov    %rsp,%rbp",
 * "call   1139 <inner+0x9>".
 */
#ifndef OBJECT_DISASM_H
#define OBJECT_DISASM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "object/object.h"

/* Most bytes that one call disassembles. */
#define OBJECT_MAX_DISASM (16u << 20)

struct object_instruction {
	uint64_t address; /* object address */
	struct str text;
	struct str function; /* symbol + name of the source function, "" when unchanged */
	struct str file;     /* "" unknown */
	int64_t line;        /* 0 unknown */
};

/*
 * Instructions of [start, end), object addresses. Bytes that decode as nothing become "(bad)".
 * ERR_UNSUPPORTED for a machine that is not known. Results lie in a.
 */
enum err_code object_disassemble(struct object *o, uint64_t start, uint64_t end, bool intel,
    struct arena *a, struct object_instruction **out, uint32_t *n, struct err *e) MUST_USE;

#endif
