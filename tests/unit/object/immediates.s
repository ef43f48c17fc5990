# Immediates of one byte: with a sign in arithmetic, without one in shifts.
	.text
	.globl	immediates
	.type	immediates, @function
immediates:
	andl	$-52, %r8d
	testb	$-128, %r11b
	movb	$-1, %al
	addq	$-3, %rax
	shll	$200, %eax
	pshufd	$228, %xmm1, %xmm0
	cmpb	$127, %al
	ret
	.size	immediates, . - immediates
	.section	.note.GNU-stack, "", @progbits
