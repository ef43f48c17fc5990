/*
 * -folded: one line a distinct stack, "root;child;leaf value", the text that flame graph tools
 * read. Called through the table of report.c. Values are whole numbers of the sample's unit.
 *
 * Frames are functions by name; a frame without one is "[binary]" or its address. A ';' or line
 * break inside a name would break the format and becomes a space.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/vec.h"
#include "graph/trimpath.h"
#include "report/writers.h"

struct folded_stack {
	struct str text;
	uint64_t value; /* modulo 2^64 */
};

static int by_text(const void *a, const void *b)
{
	return str_cmp(
	    ((const struct folded_stack *)a)->text, ((const struct folded_stack *)b)->text);
}

static bool breaks_format(char c)
{
	return c == ';' || c == '\n' || c == '\r';
}

static void add_name(struct str name, struct buf *out)
{
	for (size_t i = 0; i < name.n; i++) {
		if (breaks_format(name.p[i]))
			buf_char(out, ' ');
		else
			buf_char(out, name.p[i]);
	}
}

static void add_unnamed(const struct profile *p, const struct location *l, struct buf *out)
{
	const str_id file = l->mapping != PROFILE_NONE ? p->mappings[l->mapping].file : 0;

	if (l->address != 0) {
		buf_printf(out, "0x%" PRIx64, l->address);
	} else if (file != 0) {
		buf_char(out, '[');
		add_name(graph_base_path(profile_str(p, file)), out);
		buf_char(out, ']');
	} else {
		BUF_LIT(out, "<unknown>");
	}
}

/* Frames of a location, outermost first. */
static void add_location(const struct profile *p, const struct location *l, struct buf *out)
{
	const struct line *lines = location_lines(p, l);

	for (uint32_t i = l->n_lines ? l->n_lines : 1; i-- > 0;) {
		struct str name = STR("");

		if (l->n_lines > 0 && lines[i].function != PROFILE_NONE)
			name = profile_str(p, p->functions[lines[i].function].name);
		if (name.n > 0)
			add_name(name, out);
		else
			add_unnamed(p, l, out);
		if (i > 0)
			buf_char(out, ';');
	}
}

/* The frames of every location as text, made once. */
static struct str *location_texts(struct report *r, struct buf *scratch)
{
	const struct profile *p = r->profile;
	struct str *texts = ARENA_ARRAY(&r->arena, struct str, p->n_locations);

	for (uint32_t i = 0; texts && i < p->n_locations; i++) {
		buf_clear(scratch);
		add_location(p, &p->locations[i], scratch);
		texts[i] = arena_str(&r->arena, buf_str(scratch));
	}
	return texts;
}

static struct str stack_text(
    struct report *r, const struct str *texts, size_t sample, struct buf *scratch)
{
	size_t depth;
	const uint32_t *stack = sample_stack(r->profile, sample, &depth);

	buf_clear(scratch);
	for (size_t i = depth; i-- > 0;) {
		buf_add_str(scratch, texts[stack[i]]);
		if (i > 0)
			buf_char(scratch, ';');
	}
	return arena_str(&r->arena, buf_str(scratch));
}

static size_t merge(struct folded_stack *v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof *v, by_text);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && str_eq(v[kept - 1].text, v[i].text))
			v[kept - 1].value += v[i].value;
		else
			v[kept++] = v[i];
	}
	return kept;
}

enum err_code report_write_folded(struct report *r, struct buf *out, struct err *e)
{
	struct folded_stack *v = ARENA_ARRAY(&r->arena, struct folded_stack, r->profile->samples.n);
	struct buf scratch = { 0 };
	const struct str *texts = location_texts(r, &scratch);
	size_t n = 0;
	bool failed;

	for (size_t i = 0; v && texts && i < r->profile->samples.n; i++) {
		v[n].text = stack_text(r, texts, i, &scratch);
		v[n].value = (uint64_t)report_sample_mean(r, i);
		n += v[n].text.n > 0;
	}
	failed = buf_failed(&scratch) || arena_failed(&r->arena);
	buf_release(&scratch);
	if (failed)
		return FAIL_NOMEM(e);
	n = n > 0 ? merge(v, n) : 0;
	for (size_t i = 0; i < n; i++) {
		if (v[i].value == 0)
			continue;
		buf_add_str(out, v[i].text);
		buf_char(out, ' ');
		buf_i64(out, (int64_t)v[i].value);
		buf_char(out, '\n');
	}
	return OK;
}
