/*
 * A rule: how to step from one frame to its caller, for one code address, in 30 bits. Nearly all
 * compiled code fits (96.9 to 100 % of the bytes of large libraries, bench/micro/bench_rules.c);
 * the rest is RULE_OTHER, for which the unwind information is evaluated in full (walk_slow.c).
 *
 *	bits 0-2 kind, 3-16 `cfa` (words), 17-28 `bp` (words), 29 kind's high bit
 *
 * so that the CFA's distance in bytes is one masking away: it is on the path that every frame of a
 * walk waits for.
 *
 * The CFA is the stack pointer before the call. The return address is at CFA - 8, the caller's
 * rbp at CFA - 8 * bp when bp is not 0, else unchanged. Zero is no rule: an empty cache slot.
 */
#ifndef UNWIND_RULE_H
#define UNWIND_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "unwind/cfi.h"

enum rule_kind {
	RULE_INVALID = 0,
	RULE_SP = 1,        /* CFA = rsp + 8 * cfa */
	RULE_BP = 2,        /* CFA = rbp + 8 * cfa */
	RULE_PLT = 3,       /* CFA = rsp + 8, 8 more from byte `cfa` of a 16-byte PLT entry on */
	RULE_DEREF_BP = 4,  /* CFA = *(rbp - 8 * cfa), caller's rbp = *rbp: realigned stack (gcc) */
	RULE_DEREF_SP = 5,  /* CFA = *(rsp + 8 * cfa) + 8: hand-written code that saved rsp there */
	RULE_SIGNAL = 6,    /* kernel's signal frame: a ucontext_t lies at rsp */
	RULE_END = 7,       /* outermost: the return address is declared undefined */
	RULE_OTHER = 8,     /* needs other registers or an odd layout */
	RULE_FRAME_PTR = 9, /* no unwind information: try the frame pointer */
	RULE_ZONE = 10,     /* as RULE_BP with 2 and 2, and in zone number `cfa`, see zone.h */
};

#define RULE_BITS    30
#define RULE_CFA_MAX 0x3fffu
#define RULE_BP_MAX  0xfffu

static inline uint32_t rule_make(enum rule_kind kind, uint32_t cfa, uint32_t bp)
{
	return ((uint32_t)kind & 7) | cfa << 3 | bp << 17 | (uint32_t)kind >> 3 << 29;
}

/* For the two frequent kinds: compares without putting the kind's bits together. */
static inline bool rule_is_plain(uint32_t rule, enum rule_kind kind)
{
	return (rule & (7u | 1u << 29)) == (uint32_t)kind;
}

static inline enum rule_kind rule_kind(uint32_t rule)
{
	return (enum rule_kind)((rule & 7) | rule >> 29 << 3);
}

/* Both in bytes. */
static inline uintptr_t rule_cfa(uint32_t rule)
{
	return rule & RULE_CFA_MAX << 3;
}

static inline uintptr_t rule_bp(uint32_t rule)
{
	return rule >> 14 & RULE_BP_MAX << 3;
}

/* The number of a RULE_ZONE. */
static inline uint32_t rule_zone(uint32_t rule)
{
	return rule >> 3 & RULE_CFA_MAX;
}

/* The rule that says the same as the row, RULE_OTHER when none does. */
uint32_t rule_from_row(const struct cfi_row *row);

#endif
