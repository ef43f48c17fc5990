/*
 * A made-up binary for the tests of disasm and weblist, see make_code.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_code.h"

static enum err_code read_file(void *ctx, struct str path, struct str source_path,
    struct str trim_path, struct arena *arena, struct str *text, struct err *e)
{
	(void)ctx;
	(void)source_path;
	(void)trim_path;
	(void)arena;
	if (!str_is(path, "code.c"))
		return FAIL(e, ERR_NOT_FOUND, "no such file");
	*text = STR("int inner(void)\n{\n\treturn a < b;\n}\n\nint outer(void)\n{\n\tx = 1;\n"
		    "\treturn inner();\n}\n");
	return OK;
}

static enum err_code symbols(void *ctx, const struct profile *p, const struct mapping *m,
    bool (*match)(void *match_ctx, struct str name), void *match_ctx, uint64_t address,
    struct arena *arena, struct source_symbol **out, uint32_t *n, struct err *e)
{
	static const struct {
		struct str names[2];
		uint32_t n_names;
		uint64_t start, end;
	} all[] = {
		{ { { "outer", 5 }, { "outer_alias", 11 } }, 2, CODE_BASE + 0x10,
		    CODE_BASE + 0x1f },
		{ { { "cold", 4 } }, 1, CODE_BASE + 0x20, CODE_BASE + 0x2f },
	};
	const struct code *c = ctx;
	struct source_symbol *v = ARENA_ARRAY(arena, struct source_symbol, 2);

	(void)p;
	(void)m;
	*n = 0;
	if (c->no_binary)
		return FAIL(e, ERR_NOT_FOUND, "open code: no such file or directory");
	if (!v)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < 2; i++) {
		struct str *names = ARENA_ARRAY(arena, struct str, 2);

		if (!names)
			return FAIL_NOMEM(e);
		names[0] = all[i].names[0];
		names[1] = all[i].names[1];
		if (match(match_ctx, names[0]) ||
		    (address >= all[i].start && address <= all[i].end))
			v[(*n)++] = (struct source_symbol){ names, all[i].n_names, all[i].start,
				all[i].end };
	}
	*out = v;
	return OK;
}

static const struct source_instruction instructions[] = {
	{ CODE_BASE + 0x10, { "push   %rbp", 11 }, { "outer", 5 }, { "/src/code.c", 11 }, 8, 0x10 },
	{ CODE_BASE + 0x12, { "nop", 3 }, { "outer", 5 }, { "/src/code.c", 11 }, 8, 0x12 },
	{ CODE_BASE + 0x14, { "cmpl   $0x1,0x2ee3(%rip)        # 3010 <b>", 42 }, { "inner", 5 },
	    { "/src/code.c", 11 }, 3, 0x14 },
	{ CODE_BASE + 0x1a, { "ret", 3 }, { "outer", 5 }, { "/src/code.c", 11 }, 10, 0x1a },
};

static enum err_code disassemble(void *ctx, const struct profile *p, const struct mapping *m,
    uint64_t start, uint64_t end, bool intel, struct arena *arena, struct source_instruction **out,
    uint32_t *n, struct err *e)
{
	const struct code *c = ctx;
	struct source_instruction *v = ARENA_ARRAY(arena, struct source_instruction, 4);

	(void)p;
	(void)m;
	(void)intel;
	*n = 0;
	if (c->no_binary)
		return FAIL(e, ERR_NOT_FOUND, "open code: no such file or directory");
	if (!v)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < 4; i++)
		if (instructions[i].address >= start && instructions[i].address < end)
			v[(*n)++] = instructions[i];
	*out = v;
	return OK;
}

static enum err_code frames(void *ctx, const struct profile *p, const struct mapping *m,
    uint64_t address, struct arena *arena, struct source_frame **out, uint32_t *n, struct err *e)
{
	const uint64_t at = address - CODE_BASE;
	struct source_frame *v = ARENA_ARRAY(arena, struct source_frame, 2);
	const bool inlined = at >= 0x14 && at < 0x1a;

	(void)ctx;
	(void)p;
	(void)m;
	if (!v)
		return FAIL_NOMEM(e);
	*n = 0;
	if (inlined)
		v[(*n)++] = (struct source_frame){ STR("inner"), STR("code.c"), 3, 0 };
	v[(*n)++] = (struct source_frame){ STR("outer"), STR("./code.c"),
		at < 0x14 ? 8
		: inlined ? 9
			  : 10,
		0 };
	*out = v;
	return OK;
}

void code_init(struct code *c, enum report_format format, const char *pattern)
{
	code_init_far(c, format, pattern, 0);
}

void code_init_far(struct code *c, enum report_format format, const char *pattern, uint32_t far)
{
	uint32_t outer, inner, first, second;
	struct err e;

	*c = (struct code){ 0 };
	c->ops = (struct source_ops){ c, read_file, symbols, disassemble, frames };
	make_init(&c->m);
	make_type(&c->m, "cpu", "ms");
	make_mapping(&c->m, CODE_BASE, CODE_BASE + 0x10000 * (far + 1), "/bin/code");
	outer = make_function(&c->m, "outer", "/src/code.c", 0);
	inner = make_function(&c->m, "inner", "/src/code.c", 0);
	first = make_location(&c->m, CODE_BASE + 0x10, 0);
	make_line(&c->m, outer, 8);
	second = make_location(&c->m, CODE_BASE + 0x15, 0);
	make_line(&c->m, inner, 3);
	make_line(&c->m, outer, 9);
	MAKE_SAMPLE(&c->m, VALUES(30), first);
	MAKE_SAMPLE(&c->m, VALUES(50), second);
	for (uint32_t i = 0; i < far; i++) {
		uint32_t at = make_location(&c->m, CODE_BASE + 0x10000 * (i + 1), 0);

		make_line(&c->m, outer, 1000 * (i + 1));
		MAKE_SAMPLE(&c->m, VALUES(1), at);
	}
	make_done(&c->m);
	c->o = make_options(&c->m.p, format);
	c->o.source = &c->ops;
	assert_int_equal(regex_new(&c->re, str_c(pattern), &e), OK);
	c->o.symbol = c->re;
	c->o.symbol_text = str_c(pattern);
	c->o.has_address = str_to_u64(c->o.symbol_text, 0, &c->o.address);
}

void code_release(struct code *c)
{
	regex_free(c->re);
	make_release(&c->m);
}
