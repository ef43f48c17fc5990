/*
 * Line number programs of DWARF 2 to 5, see dwarf_rows.h. What is hard: the header grew into a
 * little format of its own in version 5, and the program is a byte code from a file that is not
 * trusted, so each step is bounded and each run over the program makes progress.
 * Source: the DWARF standard, version 5, section 6.2.
 */
#include "object/dwarf_rows.h"

#include <dwarf.h>
#include <stdlib.h>

#include "object/dwarf_abbrev.h"

#define MAX_ROWS    (1u << 26)
#define MAX_FILES   (1u << 20)
#define MAX_FORMATS 32

struct header {
	struct dwarf_widths widths;
	uint8_t step; /* least bytes of an instruction */
	int8_t line_base;
	uint8_t line_range;
	uint8_t opcode_base;
	const uint8_t *lengths; /* operands of standard opcodes, from opcode 1 on */
};

struct reader {
	struct dwarf_rows *out;
	const struct dwarf_line_sections *sections;
	const struct dwarf_wanted *wanted;
	struct dwarf_bytes b;
	struct header h;
	VEC(struct str) dirs;
};

struct machine {
	uint64_t address;
	uint64_t line, column, file;
	struct dwarf_sequence sequence;
	bool open;   /* the sequence has rows */
	size_t next; /* wanted: the first that is not below the last row */
	/*
	 * Of rows between two wanted addresses only the last counts: one up to `quiet` takes the
	 * place of the last, at `last`, and is only noted, as most of them are not needed.
	 */
	uint64_t quiet, last;
	struct dwarf_row noted;
	bool has_noted;
};

void dwarf_rows_release(struct dwarf_rows *r)
{
	VEC_RELEASE(&r->rows);
	VEC_RELEASE(&r->sequences);
	VEC_RELEASE(&r->files);
}

static struct str text_at(struct str section, uint64_t offset)
{
	struct str s;
	size_t n;

	if (offset >= section.n)
		return STR("");
	s = str_skip(section, (size_t)offset);
	n = str_find_char(s, 0);
	return n == STR_NPOS ? STR("") : str_head(s, n);
}

static struct dwarf_attr_form form_of(const struct reader *r, unsigned form)
{
	return (struct dwarf_attr_form){ .form = (uint16_t)form,
		.size = (int16_t)dwarf_form_size(form, &r->h.widths) };
}

static struct str read_name(struct reader *r, unsigned form)
{
	const struct dwarf_attr_form f = form_of(r, form);

	switch (form) {
	case DW_FORM_string:
		return dwarf_text(&r->b);
	case DW_FORM_line_strp:
		return text_at(r->sections->line_str, dwarf_read_form(&r->b, &f, &r->h.widths));
	case DW_FORM_strp:
		return text_at(r->sections->str, dwarf_read_form(&r->b, &f, &r->h.widths));
	default:
		dwarf_skip_form(&r->b, form, &r->h.widths);
		return STR("");
	}
}

static struct str dir_at(const struct reader *r, uint64_t i)
{
	return i < r->dirs.n ? r->dirs.p[i] : STR("");
}

/* A table of version 5: formats first, then that many fields an entry. */
static bool read_entries(struct reader *r, bool is_file)
{
	uint64_t formats[MAX_FORMATS][2];
	const unsigned n_formats = dwarf_u8(&r->b);
	uint64_t n;

	if (n_formats > MAX_FORMATS)
		return false;
	for (unsigned i = 0; i < n_formats; i++) {
		formats[i][0] = dwarf_uleb(&r->b);
		formats[i][1] = dwarf_uleb(&r->b);
	}
	n = dwarf_uleb(&r->b);
	for (uint64_t i = 0; i < n && i < MAX_FILES && n_formats && !r->b.failed; i++) {
		struct str name = STR("");
		uint64_t dir = 0;

		for (unsigned k = 0; k < n_formats; k++) {
			const struct dwarf_attr_form f = form_of(r, (unsigned)formats[k][1]);

			if (formats[k][0] == DW_LNCT_path)
				name = read_name(r, (unsigned)formats[k][1]);
			else if (formats[k][0] == DW_LNCT_directory_index)
				dir = dwarf_read_form(&r->b, &f, &r->h.widths);
			else
				dwarf_skip_form(&r->b, (unsigned)formats[k][1], &r->h.widths);
		}
		if (is_file)
			(void)VEC_PUSH(
			    &r->out->files, (struct dwarf_file){ dir_at(r, dir), name, { 0 } });
		else
			(void)VEC_PUSH(&r->dirs, name);
	}
	return !r->b.failed;
}

static void add_old_file(struct reader *r, struct str name)
{
	const uint64_t dir = dwarf_uleb(&r->b);

	(void)dwarf_uleb(&r->b); /* time and length, which nobody writes */
	(void)dwarf_uleb(&r->b);
	if (r->out->files.n < MAX_FILES)
		(void)VEC_PUSH(&r->out->files, (struct dwarf_file){ dir_at(r, dir), name, { 0 } });
}

