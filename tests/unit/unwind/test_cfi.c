/* Unwind information from hand-made bytes: finding, programs, rules, and what is malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "eh_build.h"
#include "unwind/rule.h"

#define P(literal) literal, sizeof(literal) - 1

static bool row_at(const struct eh *eh, uint32_t at, struct cfi_row *row)
{
	struct unwind_module module = eh_module(eh);

	return cfi_row_at(&module, EH_CODE + at, row);
}

static uint32_t rule_at(const struct eh *eh, uint32_t at)
{
	struct cfi_row row;

	assert_true(row_at(eh, at, &row));
	return rule_from_row(&row);
}

static uint32_t rule_of(const char *program, size_t n)
{
	struct eh eh;

	eh_init(&eh, "zR");
	eh_fde(&eh, 0, 0x100, program, n);
	return rule_at(&eh, 0x10);
}

static void test_rows_of_a_function(void **state)
{
	/* push rbp; mov rbp, rsp; … pop rbp; ret */
	static const char program[] = "\x41\x0e\x10\x86\x02\x43\x0d\x06\x02\x60\xc6\x0c\x07\x08";
	struct eh eh;

	(void)state;
	eh_init(&eh, "zR");
	eh_fde(&eh, 0, 0x70, P(program));
	assert_int_equal(rule_at(&eh, 0), rule_make(RULE_SP, 1, 0));
	assert_int_equal(rule_at(&eh, 1), rule_make(RULE_SP, 2, 2));
	assert_int_equal(rule_at(&eh, 3), rule_make(RULE_SP, 2, 2));
	assert_int_equal(rule_at(&eh, 4), rule_make(RULE_BP, 2, 2));
	assert_int_equal(rule_at(&eh, 0x63), rule_make(RULE_BP, 2, 2));
	assert_int_equal(rule_at(&eh, 0x64), rule_make(RULE_SP, 1, 0));
	assert_int_equal(rule_at(&eh, 0x6f), rule_make(RULE_SP, 1, 0));
}

static void test_finding(void **state)
{
	struct cfi_row row;
	struct eh eh;

	(void)state;
	eh_init(&eh, "zR");
	eh_fde(&eh, 0x10, 0x10, P("\x0e\x10"));
	eh_fde(&eh, 0x20, 0x08, P("\x0e\x18"));
	eh_fde(&eh, 0x40, 0x10, P("\x0e\x20"));
	assert_false(row_at(&eh, 0x0f, &row));
	assert_int_equal(rule_at(&eh, 0x10), rule_make(RULE_SP, 2, 0));
	assert_int_equal(rule_at(&eh, 0x1f), rule_make(RULE_SP, 2, 0));
	assert_int_equal(rule_at(&eh, 0x20), rule_make(RULE_SP, 3, 0));
	assert_false(row_at(&eh, 0x28, &row)); /* a gap */
	assert_false(row_at(&eh, 0x3f, &row));
	assert_int_equal(rule_at(&eh, 0x4f), rule_make(RULE_SP, 4, 0));
	assert_false(row_at(&eh, 0x50, &row));
}

static void test_remembered_rows(void **state)
{
	/* Two levels, advances of all widths. */
	static const char program[] = "\x0e\x10\x0a\x02\x10\x0e\x18\x0a\x03\x10\x00\x0e\x20"
				      "\x04\x10\x00\x00\x00\x0b\x02\x10\x0b";
	struct eh eh;

	(void)state;
	eh_init(&eh, "zR");
	eh_fde(&eh, 0, 0x100, P(program));
	assert_int_equal(rule_at(&eh, 0x00), rule_make(RULE_SP, 2, 0));
	assert_int_equal(rule_at(&eh, 0x10), rule_make(RULE_SP, 3, 0));
	assert_int_equal(rule_at(&eh, 0x20), rule_make(RULE_SP, 4, 0));
	assert_int_equal(rule_at(&eh, 0x30), rule_make(RULE_SP, 3, 0));
	assert_int_equal(rule_at(&eh, 0x40), rule_make(RULE_SP, 2, 0));
}

static void test_rules_of_expressions(void **state)
{
	(void)state;
	/* PLT: breg7 8; breg16 0; lit15; and; lit11; ge; lit3; shl; plus */
	assert_int_equal(rule_of(P("\x0f\x0b\x77\x08\x80\x00\x3f\x1a\x3b\x2a\x33\x24\x22")),
	    rule_make(RULE_PLT, 11, 0));
	/* Realigned stack: rbp at *rbp, CFA = *(rbp - 16) */
	assert_int_equal(
	    rule_of(P("\x10\x06\x02\x76\x00\x0f\x03\x76\x70\x06")), rule_make(RULE_DEREF_BP, 2, 0));
	/* The same without the word on rbp is something else. */
	assert_int_equal(rule_kind(rule_of(P("\x0f\x03\x76\x70\x06"))), RULE_OTHER);
	/* CFA = *(rsp + 40) + 8 with rbp at CFA - 24 */
	assert_int_equal(
	    rule_of(P("\x86\x03\x0f\x05\x77\x28\x06\x23\x08")), rule_make(RULE_DEREF_SP, 5, 3));
	/* The linker's expression with another comparison */
	assert_int_equal(
	    rule_kind(rule_of(P("\x0f\x0b\x77\x08\x80\x00\x3f\x1a\x3b\x2b\x33\x24\x22"))),
	    RULE_OTHER);
	assert_int_equal(rule_kind(rule_of(P("\x0f\x00"))), RULE_OTHER);
}

