/*
 * -raw: everything in a profile as text, for debugging and for comparing profiles with diff.
 * Called through the table of report.c.
 */
#include "core/shortbytes.h"
#include "report/gotime.h"
#include "report/samplelabels.h"
#include "report/writers.h"

#define RAW_DURATION_COLUMNS 4
#define RAW_LABEL_INDENT     16
#define RAW_LINE_INDENT      13

static void print_padded(struct buf *out, uint64_t v, bool negative, size_t width)
{
	char text[24];
	size_t n = sizeof text;

	do
		text[--n] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	if (negative)
		text[--n] = '-';
	if (sizeof text - n < width)
		buf_fill(out, ' ', width - (sizeof text - n));
	buf_add(out, text + n, sizeof text - n);
}

static void print_hex(struct buf *out, uint64_t v)
{
	char text[18];
	size_t n = sizeof text;

	do
		text[--n] = "0123456789abcdef"[v & 15];
	while ((v >>= 4) != 0);
	text[--n] = 'x';
	text[--n] = '0';
	buf_add(out, text + n, sizeof text - n);
}

static void print_text_group(
    const struct profile *p, const struct label_group *group, void *ctx, struct buf *out)
{
	(void)ctx;
	buf_add_str(out, group->key);
	BUF_LIT(out, ":[");
	for (size_t i = 0; i < group->n; i++) {
		if (i > 0)
			buf_char(out, ' ');
		buf_add_str(out, profile_str(p, group->labels[i]->str));
	}
	buf_char(out, ']');
}

/* When one number of a key has a unit, all of them have, if only an empty one. */
static void print_number_group(
    const struct profile *p, const struct label_group *group, void *ctx, struct buf *out)
{
	bool has_units = false;

	(void)ctx;
	for (size_t i = 0; i < group->n; i++)
		has_units = has_units || group->labels[i]->unit != 0;
	buf_add_str(out, group->key);
	BUF_LIT(out, ":[");
	for (size_t i = 0; i < group->n; i++) {
		if (i > 0)
			buf_char(out, ' ');
		buf_i64(out, group->labels[i]->num);
		if (has_units) {
			buf_char(out, ' ');
			buf_add_str(out, profile_str(p, group->labels[i]->unit));
		}
	}
	buf_char(out, ']');
}

static void print_head(const struct profile *p, struct buf *out)
{
	for (uint32_t i = 0; i < p->n_comments; i++) {
		BUF_LIT(out, "Comment: ");
		buf_add_str(out, profile_str(p, p->comments[i]));
		buf_char(out, '\n');
	}
	if (p->doc_url != 0)
		buf_printf(out, "Doc: %.*s\n", STR_ARG(profile_str(p, p->doc_url)));
	buf_printf(out, "PeriodType: %.*s %.*s\n", STR_ARG(profile_str(p, p->period_type.type)),
	    STR_ARG(profile_str(p, p->period_type.unit)));
	BUF_LIT(out, "Period: ");
	buf_i64(out, p->period);
	if (p->time_ns != 0) {
		BUF_LIT(out, "\nTime: ");
		gotime_print(p->time_ns, out);
	}
	if (p->duration_ns != 0) {
		BUF_LIT(out, "\nDuration: ");
		goduration_print(p->duration_ns, RAW_DURATION_COLUMNS, out);
	}
	buf_char(out, '\n');
}

static enum err_code print_types(const struct profile *p, struct buf *out, struct err *e)
{
	const struct str dflt = profile_str(p, p->default_sample_type);
	struct buf line = { 0 };
	bool failed;

	for (uint32_t i = 0; i < p->n_sample_types; i++) {
		const struct str type = profile_str(p, p->sample_types[i].type);

		buf_add_str(&line, type);
		buf_char(&line, '/');
		buf_add_str(&line, profile_str(p, p->sample_types[i].unit));
		if (str_eq(type, dflt))
			BUF_LIT(&line, "[dflt]");
		buf_char(&line, ' ');
	}
	buf_add_str(out, str_trim(buf_str(&line)));
	buf_char(out, '\n');
	failed = buf_failed(&line);
	buf_release(&line);
	return failed ? FAIL_NOMEM(e) : OK;
}

static void print_labels(const struct profile *p, size_t sample, bool numeric,
    struct sample_labels_work *w, struct buf *out)
{
	const size_t before = out->n;

	if (!p->samples.label_at)
		return;
	buf_fill(out, ' ', RAW_LABEL_INDENT);
	if (sample_labels_print(w, p, sample, numeric,
		numeric ? print_number_group : print_text_group, NULL, STR(" "), out))
		buf_char(out, '\n');
	else if (!buf_failed(out))
		out->n = before;
}

/* Frames are the bulk of the report, so the texts of their locations' ids are made once. */

#define ID_MAX ((size_t)24) /* bytes of an id and the space behind it, at most */

static short_bytes *id_texts(struct report *r)
{
	const struct profile *p = r->profile;
	short_bytes *v = arena_alloc_raw(&r->arena, p->n_locations, sizeof *v);
	struct buf text = { 0 };
	bool good = v && buf_reserve(&text, ID_MAX);

	for (uint32_t i = 0; good && i < p->n_locations; i++) {
		buf_clear(&text);
		buf_u64(&text, p->locations[i].id);
		buf_char(&text, ' ');
		v[i] = short_bytes_of(text.p, text.n);
	}
	buf_release(&text);
	return good ? v : NULL;
}

