/*
 * Frame pointers: the step for code that has no unwind information (JIT compilers, some assembly)
 * and for modules that are known to keep rbp. Inside this room only.
 */
#ifndef UNWIND_FRAME_PTR_H
#define UNWIND_FRAME_PTR_H

#include "unwind/cfi.h"

struct unwind_frame {
	uintptr_t pc, sp, bp;
};

/*
 * The caller of a frame with stack pointer sp whose rbp points to the saved pair {rbp, return
 * address}. CFI_UNKNOWN when bp does not look like one: unaligned, below sp, or a chain that does
 * not go up; CFI_UNREADABLE when the pair cannot be read; CFI_END when it is the chain's last.
 */
enum cfi_result frame_ptr_step(
    uintptr_t sp, uintptr_t bp, const struct cfi_memory *memory, struct unwind_frame *caller);

#endif
