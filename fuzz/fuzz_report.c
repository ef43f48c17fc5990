/*
 * Every report of any profile: two bytes choose the format and the options, the rest is decoded as
 * a profile. Source and machine code come from a made-up binary with an instruction every four
 * bytes, so that disasm and weblist run too.
 */
#include <stddef.h>
#include <stdint.h>

#include "profile/decode.h"
#include "report/report.h"

#define FUZZ_MAX_CODE 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static enum err_code read_file(void *ctx, struct str path, struct str source_path,
    struct str trim_path, struct arena *arena, struct str *text, struct err *e)
{
	(void)ctx;
	(void)source_path;
	(void)trim_path;
	(void)arena;
	if (path.n % 3 == 0)
		return FAIL(e, ERR_NOT_FOUND, "no such file");
	*text = STR("one\n\ttwo < 2\n\nfour\n  five\nsix\nseven");
	return OK;
}

static enum err_code symbols(void *ctx, const struct profile *p, const struct mapping *m,
    bool (*match)(void *match_ctx, struct str name), void *match_ctx, uint64_t address,
    struct arena *arena, struct source_symbol **out, uint32_t *n, struct err *e)
{
	struct source_symbol *v = ARENA_NEW(arena, struct source_symbol);
	struct str *name = ARENA_NEW(arena, struct str);

	(void)ctx;
	(void)p;
	(void)address;
	if (!v || !name)
		return FAIL_NOMEM(e);
	*name = STR("everything");
	*v = (struct source_symbol){ name, 1, m->start, m->limit };
	*out = v;
	*n = match(match_ctx, *name);
	return OK;
}

static enum err_code disassemble(void *ctx, const struct profile *p, const struct mapping *m,
    uint64_t start, uint64_t end, bool intel, struct arena *arena, struct source_instruction **out,
    uint32_t *n, struct err *e)
{
	struct source_instruction *v = ARENA_ARRAY(arena, struct source_instruction, FUZZ_MAX_CODE);

	(void)ctx;
	(void)p;
	(void)m;
	(void)intel;
	if (!v)
		return FAIL_NOMEM(e);
	*n = 0;
	for (uint64_t at = start; at < end && *n < FUZZ_MAX_CODE && at <= UINT64_MAX - 4; at += 4)
		v[(*n)++] = (struct source_instruction){ at, STR("nop"), STR("everything"),
			STR("a.c"), (int64_t)(at % 9), at - m->start };
	*out = v;
	return OK;
}

static struct report_options options_of(const struct profile *p, uint8_t format, uint8_t flags)
{
	struct report_options o = { .format = (enum report_format)(format % REPORT_N_FORMATS),
		.cum_sort = flags & 1,
		.mean = flags & 2,
		.call_tree = flags & 4,
		.json = flags & 8,
		.drop_negative = flags & 16,
		.divide_by = flags & 32 ? 0.5 : 1,
		.node_count = flags & 64 ? 5 : 0,
		.node_fraction = flags & 64 ? 0.05 : 0,
		.edge_fraction = flags & 64 ? 0.01 : 0,
		.max_sections = flags & 128 ? 2 : 0,
		.output_unit = flags & 128 ? STR("auto") : STR("minimum"),
		.value_index = p->n_sample_types - 1 };

	o.sample_type = profile_str(p, p->sample_types[o.value_index].type);
	o.sample_unit = profile_str(p, p->sample_types[o.value_index].unit);
	o.total = report_total(p, o.value_index, o.mean);
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct source_ops ops = {
		.read_file = read_file, .symbols = symbols, .disassemble = disassemble
	};
	struct buf out = { 0 }, warnings = { 0 };
	struct regex *symbol = NULL;
	struct report_options o;
	struct profile p;
	struct err e;

	if (n < 2 || n > 65536 ||
	    profile_decode(&p, (struct str){ (const char *)data + 2, n - 2 }, &e) != OK)
		return 0;
	if (p.n_sample_types > 0 && regex_new(&symbol, STR("."), &e) == OK) {
		o = options_of(&p, data[0], data[1]);
		o.source = &ops;
		o.symbol = o.format == REPORT_TREE && !(data[1] & 1) ? NULL : symbol;
		o.symbol_text = STR(".");
		if (report_generate(&p, &o, &out, &warnings, &e) != OK && e.msg[0] == 0)
			__builtin_trap();
	}
	regex_free(symbol);
	buf_release(&out);
	buf_release(&warnings);
	profile_release(&p);
	return 0;
}
