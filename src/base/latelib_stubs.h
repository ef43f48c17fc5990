/*
 * For assembly: functions of a library that is loaded when first needed, see latelib.h. Each
 * LATE(name) is a function `name` that jumps through a slot; LATE_LIBRARY's table lists the slots.
 *
 *	LATE_LIBRARY(latelib_x, X_SONAME)
 *	LATE(x_open)
 *	LATE_END
 */
#ifndef BASE_LATELIB_STUBS_H
#define BASE_LATELIB_STUBS_H

/* struct latelib: soname, then {name, slot} pairs up to a NULL name. */
#define LATE_LIBRARY(symbol, file)                                                                 \
	.section .rodata.latelib.names, "a", %progbits;                                            \
	70: .asciz file;                                                                           \
	.section .data.rel.ro.latelib, "aw", %progbits;                                            \
	.balign 8;                                                                                 \
	.hidden symbol;                                                                            \
	.globl symbol;                                                                             \
	.type symbol, %object;                                                                     \
	symbol: .quad 70b

#if defined(__x86_64__)
#define LATE_JUMP jmp *71b(%rip)
#elif defined(__aarch64__)
#define LATE_JUMP                                                                                  \
	adrp x16, 71b;                                                                             \
	ldr x16, [x16, #:lo12:71b];                                                                \
	br x16
#else
#error "no stub for this machine"
#endif

#define LATE(name)                                                                                 \
	.section .rodata.latelib.names, "a", %progbits;                                            \
	72: .asciz #name;                                                                          \
	.section .data.latelib, "aw", %progbits;                                                   \
	.balign 8;                                                                                 \
	71: .quad abort;                                                                           \
	.section .data.rel.ro.latelib, "aw", %progbits;                                            \
	.quad 72b, 71b;                                                                            \
	.text;                                                                                     \
	.balign 16;                                                                                \
	.hidden name;                                                                              \
	.globl name;                                                                               \
	.type name, %function;                                                                     \
	name: LATE_JUMP;                                                                           \
	.size name, . - name

#define LATE_END                                                                                   \
	.section .data.rel.ro.latelib, "aw", %progbits;                                            \
	.quad 0, 0;                                                                                \
	.section .note.GNU-stack, "", %progbits

#endif
