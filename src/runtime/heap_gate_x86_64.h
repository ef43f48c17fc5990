/*
 * The two tests of heap_gate.h in the fewest instructions: compilers keep the load, the operation
 * and the store of an atomic or thread-local apart, and these run twice in every malloc and free.
 * Each asm is one instruction whose flag is the result. Included by heap_gate.h only.
 */
#ifndef RUNTIME_HEAP_GATE_X86_64_H
#define RUNTIME_HEAP_GATE_X86_64_H

#include <stdbool.h>
#include <stdint.h>

/* *left -= cost; true when it borrowed. (The asm writes through left.) */
/* NOLINTNEXTLINE(readability-non-const-parameter) */
static inline bool rt_gate_take(uint64_t *left, uint64_t cost)
{
	bool borrow;

	__asm__("subq %2, %0" : "+m"(*left), "=@ccb"(borrow) : "r"(cost) : "cc");
	return borrow;
}

/* *counter != 0, as it is now. */
static inline bool rt_gate_counted(_Atomic uint8_t *counter)
{
	bool counted;

	__asm__ volatile("cmpb $0, %1" : "=@ccne"(counted) : "m"(*counter) : "cc");
	return counted;
}

#endif