static void test_rules_beyond(void **state)
{
	(void)state;
	assert_int_equal(rule_kind(rule_of(P("\x07\x10"))), RULE_END);
	assert_int_equal(rule_kind(rule_of(P("\x0c\x03\x10"))), RULE_OTHER); /* CFA by rbx */
	assert_int_equal(rule_kind(rule_of(P("\x0e\x0c"))), RULE_OTHER);     /* not words */
	assert_int_equal(rule_kind(rule_of(P("\x09\x10\x00"))), RULE_OTHER); /* ra in rax */
	assert_int_equal(rule_kind(rule_of(P("\x90\x02"))), RULE_OTHER);     /* ra elsewhere */
	assert_int_equal(rule_kind(rule_of(P("\x09\x06\x0c"))), RULE_OTHER); /* rbp in r12 */
	assert_int_equal(rule_kind(rule_of(P("\x14\x07\x01"))), RULE_OTHER); /* rsp said */
	assert_int_equal(rule_of(P("\x0e\xf8\xff\x07")), rule_make(RULE_SP, 0x3fff, 0));
	assert_int_equal(rule_kind(rule_of(P("\x0e\x80\x80\x08"))), RULE_OTHER); /* one more */
	assert_int_equal(rule_of(P("\x86\xff\x1f")), rule_make(RULE_SP, 1, 0xfff));
	assert_int_equal(rule_kind(rule_of(P("\x86\x80\x20"))), RULE_OTHER);
}

static void test_signal_frames(void **state)
{
	struct eh eh;

	(void)state;
	eh_init(&eh, "zRS");
	eh_fde(&eh, 0, 0x10, P("\x0f\x04\x77\xa0\x01\x06"));
	eh_fde(&eh, 0x20, 0x10, P("\x0e\x10"));
	assert_int_equal(rule_kind(rule_at(&eh, 0)), RULE_SIGNAL);
	assert_int_equal(rule_kind(rule_at(&eh, 0x20)), RULE_OTHER);
}

static void test_rare_operations(void **state)
{
	struct cfi_row row;
	struct eh eh;

	(void)state;
	eh_init(&eh, "zR");
	/* offset_extended r12 2; same_value r3; register r13 r14; undefined r15; val_offset r9 1;
	 * offset_extended_sf r3 -3; val_expression r8 {lit1}; restore_extended r12;
	 * negative_offset r14 4; args_size 16; def_cfa_sf rbp -2; vector register: ignored */
	eh_fde(&eh, 0, 0x10,
	    P("\x05\x0c\x02\x08\x03\x09\x0d\x0e\x07\x0f\x14\x09\x01\x11\x03\x7d\x16\x08\x01\x31"
	      "\x06\x0c\x2f\x0e\x04\x2e\x10\x12\x06\x7e\x05\x20\x05"));
	assert_true(row_at(&eh, 8, &row));
	assert_int_equal(row.reg[UNWIND_R12].kind, CFI_SAME);
	assert_int_equal(row.reg[UNWIND_R13].kind, CFI_IN_REG);
	assert_int_equal(row.reg[UNWIND_R13].v, UNWIND_R14);
	assert_int_equal(row.reg[UNWIND_R15].kind, CFI_UNDEFINED);
	assert_int_equal(row.reg[9].kind, CFI_IS_CFA);
	assert_int_equal(row.reg[9].v, -8);
	assert_int_equal(row.reg[UNWIND_RBX].kind, CFI_AT_CFA);
	assert_int_equal(row.reg[UNWIND_RBX].v, 24);
	assert_int_equal(row.reg[8].kind, CFI_VAL_EXPR);
	assert_int_equal(row.reg[UNWIND_R14].v, 32);
	assert_int_equal(row.cfa_reg, UNWIND_BP);
	assert_int_equal(row.cfa.v, 16);
}

static bool accepts(const char *program, size_t n)
{
	struct cfi_row row;
	struct eh eh;

	eh_init(&eh, "zR");
	eh_fde(&eh, 0, 0x100, program, n);
	return row_at(&eh, 0x80, &row);
}

