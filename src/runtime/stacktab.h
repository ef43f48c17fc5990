/*
 * Stacks, each stored once: from a list of code addresses to a small number that never changes.
 * Lock-free: a stack is written to fresh space first, then its number is put into the hash index
 * by one compare-and-swap; the loser of a race uses the winner's.
 *
 * Code addresses below RT_PC_PSEUDO_END stand for things that are not code.
 */
#ifndef RUNTIME_STACKTAB_H
#define RUNTIME_STACKTAB_H

#include <stddef.h>
#include <stdint.h>

#include "core/statefmt.h"
#include "core/str.h"

typedef uint32_t rt_stack_id; /* offset in the stacks region / 8; 0 is none */

/* Distinct stacks there can be. */
#define RT_STACKS_MAX 49152u

/* Frames kept of a stack; deeper ones end in RT_PC_TRUNCATED. */
#define RT_STACK_DEPTH 128

enum rt_pseudo_pc {
	RT_PC_STACKS_FULL = STATEFMT_PC_STACKS_FULL,
	RT_PC_RECORDS_FULL = STATEFMT_PC_RECORDS_FULL,
	RT_PC_TRUNCATED = STATEFMT_PC_TRUNCATED,
	RT_PC_UNREADABLE = STATEFMT_PC_UNREADABLE,
	RT_PC_NO_SCRATCH = STATEFMT_PC_NO_SCRATCH,
	RT_PC_NOT_SAMPLED = STATEFMT_PC_NOT_SAMPLED,       /* CPU time without a sample */
	RT_PC_UNSEEN_THREADS = STATEFMT_PC_UNSEEN_THREADS, /* of threads that came and went */
	RT_PC_NO_ANSWER = STATEFMT_PC_NO_ANSWER,           /* a thread whose stack is not known */
	RT_PC_NO_CREATOR = STATEFMT_PC_NO_CREATOR,         /* a thread that nobody saw start */
	RT_PC_PSEUDO_END = STATEFMT_PC_END,
};

struct rt_stack {
	uint32_t hash;
	uint32_t depth;
	uint64_t pc[]; /* innermost first; return addresses */
};

/* The number of this stack, storing it when new; when the table is full, the stack that says so
 * (and a counted loss). depth is 1 to RT_STACK_DEPTH + 1. RT_NOALLOC */
rt_stack_id rt_stacktab_id(const uintptr_t *pcs, size_t depth);

/* The same in two steps: the hash, which also the stack's records are found by, and the rest. */
uint32_t rt_stacktab_hash(const uintptr_t *pcs, size_t depth);
rt_stack_id rt_stacktab_find(uint32_t hash, const uintptr_t *pcs, size_t depth);

/*
 * Fetches the place of the next new stack, or where the index has a stack of this hash, while the
 * caller does other things. RT_SIGSAFE
 */
void rt_stacktab_prefetch(void);
void rt_stacktab_prefetch_slot(uint32_t hash);

/* The stack by number, which must have come from rt_stacktab_id. RT_SIGSAFE */
const struct rt_stack *rt_stacktab_get(rt_stack_id id);

/* The name shown for a pseudo address, "[stack table full]"; empty for a real one. RT_SIGSAFE */
struct str rt_stacktab_pseudo_name(uint64_t pc);

/* Stores the stack for "table full" while there is room. Init only. */
void rt_stacktab_init(void);

#endif
