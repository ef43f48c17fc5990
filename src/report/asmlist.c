/*
 * -disasm: instructions of the functions that the symbol matches, with their values. Called
 * through the table of report.c; nodes are per address (the driver aggregates so) and the graph is
 * whole. Symbols and code come from the source vtable.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/vec.h"
#include "graph/trimpath.h"
#include "report/writers.h"

#define ASMLIST_TEXT_COLUMNS 40

/* A function of a binary with the nodes whose addresses it covers. */
struct asm_symbol {
	const struct source_symbol *symbol;
	const struct mapping *mapping;
	const struct node **nodes; /* by address; part of asmlist.nodes */
	size_t n;
	uint64_t flat, cum;      /* modulo 2^64 */
	struct str inlined_name; /* when only the parts inlined from that function are meant */
};

struct asmlist {
	struct report *r;
	const struct node **nodes; /* all that have an address, by address */
	size_t n_nodes;
	VEC(struct asm_symbol) symbols;
	bool any_symbol; /* found in a binary, with samples or without */
};

/* What is known of one instruction. */
struct asm_row {
	const struct source_instruction *code;
	struct str function, file;
	int64_t line;
	uint64_t flat, flat_div, cum, cum_div;
};

static int by_address(const void *a, const void *b)
{
	const struct node *x = *(const struct node *const *)a;
	const struct node *y = *(const struct node *const *)b;

	if (x->info.address != y->info.address)
		return x->info.address < y->info.address ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int by_name(const void *a, const void *b)
{
	const struct source_symbol *x = ((const struct asm_symbol *)a)->symbol;
	const struct source_symbol *y = ((const struct asm_symbol *)b)->symbol;
	const int order = str_cmp(x->names[0], y->names[0]);

	if (order != 0)
		return order;
	return x->start < y->start ? -1 : x->start > y->start;
}

static int by_flat(const void *a, const void *b)
{
	const int64_t x = (int64_t)((const struct asm_symbol *)a)->flat;
	const int64_t y = (int64_t)((const struct asm_symbol *)b)->flat;

	return x != y ? (x > y ? -1 : 1) : by_name(a, b);
}

static enum err_code collect_nodes(struct asmlist *l, struct err *e)
{
	const struct graph *g = &l->r->graph;

	l->nodes = ARENA_ARRAY(&l->r->arena, const struct node *, g->n_nodes);
	if (!l->nodes)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < g->n_nodes; i++)
		if (g->nodes[i].info.address != 0)
			l->nodes[l->n_nodes++] = &g->nodes[i];
	if (l->n_nodes > 1)
		qsort(l->nodes, l->n_nodes, sizeof(const struct node *), by_address);
	return OK;
}

/* By its printed name, which begins with the address, or by the function's: "^main$" names one. */
static bool is_wanted(struct report *r, uint32_t node)
{
	const struct graph *g = &r->graph;

	return regex_match(r->options->symbol, report_node_name(r, node)) ||
	       regex_match(r->options->symbol, profile_str(g->profile, g->nodes[node].info.name));
}

/* Marks the files of mappings that hold a node whose name matches: only their symbols are read. */
static bool *wanted_files(struct report *r)
{
	const struct graph *g = &r->graph;
	bool *wanted = ARENA_ARRAY(&r->arena, bool, g->profile->strings.n);

	for (uint32_t i = 0; wanted && i < g->n_nodes; i++) {
		const str_id objfile = g->nodes[i].info.objfile;

		if (objfile != 0 && !wanted[objfile] && is_wanted(r, i))
			wanted[objfile] = true;
	}
	return wanted;
}

