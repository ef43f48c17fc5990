/*
 * A made-up binary for the tests of disasm and weblist: two functions of machine code and their
 * source, served through a source vtable.
 */
#ifndef TESTS_REPORT_MAKE_CODE_H
#define TESTS_REPORT_MAKE_CODE_H

#include "make_profile.h"
#include "report/source.h"

/* The binary is mapped at CODE_BASE: object address 0x10 is process address CODE_BASE + 0x10. */
#define CODE_BASE UINT64_C(0x400000)

/*
 * outer (0x10..0x1f) has an inlined call of inner at 0x14; cold (0x20..0x2f) is never sampled.
 * Samples: 30 at 0x10, 50 at 0x15 (inside the instruction at 0x14).
 */
struct code {
	struct maker m;
	struct report_options o;
	struct source_ops ops;
	struct regex *re;
	bool no_binary; /* every look at the binary fails */
};

void code_init(struct code *c, enum report_format format, const char *pattern);
/* Besides, `far` samples of 1 in outer, each in a range of code of its own, at lines 1000, 2000 …
 */
void code_init_far(struct code *c, enum report_format format, const char *pattern, uint32_t far);
void code_release(struct code *c);

#endif