static void print_stack(const struct profile *p, const uint32_t *stack, size_t depth,
    const short_bytes *ids, struct buf *out)
{
	char *at;

	if (depth > SIZE_MAX / ID_MAX || !buf_reserve(out, (depth + 1) * ID_MAX))
		return;
	at = out->p + out->n;
	for (size_t k = 0; k < depth; k++) {
		if (ids[stack[k]]) {
			at = short_bytes_put(at, ids[stack[k]]);
			continue;
		}
		out->n = (size_t)(at - out->p);
		buf_u64(out, p->locations[stack[k]].id);
		buf_char(out, ' ');
		at = out->p + out->n;
	}
	out->n = (size_t)(at - out->p);
}

static enum err_code print_samples(struct report *r, struct buf *out, struct err *e)
{
	const struct profile *p = r->profile;
	const short_bytes *ids = id_texts(r);
	struct sample_labels_work w = { 0 };
	bool failed;

	if (!ids && p->n_locations > 0)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < p->samples.n; i++) {
		const int64_t *values = sample_values(p, i);
		size_t depth;
		const uint32_t *stack = sample_stack(p, i, &depth);

		for (uint32_t k = 0; k < p->n_sample_types; k++) {
			const int64_t v = values[k];

			buf_char(out, ' ');
			print_padded(out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0, 10);
		}
		BUF_LIT(out, ": ");
		print_stack(p, stack, depth, ids, out);
		buf_char(out, '\n');
		print_labels(p, i, false, &w, out);
		print_labels(p, i, true, &w, out);
		buf_drain(out);
	}
	failed = w.failed;
	sample_labels_release(&w);
	return failed ? FAIL_NOMEM(e) : OK;
}

static void print_line(const struct profile *p, const struct line *line, struct buf *out)
{
	const struct function *f;
	struct str name, system_name;

	if (line->function == PROFILE_NONE) {
		BUF_LIT(out, "??");
		return;
	}
	f = &p->functions[line->function];
	name = profile_str(p, f->name);
	system_name = profile_str(p, f->system_name);
	buf_add_str(out, name);
	buf_char(out, ' ');
	buf_add_str(out, profile_str(p, f->filename));
	buf_char(out, ':');
	buf_i64(out, line->line);
	buf_char(out, ':');
	buf_i64(out, line->column);
	BUF_LIT(out, " s=");
	buf_i64(out, f->start_line);
	if (str_eq(name, system_name))
		return;
	buf_char(out, '(');
	buf_add_str(out, system_name);
	buf_char(out, ')');
}

static void print_location(const struct profile *p, const struct location *l, struct buf *out)
{
	const struct line *lines = location_lines(p, l);

	print_padded(out, l->id, false, 6);
	BUF_LIT(out, ": ");
	print_hex(out, l->address);
	buf_char(out, ' ');
	if (l->mapping != PROFILE_NONE) {
		BUF_LIT(out, "M=");
		buf_u64(out, p->mappings[l->mapping].id);
		buf_char(out, ' ');
	}
	if (l->is_folded)
		BUF_LIT(out, "[F] ");
	for (uint32_t i = 0; i < l->n_lines; i++) {
		if (i > 0) {
			buf_char(out, '\n');
			buf_fill(out, ' ', RAW_LINE_INDENT);
		}
		print_line(p, &lines[i], out);
	}
	buf_char(out, '\n');
}

static void print_mapping(const struct profile *p, const struct mapping *m, struct buf *out)
{
	buf_u64(out, m->id);
	BUF_LIT(out, ": ");
	print_hex(out, m->start);
	buf_char(out, '/');
	print_hex(out, m->limit);
	buf_char(out, '/');
	print_hex(out, m->offset);
	buf_char(out, ' ');
	buf_add_str(out, profile_str(p, m->file));
	buf_char(out, ' ');
	buf_add_str(out, profile_str(p, m->build_id));
	buf_char(out, ' ');
	buf_add_str(out, m->has_functions ? STR("[FN]") : STR(""));
	buf_add_str(out, m->has_filenames ? STR("[FL]") : STR(""));
	buf_add_str(out, m->has_line_numbers ? STR("[LN]") : STR(""));
	buf_add_str(out, m->has_inline_frames ? STR("[IN]") : STR(""));
	buf_char(out, '\n');
}

enum err_code report_write_raw(struct report *r, struct buf *out, struct err *e)
{
	const struct profile *p = r->profile;

	print_head(p, out);
	BUF_LIT(out, "Samples:\n");
	TRY(print_types(p, out, e));
	TRY(print_samples(r, out, e));
	BUF_LIT(out, "Locations\n");
	for (uint32_t i = 0; i < p->n_locations; i++, buf_drain(out))
		print_location(p, &p->locations[i], out);
	BUF_LIT(out, "Mappings\n");
	for (uint32_t i = 0; i < p->n_mappings; i++)
		print_mapping(p, &p->mappings[i], out);
	return OK;
}