static size_t first_at(const struct asmlist *l, uint64_t address)
{
	size_t low = 0, high = l->n_nodes;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (l->nodes[middle]->info.address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Keeps a symbol that has samples. */
static void add_symbol(
    struct asmlist *l, const struct mapping *m, const struct source_symbol *symbol)
{
	const size_t begin = first_at(l, symbol->start);
	struct asm_symbol s = { .symbol = symbol, .mapping = m, .nodes = l->nodes + begin };

	l->any_symbol = true;
	for (size_t i = begin; i < l->n_nodes && l->nodes[i]->info.address <= symbol->end; i++) {
		s.flat += (uint64_t)l->nodes[i]->flat;
		s.cum += (uint64_t)l->nodes[i]->cum;
		s.n++;
	}
	if (s.n > 0)
		VEC_PUSH(&l->symbols, s);
}

static bool name_matches(void *ctx, struct str name)
{
	return regex_match(((const struct report_options *)ctx)->symbol, name);
}

/* A binary that cannot be read costs its own functions only. */
static enum err_code add_mapping(struct asmlist *l, const struct mapping *m, struct err *e)
{
	struct report *r = l->r;
	const struct report_options *o = r->options;

	const union {
		const struct report_options *borrowed;
		void *ctx;
	} arg = { o };
	struct source_symbol *symbols = NULL;
	uint32_t n = 0;
	struct err why = { 0 };
	const enum err_code code = o->source->symbols(o->source->ctx, r->profile, m, name_matches,
	    arg.ctx, o->has_address ? o->address : 0, &r->arena, &symbols, &n, &why);

	if (code == ERR_NOMEM)
		return FAIL_NOMEM(e);
	if (code != OK) {
		if (r->warnings)
			buf_printf(r->warnings, "%s\n", why.msg);
		return OK;
	}
	for (uint32_t i = 0; i < n; i++)
		if (symbols[i].n_names > 0)
			add_symbol(l, m, &symbols[i]);
	return OK;
}

static enum err_code collect_symbols(struct asmlist *l, struct err *e)
{
	const struct report_options *o = l->r->options;
	const struct profile *p = l->r->profile;
	const bool *wanted = wanted_files(l->r);

	if (!wanted)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_mappings; i++) {
		const struct mapping *m = &p->mappings[i];
		const bool has_address =
		    o->has_address && m->start <= o->address && o->address <= m->limit;

		if ((m->file != 0 && wanted[m->file]) || has_address)
			TRY(add_mapping(l, m, e));
	}
	if (l->symbols.failed)
		return FAIL_NOMEM(e);
	if (l->symbols.n > 1)
		qsort(l->symbols.p, l->symbols.n, sizeof *l->symbols.p,
		    o->max_sections ? by_flat : by_name);
	return OK;
}

static bool matches_nothing(void *ctx, struct str name)
{
	(void)ctx;
	(void)name;
	return false;
}

static const struct mapping *mapping_at(const struct profile *p, uint64_t address)
{
	for (uint32_t i = 0; i < p->n_mappings; i++)
		if (p->mappings[i].start <= address && address < p->mappings[i].limit)
			return &p->mappings[i];
	return NULL;
}

/* The function inlined at an address whose name matches; "" when there is none. */
static struct str inlined_match(struct report *r, const struct mapping *m, uint64_t address)
{
	const struct source_ops *ops = r->options->source;
	struct source_frame *frames = NULL;
	struct err ignored;
	uint32_t n = 0;

	if (!ops->frames ||
	    ops->frames(ops->ctx, r->profile, m, address, &r->arena, &frames, &n, &ignored) != OK)
		return STR("");
	for (uint32_t i = 0; i < n; i++)
		if (regex_match(r->options->symbol, frames[i].function))
			return frames[i].function;
	return STR("");
}

/* The function around the inlined code at `address`, with all its nodes in such code. */
static enum err_code add_inlined(
    struct asmlist *l, const struct mapping *m, uint64_t address, struct str name, struct err *e)
{
	const struct source_ops *ops = l->r->options->source;
	struct asm_symbol s = { .mapping = m, .inlined_name = name };
	struct source_symbol *found = NULL;
	const struct node **nodes;
	struct err why = { 0 };
	uint32_t n = 0;

	if (ops->symbols(ops->ctx, l->r->profile, m, matches_nothing, NULL, address, &l->r->arena,
		&found, &n, &why) != OK ||
	    n == 0 || found[0].n_names == 0)
		return why.code == ERR_NOMEM ? FAIL_NOMEM(e) : OK;
	s.symbol = &found[0];
	nodes = ARENA_ARRAY(&l->r->arena, const struct node *, l->n_nodes);
	if (!nodes)
		return FAIL_NOMEM(e);
	s.nodes = nodes;
	for (size_t i = first_at(l, s.symbol->start);
	     i < l->n_nodes && l->nodes[i]->info.address <= s.symbol->end; i++) {
		if (!inlined_match(l->r, m, l->nodes[i]->info.address).n)
			continue;
		nodes[s.n++] = l->nodes[i];
		s.flat += (uint64_t)l->nodes[i]->flat;
		s.cum += (uint64_t)l->nodes[i]->cum;
	}
	return VEC_PUSH(&l->symbols, s) ? OK : FAIL_NOMEM(e);
}

/*
 * No symbol has the name, but code with samples may: the function was inlined wherever it is
 * called. Those parts of the functions around it are shown.
 */
static enum err_code collect_inlined(struct asmlist *l, struct err *e)
{
	for (size_t i = 0; i < l->n_nodes; i++) {
		const uint64_t address = l->nodes[i]->info.address;
		const struct mapping *m = mapping_at(l->r->profile, address);
		const struct asm_symbol *last =
		    l->symbols.n ? &l->symbols.p[l->symbols.n - 1] : NULL;
		struct str name;

		if (!m || (last && address >= last->symbol->start && address <= last->symbol->end))
			continue;
		name = inlined_match(l->r, m, address);
		if (name.n)
			TRY(add_inlined(l, m, address, name, e));
	}
	if (l->symbols.n > 1)
		qsort(l->symbols.p, l->symbols.n, sizeof *l->symbols.p,
		    l->r->options->max_sections ? by_flat : by_name);
	return OK;
}

static enum err_code nothing_found(const struct asmlist *l, struct err *e)
{
	const struct report_options *o = l->r->options;

	if (!o->has_address)
		return FAIL(
		    e, ERR_NOT_FOUND, "no matches found for regexp %.*s", STR_ARG(o->symbol_text));
	if (!l->any_symbol)
		return FAIL(
		    e, ERR_NOT_FOUND, "no matches found for address 0x%" PRIx64, o->address);
	return FAIL(e, ERR_NOT_FOUND,
	    "address 0x%" PRIx64 " found in binary, but the corresponding symbols do not have "
	    "samples in the profile",
	    o->address);
}

/* Values of all nodes up to the next instruction: a sample may point into the middle of one. */
static struct asm_row make_row(const struct asm_symbol *s, size_t *at, const struct profile *p,
    const struct source_instruction *code, uint64_t next)
{
	struct asm_row row = { .code = code, .function = code->function, .line = code->line };

	if (code->file.n > 0)
		row.file = graph_base_path(code->file);
	for (; *at < s->n && s->nodes[*at]->info.address < next; (*at)++) {
		const struct node *n = s->nodes[*at];

		row.flat += (uint64_t)n->flat;
		row.flat_div += (uint64_t)n->flat_div;
		row.cum += (uint64_t)n->cum;
		row.cum_div += (uint64_t)n->cum_div;
		if (row.file.n == 0 && n->info.file.n > 0)
			row.file = graph_base_path(n->info.file);
		if (row.line == 0)
			row.line = n->info.line;
		if (row.function.n == 0)
			row.function = profile_str(p, n->info.name);
	}
	return row;
}

static void print_place(const struct asm_row *row, struct buf *out)
{
	if (row->function.n > 0) {
		buf_add_str(out, row->function);
		buf_char(out, ' ');
	}
	if (row->file.n == 0)
		return;
	buf_add_str(out, row->file);
	if (row->line != 0) {
		buf_char(out, ':');
		buf_i64(out, row->line);
	}
}

static void print_code(const struct report *r, const struct asm_row *row, struct buf *out)
{
	report_value_or_dot(r, graph_value((int64_t)row->flat, (int64_t)row->flat_div), 10, out);
	buf_char(out, ' ');
	report_value_or_dot(r, graph_value((int64_t)row->cum, (int64_t)row->cum_div), 10, out);
	buf_printf(out, " %10" PRIx64 ": ", row->code->object_address);
	buf_add_str(out, row->code->text);
}

/* The place stands behind a short instruction and in front of a long one. */
static void print_row(
    const struct report *r, const struct asm_row *row, bool with_place, struct buf *out)
{
	const size_t columns = report_columns(row->code->text);
	const bool has_place = with_place && (row->function.n > 0 || row->file.n > 0);

	if (has_place && row->code->text.n >= ASMLIST_TEXT_COLUMNS) {
		buf_fill(out, ' ', 74);
		buf_char(out, ';');
		print_place(row, out);
		buf_char(out, '\n');
	}
	print_code(r, row, out);
	if (has_place && row->code->text.n < ASMLIST_TEXT_COLUMNS) {
		buf_fill(out, ' ', ASMLIST_TEXT_COLUMNS - columns);
		buf_char(out, ';');
		print_place(row, out);
	}
	buf_char(out, '\n');
}

static void print_rows(struct report *r, const struct asm_symbol *s,
    const struct source_instruction *code, uint32_t n, struct buf *out)
{
	struct asm_row last = { 0 };
	bool gap = false;
	size_t at = 0;

	for (uint32_t i = 0; i < n; i++) {
		const uint64_t next = i + 1 < n ? code[i + 1].address : UINT64_MAX;
		const struct asm_row row = make_row(s, &at, r->profile, &code[i], next);
		const bool moved = !str_eq(row.function, last.function) ||
				   !str_eq(row.file, last.file) || row.line != last.line;

		if (s->inlined_name.n && !inlined_match(r, s->mapping, code[i].address).n) {
			gap = last.code != NULL;
			continue;
		}
		if (gap)
			buf_printf(out, "%23s...\n", "");
		gap = false;
		print_row(r, &row, moved, out);
		last = row;
	}
}

static void print_heading(const struct report *r, const struct asm_symbol *s, struct buf *out)
{
	if (s->inlined_name.n)
		buf_printf(out, "ROUTINE ======================== %.*s (inlined in %.*s)\n",
		    STR_ARG(s->inlined_name), STR_ARG(s->symbol->names[0]));
	else
		buf_printf(
		    out, "ROUTINE ======================== %.*s\n", STR_ARG(s->symbol->names[0]));
	for (uint32_t i = 1; !s->inlined_name.n && i < s->symbol->n_names; i++)
		buf_printf(
		    out, "    AKA ======================== %.*s\n", STR_ARG(s->symbol->names[i]));
	report_value_pad(r, (int64_t)s->flat, 10, out);
	buf_char(out, ' ');
	report_value_pad(r, (int64_t)s->cum, 10, out);
	BUF_LIT(out, " (flat, cum) ");
	report_percent(r, (int64_t)s->cum, out);
	BUF_LIT(out, " of Total\n");
}

static enum err_code print_symbol(
    struct report *r, const struct asm_symbol *s, struct buf *out, struct err *e)
{
	const struct source_ops *ops = r->options->source;
	const uint64_t end = s->symbol->end == UINT64_MAX ? s->symbol->end : s->symbol->end + 1;
	struct source_instruction *code = NULL;
	uint32_t n = 0;

	TRY(ops->disassemble(ops->ctx, r->profile, s->mapping, s->symbol->start, end,
	    r->options->intel_syntax, &r->arena, &code, &n, e));
	print_heading(r, s, out);
	print_rows(r, s, code, n, out);
	return OK;
}

static enum err_code print_asmlist(struct asmlist *l, struct buf *out, struct err *e)
{
	const uint32_t most = l->r->options->max_sections;

	TRY(collect_nodes(l, e));
	TRY(collect_symbols(l, e));
	if (l->symbols.n == 0 && !l->r->options->has_address)
		TRY(collect_inlined(l, e));
	if (l->symbols.n == 0)
		return nothing_found(l, e);
	BUF_LIT(out, "Total: ");
	report_value(l->r, l->r->options->total, out);
	buf_char(out, '\n');
	for (size_t i = 0; i < l->symbols.n && (most == 0 || i < most); i++)
		TRY(print_symbol(l->r, &l->symbols.p[i], out, e));
	return OK;
}

enum err_code report_write_disasm(struct report *r, struct buf *out, struct err *e)
{
	const struct source_ops *ops = r->options->source;
	struct asmlist l = { .r = r };
	enum err_code code;

	if (!ops || !ops->symbols || !ops->disassemble)
		return FAIL(e, ERR_UNSUPPORTED, "cannot disasm: no disassembler available");
	code = print_asmlist(&l, out, e);
	VEC_RELEASE(&l.symbols);
	return code;
}
