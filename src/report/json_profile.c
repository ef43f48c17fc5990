/*
 * -json of the reports that show samples one by one (traces, raw, proto, folded) and of comments:
 * the profile itself, after filters. Samples name their frames by the ids of "locations".
 */
#include "report/json_text.h"
#include "report/writers.h"

/* Ids and addresses are unsigned; JSON's readers may hold 53 bits only, so addresses are text. */
static void print_hex_field(const char *name, uint64_t v, struct buf *out)
{
	json_name(name, false, out);
	buf_printf(out, "\"0x%llx\"", (unsigned long long)v);
}

static void print_list(const char *name, bool first, struct buf *out)
{
	json_name(name, first, out);
	buf_char(out, '[');
}

static void print_types(const struct profile *p, struct buf *out)
{
	print_list("sample_types", false, out);
	for (uint32_t i = 0; i < p->n_sample_types; i++) {
		buf_add_str(out, i > 0 ? STR(", {") : STR("{"));
		json_text_field("type", profile_str(p, p->sample_types[i].type), true, out);
		json_text_field("unit", profile_str(p, p->sample_types[i].unit), false, out);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void print_labels(const struct profile *p, size_t sample, struct buf *out)
{
	size_t n;
	const struct label *labels = sample_labels(p, sample, &n);

	if (n == 0)
		return;
	print_list("labels", false, out);
	for (size_t i = 0; i < n; i++) {
		const struct label *l = &labels[i];

		buf_add_str(out, i > 0 ? STR(", {") : STR("{"));
		json_text_field("key", profile_str(p, l->key), true, out);
		if (!l->is_num)
			json_text_field("text", profile_str(p, l->str), false, out);
		else
			json_number_field("number", l->num, false, out);
		if (l->is_num && l->unit != 0)
			json_text_field("unit", profile_str(p, l->unit), false, out);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void print_samples(const struct profile *p, struct buf *out)
{
	print_list("samples", false, out);
	for (size_t i = 0; i < p->samples.n; i++) {
		size_t depth;
		const uint32_t *stack = sample_stack(p, i, &depth);

		buf_add_str(out, i > 0 ? STR(",\n{") : STR("\n{"));
		print_list("values", true, out);
		for (uint32_t k = 0; k < p->n_sample_types; k++) {
			buf_add_str(out, k > 0 ? STR(", ") : STR(""));
			buf_i64(out, sample_values(p, i)[k]);
		}
		buf_char(out, ']');
		print_list("locations", false, out);
		for (size_t k = 0; k < depth; k++) {
			buf_add_str(out, k > 0 ? STR(", ") : STR(""));
			buf_u64(out, p->locations[stack[k]].id);
		}
		buf_char(out, ']');
		print_labels(p, i, out);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void print_frame(const struct profile *p, const struct line *line, struct buf *out)
{
	const struct function *f = &p->functions[line->function];

	json_text_field("function", profile_str(p, f->name), true, out);
	if (f->system_name != f->name)
		json_text_field("system_name", profile_str(p, f->system_name), false, out);
	json_text_field("file", profile_str(p, f->filename), false, out);
	json_number_field("line", line->line, false, out);
	json_number_field("column", line->column, false, out);
	json_number_field("start_line", f->start_line, false, out);
}

static void print_location(const struct profile *p, const struct location *l, struct buf *out)
{
	const struct line *lines = location_lines(p, l);

	json_name("id", true, out);
	buf_u64(out, l->id);
	print_hex_field("address", l->address, out);
	if (l->mapping != PROFILE_NONE) {
		json_name("mapping", false, out);
		buf_u64(out, p->mappings[l->mapping].id);
	}
	print_list("frames", false, out);
	for (uint32_t i = 0; i < l->n_lines; i++) {
		buf_add_str(out, i > 0 ? STR(", {") : STR("{"));
		if (lines[i].function != PROFILE_NONE)
			print_frame(p, &lines[i], out);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void print_mapping(const struct profile *p, const struct mapping *m, struct buf *out)
{
	json_name("id", true, out);
	buf_u64(out, m->id);
	print_hex_field("start", m->start, out);
	print_hex_field("limit", m->limit, out);
	print_hex_field("offset", m->offset, out);
	json_text_field("file", profile_str(p, m->file), false, out);
	json_text_field("build_id", profile_str(p, m->build_id), false, out);
}

static void print_comments(const struct profile *p, struct buf *out)
{
	print_list("comments", false, out);
	for (uint32_t i = 0; i < p->n_comments; i++) {
		buf_add_str(out, i > 0 ? STR(", ") : STR(""));
		json_text(profile_str(p, p->comments[i]), out);
	}
	buf_char(out, ']');
}

enum err_code report_write_json_comments(struct report *r, struct buf *out, struct err *e)
{
	(void)e;
	json_head(r, STR("comments"), out);
	print_comments(r->profile, out);
	BUF_LIT(out, "}\n");
	return OK;
}

enum err_code report_write_json_profile(struct report *r, struct buf *out, struct err *e)
{
	const struct profile *p = r->profile;

	(void)e;
	json_head(r, STR("profile"), out);
	print_comments(p, out);
	json_number_field("time_ns", p->time_ns, false, out);
	json_number_field("duration_ns", p->duration_ns, false, out);
	json_number_field("period", p->period, false, out);
	print_types(p, out);
	print_samples(p, out);
	print_list("locations", false, out);
	for (uint32_t i = 0; i < p->n_locations; i++) {
		buf_add_str(out, i > 0 ? STR(",\n{") : STR("\n{"));
		print_location(p, &p->locations[i], out);
		buf_char(out, '}');
	}
	buf_char(out, ']');
	print_list("mappings", false, out);
	for (uint32_t i = 0; i < p->n_mappings; i++) {
		buf_add_str(out, i > 0 ? STR(",\n{") : STR("\n{"));
		print_mapping(p, &p->mappings[i], out);
		buf_char(out, '}');
	}
	BUF_LIT(out, "]}\n");
	return OK;
}
