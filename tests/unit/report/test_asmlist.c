/*
 * -disasm: which functions are printed, values inside instructions, places, and its three errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_code.h"

/* Both nodes of an inlined location have its address, so cum counts twice, as pprof's does. */
static const char outer[] =
    "Total: 80ms\n"
    "ROUTINE ======================== outer\n"
    "    AKA ======================== outer_alias\n"
    "      80ms      130ms (flat, cum) 162.50% of Total\n"
    "      30ms       30ms         10: push   %rbp                             ;outer code.c:8\n"
    "         .          .         12: nop\n"
    "                                                                          ;inner code.c:3\n"
    "      50ms      100ms         14: cmpl   $0x1,0x2ee3(%rip)        # 3010 <b>\n"
    "         .          .         1a: ret                                     ;outer code.c:10\n";

static void prints_functions_with_samples(void **state)
{
	struct code c;

	(void)state;
	code_init(&c, REPORT_DISASM, "outer|cold");
	assert_report(make_report(&c.m.p, &c.o), outer);
	code_release(&c);
}

/* No symbol is called inner: what was inlined of it is shown, with the samples in it. */
static void prints_what_is_only_inlined(void **state)
{
	struct code c;

	(void)state;
	code_init(&c, REPORT_DISASM, "inner");
	assert_report(make_report(&c.m.p, &c.o),
	    "Total: 80ms\n"
	    "ROUTINE ======================== inner (inlined in outer)\n"
	    "      50ms      100ms (flat, cum) 125.00% of Total\n"
	    "                                                                          ;inner "
	    "code.c:3\n"
	    "      50ms      100ms         14: cmpl   $0x1,0x2ee3(%rip)        # 3010 <b>\n");
	code_release(&c);
}

/* A symbol that ends at the first byte of an instruction still has that instruction. */
static enum err_code ends_at_last_byte(void *ctx, const struct profile *p, const struct mapping *m,
    bool (*match)(void *match_ctx, struct str name), void *match_ctx, uint64_t address,
    struct arena *arena, struct source_symbol **out, uint32_t *n, struct err *e)
{
	static struct str names[] = { { "outer", 5 } };

	(void)ctx, (void)p, (void)m, (void)match, (void)match_ctx, (void)address;
	*out = ARENA_NEW(arena, struct source_symbol);
	if (!*out)
		return FAIL_NOMEM(e);
	**out = (struct source_symbol){ names, 1, CODE_BASE + 0x10, CODE_BASE + 0x1a };
	*n = 1;
	return OK;
}

static void prints_the_last_byte(void **state)
{
	struct code c;
	struct buf out;

	(void)state;
	code_init(&c, REPORT_DISASM, "outer");
	c.ops.symbols = ends_at_last_byte;
	out = make_report(&c.m.p, &c.o);
	assert_non_null(strstr(buf_c(&out), "1a: ret"));
	buf_release(&out);
	code_release(&c);
}

static void finds_a_function_by_address(void **state)
{
	struct code c;

	(void)state;
	code_init(&c, REPORT_DISASM, "0x400013");
	assert_report(make_report(&c.m.p, &c.o), outer);
	code_release(&c);
}

static void tells_what_was_not_found(void **state)
{
	static const struct {
		const char *symbol, *message;
	} cases[] = {
		{ "nothing", "no matches found for regexp nothing" },
		{ "0x500000", "no matches found for address 0x500000" },
		{ "0x400025", "address 0x400025 found in binary, but the corresponding symbols do "
			      "not have samples in the profile" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct code c;
		struct err e;

		code_init(&c, REPORT_DISASM, cases[i].symbol);
		e = make_report_error(&c.m.p, &c.o);
		assert_int_equal(e.code, ERR_NOT_FOUND);
		assert_string_equal(e.msg, cases[i].message);
		code_release(&c);
	}
}

static void warns_about_a_missing_binary(void **state)
{
	struct code c;
	struct buf out = { 0 }, warnings = { 0 };
	struct err e = { 0 };

	(void)state;
	code_init(&c, REPORT_DISASM, "outer");
	c.no_binary = true;
	assert_int_equal(report_generate(&c.m.p, &c.o, &out, &warnings, &e), ERR_NOT_FOUND);
	assert_report(warnings, "open code: no such file or directory\n");
	buf_release(&out);
	code_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_functions_with_samples),
		cmocka_unit_test(prints_what_is_only_inlined),
		cmocka_unit_test(prints_the_last_byte),
		cmocka_unit_test(finds_a_function_by_address),
		cmocka_unit_test(tells_what_was_not_found),
		cmocka_unit_test(warns_about_a_missing_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
