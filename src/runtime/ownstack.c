/*
 * A change of stacks; see ownstack.h. Called by preload.c, as a program may call exit on a stack of
 * a few KB: that of a coroutine, or any under `ulimit -s`.
 */
#include "runtime/ownstack.h"

#include <stddef.h>

#include "runtime/mem.h"

#define STACK_BYTES ((size_t)256 << 10)

#ifndef __x86_64__
#error "no change of stacks for this architecture"
#endif

bool rt_ownstack_run(void (*run)(void))
{
	char *stack = rt_mem_map(STACK_BYTES);

	if (!stack)
		return false;
	/* What a call may change is listed; rbx is kept by it, and with it the way back. */
	__asm__ volatile("movq %%rsp, %%rbx\n\t"
			 "movq %0, %%rsp\n\t"
			 "call *%1\n\t"
			 "movq %%rbx, %%rsp"
			 :
			 : "r"(stack + STACK_BYTES), "r"(run)
			 : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
			 "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
			 "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc",
			 "memory");
	rt_mem_unmap(stack, STACK_BYTES);
	return true;
}
