/*
 * Machine code as text by an installed objdump, for machines that capstone does not know. Called by
 * disasm.c only.
 */
#ifndef OBJECT_OBJDUMP_H
#define OBJECT_OBJDUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/str.h"
#include "object/object.h"

/*
 * Calls add for each instruction of [start, end), object addresses, in order; the text is borrowed
 * for the call. False, and nothing was added, when no program of PATH knows the machine. Waits for
 * a child process, which is bounded in time, memory and output; any thread.
 */
bool objdump_list(const struct object *o, uint64_t start, uint64_t end,
    void (*add)(void *ctx, uint64_t address, struct str text), void *ctx);

#endif