/* Lists that end in an empty text; both count from 1. */
static bool read_old_entries(struct reader *r)
{
	struct str s;

	(void)VEC_PUSH(&r->dirs, STR(""));
	(void)VEC_PUSH(&r->out->files, (struct dwarf_file){ STR(""), STR(""), { 0 } });
	while ((s = dwarf_text(&r->b)).n && r->dirs.n < MAX_FILES)
		(void)VEC_PUSH(&r->dirs, s);
	while (!r->b.failed && (s = dwarf_text(&r->b)).n)
		add_old_file(r, s);
	return !r->b.failed;
}

/* Leaves the cursor on the program and its end behind it. */
static bool read_header(struct reader *r, unsigned address_size)
{
	struct dwarf_bytes *b = &r->b;
	struct header *h = &r->h;
	uint64_t length = dwarf_fixed(b, 4);
	const uint8_t *program;

	h->widths = (struct dwarf_widths){ (uint8_t)address_size, 4, 0 };
	if (length == UINT32_MAX) {
		length = dwarf_fixed(b, 8);
		h->widths.offset = 8;
	}
	if (length > dwarf_bytes_left(b))
		length = dwarf_bytes_left(b);
	b->end = b->p + length;
	h->widths.version = (uint16_t)dwarf_fixed(b, 2);
	if (h->widths.version < 2 || h->widths.version > 5)
		return false;
	if (h->widths.version >= 5) {
		h->widths.address = dwarf_u8(b);
		(void)dwarf_u8(b);
	}
	length = dwarf_fixed(b, h->widths.offset);
	if (b->failed || length > dwarf_bytes_left(b))
		return false;
	program = b->p + length;
	h->step = dwarf_u8(b);
	if (h->widths.version >= 4)
		(void)dwarf_u8(b); /* operations an instruction: for VLIW machines only */
	(void)dwarf_u8(b);
	h->line_base = (int8_t)dwarf_u8(b);
	h->line_range = dwarf_u8(b);
	h->opcode_base = dwarf_u8(b);
	h->lengths = b->p;
	dwarf_skip(b, h->opcode_base ? h->opcode_base - 1u : 0);
	if (b->failed || !h->line_range || !h->opcode_base)
		return false;
	if (h->widths.version >= 5 ? !read_entries(r, false) || !read_entries(r, true)
				   : !read_old_entries(r))
		return false;
	b->p = program;
	return true;
}

static void reset(struct machine *m)
{
	*m = (struct machine){ .line = 1, .file = 1 };
}

size_t dwarf_wanted_from(const struct dwarf_wanted *w, uint64_t low)
{
	size_t first = 0;
	size_t last = w->n;

	while (first < last) {
		const size_t mid = first + (last - first) / 2;

		if (w->v[mid] < low)
			first = mid + 1;
		else
			last = mid;
	}
	return first;
}

static void open_sequence(const struct reader *r, struct machine *m)
{
	const uint32_t first = (uint32_t)r->out->rows.n;

	m->sequence = (struct dwarf_sequence){ m->address, m->address, first, 0 };
	m->next = dwarf_wanted_from(r->wanted, m->address);
	m->open = true;
}

/* True when nothing is wanted between the last row and here. */
static bool is_useless(const struct dwarf_wanted *w, struct machine *m)
{
	const bool useless = w->n && (m->next == w->n || w->v[m->next] >= m->address);

	while (!useless && m->next < w->n && w->v[m->next] < m->address)
		m->next++;
	return useless;
}

static inline struct dwarf_row row_of(const struct machine *m)
{
	return (struct dwarf_row){ (uint32_t)(m->address - m->sequence.start),
		m->line > INT32_MAX ? 0 : (uint32_t)m->line,
		m->column > INT32_MAX ? 0 : (uint32_t)m->column, (uint32_t)m->file };
}

static void write_noted(struct reader *r, struct machine *m)
{
	if (m->has_noted)
		r->out->rows.p[r->out->rows.n - 1] = m->noted;
	m->has_noted = false;
}

/* Of rows with one address the last counts. */
static void write_row(struct reader *r, struct machine *m)
{
	struct dwarf_rows *out = r->out;
	struct dwarf_row row;

	write_noted(r, m);
	if (!m->open)
		open_sequence(r, m);
	if (m->address < m->sequence.start || m->address - m->sequence.start > UINT32_MAX ||
	    out->rows.n >= MAX_ROWS)
		return;
	row = row_of(m);
	if (m->sequence.n) {
		struct dwarf_row *last = &out->rows.p[out->rows.n - 1];

		if (last->at > row.at)
			return;
		if (last->at == row.at || is_useless(r->wanted, m)) {
			*last = row;
			return;
		}
	}
	if (VEC_PUSH(&out->rows, row))
		m->sequence.n++;
}

