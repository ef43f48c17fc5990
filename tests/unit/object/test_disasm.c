/* Machine code of the sample as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "object/disasm.h"
#include "object/disasm_text.h"
#include "unit/object/sample.h"

static void list(struct object *o, const char *name, bool intel, struct arena *a,
    struct object_instruction **v, uint32_t *n)
{
	const struct object_symbol *s = sample_symbol(o, name);
	struct err e;

	assert_int_equal(
	    object_disassemble(o, s->address, s->address + s->size, intel, a, v, n, &e), OK);
	assert_true(*n > 1);
	assert_int_equal((*v)[0].address, s->address);
}

static bool any_holds(const struct object_instruction *v, uint32_t n, const char *text)
{
	for (uint32_t i = 0; i < n; i++)
		if (str_find(v[i].text, str_c(text)) != STR_NPOS)
			return true;
	return false;
}

static void test_listing(void **state)
{
	struct object *o = sample_open("pie");
	struct arena a = { 0 };
	struct object_instruction *v;
	uint32_t n;
	bool has_line = false;

	(void)state;
	list(o, "sample_outer", false, &a, &v, &n);
	assert_true(any_holds(v, n, "<sample_inner>"));
	for (uint32_t i = 0; i < n; i++) {
		assert_true(text_is(v[i].function, "sample_outer"));
		has_line |= v[i].line == sample_line("mark: outer") && str_is(v[i].file, SAMPLE_C);
		if (i)
			assert_true(v[i].address > v[i - 1].address);
	}
	assert_true(has_line);
	arena_release(&a);
	object_close(o);
}

/* Code of other machines, with its calls' targets and its lines. */
static void test_machines(void **state)
{
	static const struct {
		const char *name, *call, *multiply;
	} v[] = {
		{ "aarch64", "bl\t0x", "mul" },
		{ "arm", "bl\t0x", "mul" },
		{ "thumb", "bl\t0x", "mul" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct object_instruction *code;
		struct arena a = { 0 };
		struct object *o;
		bool has_line = false;
		uint32_t n;

		if (!sample_exists(v[i].name))
			continue;
		o = sample_open(v[i].name);
		list(o, "sample_outer", false, &a, &code, &n);
		assert_true(any_holds(code, n, v[i].call));
		assert_true(any_holds(code, n, " <sample_inner>"));
		assert_false(any_holds(code, n, "<unknown>"));
		for (uint32_t k = 0; k < n; k++)
			has_line |= code[k].line == sample_line("mark: outer");
		assert_true(has_line);
		list(o, "sample_inner", false, &a, &code, &n);
		assert_true(any_holds(code, n, v[i].multiply));
		/* The last instruction ends where the function does. */
		assert_true(code[n - 1].address < sample_symbol(o, "sample_inner")->address +
						      sample_symbol(o, "sample_inner")->size);
		arena_release(&a);
		object_close(o);
	}
}

/* With no program in PATH. */
static void check_without_objdump(struct object *o, const struct object_symbol *s)
{
	const char *path = getenv("PATH");
	char *was = strdup(path ? path : "");
	struct object_instruction *code;
	struct arena a = { 0 };
	struct err e;
	uint32_t n;

	assert_non_null(was);
	setenv("PATH", "/nowhere", 1);
	if (object_disassemble(o, s->address, s->address + s->size, false, &a, &code, &n, &e) == OK)
		assert_true(n > 4); /* capstone 5 */
	else
		assert_non_null(strstr(e.msg, "cannot disassemble RISC-V code: pprof was built "
					      "with capstone"));
	setenv("PATH", was, 1);
	free(was);
	arena_release(&a);
}

/*
 * By capstone, or by an objdump of PATH when capstone does not know the machine; when there is none
 * either it is said: never shown as the code of something else.
 */
static void test_riscv(void **state)
{
	const struct object_symbol *s;
	struct object_instruction *code;
	struct arena a = { 0 };
	struct object *o;
	struct err e;
	uint32_t n;

	(void)state;
	if (!sample_exists("riscv"))
		return;
	o = sample_open("riscv");
	s = sample_symbol(o, "sample_outer");
	assert_int_equal(
	    object_disassemble(o, s->address, s->address + s->size, false, &a, &code, &n, &e), OK);
	assert_true(any_holds(code, n, "ret"));
	assert_true(n > 4);
	for (uint32_t i = 0; i < n; i++) {
		assert_in_range(code[i].address, s->address, s->address + s->size - 1);
		assert_true(code[i].line > 0 && code[i].function.n > 0 && code[i].text.n > 0);
	}
	/* To the last instruction, which has 2 or 4 bytes. */
	assert_true(s->address + s->size - code[n - 1].address <= 4);
	check_without_objdump(o, s);
	arena_release(&a);
	object_close(o);
}

#if defined(__x86_64__)
static void test_syntaxes(void **state)
{
	struct object *o = sample_open("pie");
	struct arena a = { 0 };
	struct object_instruction *v;
	uint32_t n;

	(void)state;
	list(o, "sample_inner", false, &a, &v, &n);
	assert_true(any_holds(v, n, "%r"));
	assert_true(any_holds(v, n, "retq"));
	list(o, "sample_inner", true, &a, &v, &n);
	assert_false(any_holds(v, n, "%r"));
	assert_true(any_holds(v, n, "ret"));
	arena_release(&a);
	object_close(o);
}

static void test_immediates(void **state)
{
	static const char *const want[] = { "andl\t$-52, %r8d", "testb\t$-128, %r11b",
		"movb\t$-1, %al", "addq\t$-3, %rax", "shll\t$200, %eax",
		"pshufd\t$228, %xmm1, %xmm0", "cmpb\t$127, %al", "retq" };
	static const char *const want_intel[] = { "and\tr8d, -52", "test\tr11b, -128",
		"mov\tal, -1", "add\trax, -3", "shl\teax, 200", "pshufd\txmm0, xmm1, 228",
		"cmp\tal, 127", "ret" };
	struct object *o = sample_open("immediates");
	struct arena a = { 0 };
	struct object_instruction *v;
	uint32_t n;

	(void)state;
	list(o, "immediates", false, &a, &v, &n);
	assert_int_equal(n, sizeof want / sizeof *want);
	for (uint32_t i = 0; i < n; i++)
		assert_true(text_is(v[i].text, want[i]));
	list(o, "immediates", true, &a, &v, &n);
	for (uint32_t i = 0; i < n; i++)
		assert_true(text_is(v[i].text, want_intel[i]));
	arena_release(&a);
	object_close(o);
}
#endif

static void check_operands(const char *in, const char *want)
{
	struct buf b = { 0 };

	disasm_operands(&b, str_c(in));
	assert_string_equal(buf_c(&b), want);
	buf_release(&b);
}

static void test_operands(void **state)
{
	(void)state;
	check_operands("$0xb8, %rsp", "$184, %rsp");
	check_operands("$1, -0x60(%rbp)", "$1, -96(%rbp)");
	check_operands("%cs:(%rax, %rax)", "%cs:(%rax,%rax)");
	check_operands("0x10(%rax, %rbx, 8), %rcx", "16(%rax,%rbx,8), %rcx");
	check_operands("$0xffffffffffffffff, %rax", "$-1, %rax");
	check_operands("dword ptr [rbp - 0x60], 1", "dword ptr [rbp - 96], 1");
	check_operands("x29, x30, [sp, #-0x10]!", "x29, x30, [sp, #-16]!");
	check_operands("rbx, [r12 + rax*4]", "rbx, [r12 + 4*rax]");
	check_operands("xmm0, [rax*8 + 0x10]", "xmm0, [8*rax + 16]");
	check_operands("", "");
}

static void check_arm64(const char *name, const char *in, const char *want)
{
	struct buf b = { 0 }, line = { 0 };

	disasm_operands_arm64(&b, &name, str_c(in));
	buf_printf(&line, "%s %s", name, buf_c(&b));
	assert_string_equal(buf_c(&line), want);
	buf_release(&b);
	buf_release(&line);
}

static void test_operands_arm64(void **state)
{
	(void)state;
	check_arm64("movz", "w19, #0", "mov w19, #0");
	check_arm64("movz", "x2, #0x79b1", "mov x2, #31153");
	check_arm64("movz", "x2, #1, lsl #16", "movz x2, #1, lsl #16");
	check_arm64("movn", "x0, #0", "mov x0, #-1");
	check_arm64("and", "w3, w3, #7", "and w3, w3, #0x7");
	check_arm64("and", "w3, w3, w4", "and w3, w3, w4");
	check_arm64("orr", "x0, x1, x2, lsl #3", "orr x0, x1, x2, lsl #3");
	check_arm64("add", "x0, sp, #0x10", "add x0, sp, #16");
}

/* As google/pprof has them: no parentheses without parameters, clones are told apart. */
static void test_function_names(void **state)
{
	struct object *o = sample_open("local");
	struct object_instruction *v;
	struct arena a = { 0 };
	uint32_t n;

	(void)state;
	list(o, "_Z14sample_nothingv", false, &a, &v, &n);
	assert_true(text_is(v[0].function, "sample_nothing"));
	list(o, "_Z13sample_throwsi", false, &a, &v, &n);
	assert_true(text_is(v[0].function, "sample_throws(int)"));
	assert_true(any_holds(v, n, "<sample_throws(int) (.cold)>"));
	list(o, "_Z13sample_throwsi.cold", false, &a, &v, &n);
	assert_true(text_is(v[0].function, "sample_throws(int) (.cold)"));
	arena_release(&a);
	object_close(o);
}

/* Up to the end of the section: filling that follows is no code, though no symbol begins there. */
static void test_end_of_section(void **state)
{
	struct object *o = sample_open("pie");
	const struct object_symbol *fini = sample_symbol(o, "_fini");
	struct object_instruction *v;
	struct arena a = { 0 };
	struct err e;
	uint64_t last;
	uint32_t n;

	(void)state;
	last = object_section_end(o, fini->address - 32);
	assert_true(last <= fini->address);
	assert_int_equal(object_section_end(o, 0x7fffffff), UINT64_MAX);
	assert_int_equal(object_disassemble(o, last - 1, fini->address, false, &a, &v, &n, &e), OK);
	for (uint32_t i = 0; i < n; i++)
		assert_true(v[i].address < last);
	arena_release(&a);
	object_close(o);
}

static void test_comments(void **state)
{
	struct buf b = { 0 };
	int64_t v;

	(void)state;
	BUF_LIT(&b, "leaq\t757649(%rip), %rax");
	disasm_begin_comment(&b, 0);
	assert_string_equal(buf_c(&b), "leaq\t757649(%rip), %rax      # ");
	buf_clear(&b);
	BUF_LIT(&b, "movabsq\t$-6148914691236517205, %rax");
	disasm_begin_comment(&b, 0);
	assert_string_equal(buf_c(&b), "movabsq\t$-6148914691236517205, %rax # ");
	buf_release(&b);
	assert_true(disasm_large_immediate(STR("$0x7fffffff, %rbx"), &v) && v == 0x7fffffff);
	assert_true(disasm_large_immediate(STR("$-0x101, %rbx"), &v) && v == -257);
	assert_false(disasm_large_immediate(STR("$0xff, %rbx"), &v));
	assert_false(disasm_large_immediate(STR("$-0x100, %rbx"), &v));
	assert_false(disasm_large_immediate(STR("%rax, 0x1000(%rbx)"), &v));
}

/* A range that ends within an instruction has all of it, as one that ends behind it has. */
static void test_cut(void **state)
{
	struct object *o = sample_open("pie");
	struct arena a = { 0 };
	struct object_instruction *v, *cut;
	struct err e;
	uint32_t n, n_cut;
	size_t seen = 0;

	(void)state;
	list(o, "sample_inner", false, &a, &v, &n);
	for (uint32_t i = 1; i < n; i++) {
		if (v[i].address - v[i - 1].address < 2)
			continue;
		assert_int_equal(object_disassemble(o, v[0].address, v[i - 1].address + 1, false,
				     &a, &cut, &n_cut, &e),
		    OK);
		assert_int_equal(n_cut, i);
		assert_true(str_eq(cut[i - 1].text, v[i - 1].text));
		seen++;
	}
	assert_true(seen > 0);
	arena_release(&a);
	object_close(o);
}

static void test_range(void **state)
{
	struct object *o = sample_open("pie");
	struct arena a = { 0 };
	struct object_instruction *v;
	struct err e;
	uint32_t n;

	(void)state;
	assert_int_equal(object_disassemble(o, 0, 1ULL << 40, false, &a, &v, &n, &e), ERR_LIMIT);
	assert_int_equal(object_disassemble(o, 8, 4, false, &a, &v, &n, &e), ERR_LIMIT);
	assert_int_equal(
	    object_disassemble(o, 1ULL << 50, (1ULL << 50) + 9, false, &a, &v, &n, &e), OK);
	assert_int_equal(n, 0);
	arena_release(&a);
	object_close(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listing),
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_riscv),
#if defined(__x86_64__)
		cmocka_unit_test(test_syntaxes),
		cmocka_unit_test(test_immediates),
#endif
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_operands_arm64),
		cmocka_unit_test(test_function_names),
		cmocka_unit_test(test_end_of_section),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
