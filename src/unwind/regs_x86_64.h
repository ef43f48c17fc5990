/*
 * The registers a walk starts from: of the function in which this is written, or of code that a
 * signal interrupted. Async-signal-safe.
 */
#ifndef UNWIND_REGS_X86_64_H
#define UNWIND_REGS_X86_64_H

#include <stdint.h>
#include <ucontext.h>

#include "unwind/unwind.h"

#ifndef __x86_64__
#error "no register capture for this architecture"
#endif

/* pc, sp and what a function must preserve for its caller. */
#define UNWIND_CALLEE_SAVED                                                                        \
	(1u << UNWIND_PC | 1u << UNWIND_SP | 1u << UNWIND_BP | 1u << UNWIND_RBX |                  \
	    1u << UNWIND_R12 | 1u << UNWIND_R13 | 1u << UNWIND_R14 | 1u << UNWIND_R15)

/*
 * Fills *regs for the function this is inlined into; walk with first_is_exact = true while that
 * function has not returned. The walk's first frame is that function itself.
 */
static inline __attribute__((always_inline)) void unwind_regs_here(struct unwind_regs *regs)
{
	/* One asm: all values belong to the one pc. The memory clobber makes the stores visible. */
	__asm__ volatile("movq %%rbx, 3*8(%0)\n\t"
			 "movq %%rbp, 6*8(%0)\n\t"
			 "movq %%rsp, 7*8(%0)\n\t"
			 "movq %%r12, 12*8(%0)\n\t"
			 "movq %%r13, 13*8(%0)\n\t"
			 "movq %%r14, 14*8(%0)\n\t"
			 "movq %%r15, 15*8(%0)\n\t"
			 "leaq 0(%%rip), %%rax\n\t"
			 "movq %%rax, 16*8(%0)"
			 :
			 : "r"(regs->r)
			 : "rax", "memory");
	regs->known = UNWIND_CALLEE_SAVED;
}

/* The context a signal handler (SA_SIGINFO) got; walk with first_is_exact = true. */
static inline void unwind_regs_from_ucontext(struct unwind_regs *regs, const ucontext_t *uc)
{
	/* gregset order is the kernel's sigcontext: r8-r15 rdi rsi rbp rbx rdx rax rcx rsp rip. */
	static const uint8_t dwarf[UNWIND_REGS] = { 8, 9, 10, 11, 12, 13, 14, 15, UNWIND_RDI,
		UNWIND_RSI, UNWIND_BP, UNWIND_RBX, UNWIND_RDX, UNWIND_RAX, UNWIND_RCX, UNWIND_SP,
		UNWIND_PC };

	for (unsigned i = 0; i < UNWIND_REGS; i++)
		regs->r[dwarf[i]] = (uintptr_t)uc->uc_mcontext.gregs[i];
	regs->known = (1u << UNWIND_REGS) - 1;
}

#endif