static inline void add_row(struct reader *r, struct machine *m)
{
	const struct dwarf_wanted *w = r->wanted;

	if (m->sequence.n && m->address <= m->quiet && m->address >= m->last) {
		m->noted = row_of(m);
		m->last = m->address;
		m->has_noted = true;
		return;
	}
	write_row(r, m);
	if (!w->n || !m->sequence.n)
		return;
	m->last = m->sequence.start + r->out->rows.p[r->out->rows.n - 1].at;
	/* Offsets of rows have 32 bits; a sum that wraps makes no row quiet. */
	m->quiet = m->sequence.start + UINT32_MAX;
	if (m->next < w->n && w->v[m->next] < m->quiet)
		m->quiet = w->v[m->next];
}

/* Address 0 is what linkers leave of dropped functions. */
static void end_sequence(struct reader *r, struct machine *m)
{
	struct dwarf_rows *out = r->out;

	write_noted(r, m);
	m->sequence.end = m->address;
	if (m->open && m->sequence.start && m->sequence.n && m->address > m->sequence.start)
		(void)VEC_PUSH(&out->sequences, m->sequence);
	else if (m->open)
		out->rows.n = m->sequence.first;
	reset(m);
}

static void run_extended(struct reader *r, struct machine *m)
{
	const uint64_t n = dwarf_uleb(&r->b);
	const uint8_t *start = r->b.p;
	unsigned code;

	if (!n || n > dwarf_bytes_left(&r->b)) {
		dwarf_bytes_fail(&r->b);
		return;
	}
	code = dwarf_u8(&r->b);
	if (code == DW_LNE_end_sequence)
		end_sequence(r, m);
	else if (code == DW_LNE_set_address && n <= 9)
		m->address = dwarf_fixed(&r->b, (unsigned)n - 1);
	else if (code == DW_LNE_define_file)
		add_old_file(r, dwarf_text(&r->b));
	if (!r->b.failed)
		r->b.p = start + n;
}

static void run_standard(struct reader *r, struct machine *m, unsigned code)
{
	struct dwarf_bytes *b = &r->b;

	switch (code) {
	case DW_LNS_copy:
		add_row(r, m);
		return;
	case DW_LNS_advance_pc:
		m->address += dwarf_uleb(b) * r->h.step;
		return;
	case DW_LNS_advance_line:
		m->line += (uint64_t)dwarf_sleb(b);
		return;
	case DW_LNS_set_file:
		m->file = dwarf_uleb(b);
		return;
	case DW_LNS_set_column:
		m->column = dwarf_uleb(b);
		return;
	case DW_LNS_const_add_pc:
		m->address += (uint64_t)((255u - r->h.opcode_base) / r->h.line_range) * r->h.step;
		return;
	case DW_LNS_fixed_advance_pc:
		m->address += dwarf_fixed(b, 2);
		return;
	default:
		for (unsigned i = 0; i < r->h.lengths[code - 1]; i++)
			(void)dwarf_uleb(b);
		return;
	}
}

static void run(struct reader *r)
{
	struct machine m;

	reset(&m);
	while (r->b.p < r->b.end && !r->out->rows.failed) {
		const unsigned code = dwarf_u8(&r->b);

		if (code >= r->h.opcode_base) {
			const unsigned v = code - r->h.opcode_base;

			m.address += (uint64_t)(v / r->h.line_range) * r->h.step;
			m.line += (uint64_t)(int64_t)(r->h.line_base + (int)(v % r->h.line_range));
			add_row(r, &m);
		} else if (code) {
			run_standard(r, &m, code);
		} else {
			run_extended(r, &m);
		}
	}
	if (m.open)
		r->out->rows.n = m.sequence.first;
}

static int by_start(const void *x, const void *y)
{
	const struct dwarf_sequence *a = x;
	const struct dwarf_sequence *b = y;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->first > b->first) - (a->first < b->first);
}

bool dwarf_rows_read(struct dwarf_rows *out, const struct dwarf_line_sections *s, uint64_t offset,
    unsigned address_size, const struct dwarf_wanted *wanted)
{
	struct reader r = { .out = out, .sections = s, .wanted = wanted, .b.swap = s->swap };
	bool failed;

	if (offset >= s->line.n)
		return true;
	r.b.p = (const uint8_t *)s->line.p + offset;
	r.b.end = (const uint8_t *)s->line.p + s->line.n;
	if (read_header(&r, address_size))
		run(&r);
	failed = r.dirs.failed || out->rows.failed || out->sequences.failed || out->files.failed;
	VEC_RELEASE(&r.dirs);
	if (out->sequences.n)
		qsort(out->sequences.p, out->sequences.n, sizeof *out->sequences.p, by_start);
	return !failed;
}

const struct dwarf_row *dwarf_rows_find(const struct dwarf_rows *r, uint64_t address)
{
	const struct dwarf_sequence *s;
	size_t low = 0;
	size_t high = r->sequences.n;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (r->sequences.p[mid].start <= address)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || address >= r->sequences.p[low - 1].end)
		return NULL;
	s = &r->sequences.p[low - 1];
	low = s->first;
	high = (size_t)s->first + s->n;
	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (r->rows.p[mid].at <= address - s->start)
			low = mid + 1;
		else
			high = mid;
	}
	return low > s->first ? &r->rows.p[low - 1] : NULL;
}
