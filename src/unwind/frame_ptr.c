/* See frame_ptr.h. A guess by nature: hence the conditions on what a saved pair looks like. */
#include "unwind/frame_ptr.h"

/* No code is mapped in the first page. */
#define LOWEST_CODE 4096

enum cfi_result frame_ptr_step(
    uintptr_t sp, uintptr_t bp, const struct cfi_memory *memory, struct unwind_frame *caller)
{
	uintptr_t saved_bp = 0;
	uintptr_t saved_pc = 0;

	if (bp < sp || bp % 8 != 0 || bp > UINTPTR_MAX - 16)
		return CFI_UNKNOWN;
	if (!memory->read(memory->ctx, bp, &saved_bp) ||
	    !memory->read(memory->ctx, bp + 8, &saved_pc))
		return CFI_UNREADABLE;
	/* The psABI marks the outermost frame by a zero rbp; its return address may be zero too. */
	if (saved_bp == 0 && saved_pc == 0)
		return CFI_END;
	if (saved_pc < LOWEST_CODE || (saved_bp != 0 && saved_bp <= bp))
		return CFI_UNKNOWN;
	*caller = (struct unwind_frame){ .pc = saved_pc, .sp = bp + 16, .bp = saved_bp };
	return CFI_OK;
}