static void test_malformed_programs(void **state)
{
	(void)state;
	assert_false(accepts(P("\x0b")));                             /* nothing remembered */
	assert_false(accepts(P("\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a"))); /* too deep */
	assert_false(accepts(P("\x0c\x10\x08")));                     /* CFA from rip */
	assert_false(accepts(P("\x0c\x40\x08")));
	assert_false(accepts(P("\x17"))); /* not assigned */
	assert_false(accepts(P("\x2d")));
	assert_false(accepts(P("\x0f\x7f"))); /* block past the end */
	assert_false(accepts(P("\x0e\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")));
	assert_false(accepts(P("\x0e\xff\xff\xff\xff\x0f"))); /* over 31 bits */
	assert_false(accepts(P("\x0f\x02\x77\x08\x0e\x10"))); /* offset of an expression */
	assert_false(accepts(P("\x0f\x02\x77\x08\x0d\x06")));
	assert_true(accepts(P("\x0f\x02\x77\x08\x0c\x07\x10")));
	assert_true(accepts(P("")));
}

static void test_malformed_records(void **state)
{
	struct cfi_row row;
	struct eh good;
	struct eh eh;

	(void)state;
	eh_init(&good, "zR");
	eh_fde(&good, 0, 0x10, P("\x0e\x10"));
	assert_true(row_at(&good, 0, &row));
	eh = good, eh.bytes[0] = 2; /* header's version */
	assert_false(row_at(&eh, 0, &row));
	eh = good, eh.bytes[3] = 0x1b; /* its table's encoding */
	assert_false(row_at(&eh, 0, &row));
	eh = good, eh_set_u32(&eh, 8, 0x20000000); /* its count */
	assert_false(row_at(&eh, 0, &row));
	eh = good, eh_set_u32(&eh, 16, 0x7fffffff); /* the record's place */
	assert_false(row_at(&eh, 0, &row));
	eh = good, eh_set_u32(&eh, 16, (uint32_t)-8);
	assert_false(row_at(&eh, 0, &row));
	eh = good, eh_set_u32(&eh, 16, (uint32_t)eh.cie); /* a CIE */
	assert_false(row_at(&eh, 0, &row));
	eh = good, eh.bytes[eh.cie + 8] = 2; /* version */
	assert_false(row_at(&eh, 0, &row));
	eh = good, eh.bytes[eh.cie + 14] = 7; /* return address column */
	assert_false(row_at(&eh, 0, &row));
	eh = good, eh_set_u32(&eh, eh.cie, 0xffffffff); /* length */
	assert_false(row_at(&eh, 0, &row));
}

/* The bytes end anywhere: in memory of their own, so that a sanitizer sees one read too far. */
static void test_every_cut(void **state)
{
	struct unwind_module module;
	struct cfi_row row;
	struct eh eh;
	size_t accepted = 0;

	(void)state;
	eh_init(&eh, "zR");
	eh_fde(&eh, 0, 0x100, P("\x41\x0e\x10\x86\x02\x0f\x03\x76\x70\x06"));
	for (size_t n = 1; n <= eh.n; n++) {
		uint8_t *copy = malloc(n);

		assert_non_null(copy);
		memcpy(copy, eh.bytes, n);
		module = eh_module(&eh);
		module.delta = EH_AT - (uintptr_t)copy;
		module.eh_frame_hdr = module.readable_start = copy;
		module.readable_end = copy + n;
		accepted += cfi_row_at(&module, EH_CODE + 0x80, &row);
		free(copy);
	}
	assert_int_equal(accepted, 1);
}

static void test_augmentations(void **state)
{
	/* Personality and language data first, as C++ has them; then the pointer encoding. */
	static const char data[] = "\x07\x9b\x01\x02\x03\x04\x1b\x1b\x0c\x07\x08\x90\x01";
	struct cfi_row row;
	struct eh eh = { .n = EH_HEAD };
	size_t at;

	(void)state;
	eh_init(&eh, "zR");
	eh.n = eh.cie = at = EH_HEAD;
	eh_u32(&eh, 0);
	eh_u32(&eh, 0);
	eh_put(&eh, "\x01zPLR\0\x01\x78\x10", 9);
	eh_put(&eh, P(data));
	eh_end_record(&eh, at);
	eh_fde(&eh, 0, 0x10, P("\x0e\x18"));
	assert_int_equal(rule_at(&eh, 0), rule_make(RULE_SP, 3, 0));
	eh.bytes[at + 10] = 'Q'; /* in the place of P: its data's size is not known */
	assert_false(row_at(&eh, 0, &row));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_of_a_function),
		cmocka_unit_test(test_finding),
		cmocka_unit_test(test_remembered_rows),
		cmocka_unit_test(test_rules_of_expressions),
		cmocka_unit_test(test_rules_beyond),
		cmocka_unit_test(test_signal_frames),
		cmocka_unit_test(test_rare_operations),
		cmocka_unit_test(test_malformed_programs),
		cmocka_unit_test(test_malformed_records),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_augmentations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
