/*
 * Mappings, functions and locations of a profile.proto. Each is read into its final array; then
 * ids are resolved to indices through idtable.
 */
#include <inttypes.h>

#include "profile/proto_varint.h"

#define KERNEL STR("[kernel.kallsyms]")

/*
 * A row takes 40 bytes here and at least two in the file. Rows without an id make a profile invalid
 * in any case, which is told last (see proto_decode.c); so many of them end the reading at once.
 */
#define ROWS_WITHOUT_ID ((uint32_t)1 << 20)

static MUST_USE enum err_code check_row(uint64_t id, uint32_t row, struct err *e)
{
	if (id == 0 && row >= ROWS_WITHOUT_ID)
		return FAIL(e, ERR_LIMIT,
		    "more than %" PRIu32 " entries of a table, one without id", ROWS_WITHOUT_ID);
	return OK;
}

static MUST_USE enum err_code read_mapping(
    struct proto_reader *r, struct proto_cursor message, struct mapping *m, struct err *e)
{
	uint64_t numbers[PB_MAPPING_HAS_INLINE_FRAMES + 1] = { 0 };
	struct str name;

	TRY(proto_numbers(message, numbers, PB_MAPPING_HAS_INLINE_FRAMES, e));
	m->id = numbers[PB_MAPPING_ID];
	m->start = numbers[PB_MAPPING_START];
	m->limit = numbers[PB_MAPPING_LIMIT];
	m->offset = numbers[PB_MAPPING_OFFSET];
	m->file = proto_string(r, numbers[PB_MAPPING_FILENAME]);
	m->build_id = proto_string(r, numbers[PB_MAPPING_BUILD_ID]);
	m->has_functions = numbers[PB_MAPPING_HAS_FUNCTIONS] != 0;
	m->has_filenames = numbers[PB_MAPPING_HAS_FILENAMES] != 0;
	m->has_line_numbers = numbers[PB_MAPPING_HAS_LINE_NUMBERS] != 0;
	m->has_inline_frames = numbers[PB_MAPPING_HAS_INLINE_FRAMES] != 0;
	name = profile_str(r->p, m->file);
	if (str_starts(name, KERNEL))
		m->kernel_reloc = profile_intern_kept(r->p, str_skip(name, KERNEL.n));
	return OK;
}

static MUST_USE enum err_code read_mappings(struct proto_reader *r, struct err *e)
{
	struct proto_cursor c = proto_span_cursor(r, PB_PROFILE_MAPPING);
	struct profile *p = r->p;
	struct mapping *mappings = ARENA_ARRAY(&p->arena, struct mapping, r->spans.n.mappings);
	struct wire_field f;

	if (!mappings)
		return FAIL_NOMEM(e);
	p->mappings = mappings;
	while (proto_next(&c, PB_PROFILE_MAPPING, &f))
		TRY(read_mapping(r, proto_inside(&c, f.bytes), &mappings[p->n_mappings++], e));
	return idtable_build(
		   &r->mapping_ids, &r->scratch, mappings, sizeof *mappings, p->n_mappings)
		   ? OK
		   : FAIL_NOMEM(e);
}

static MUST_USE enum err_code read_function(
    struct proto_reader *r, struct proto_cursor message, struct function *fn, struct err *e)
{
	uint64_t numbers[PB_FUNCTION_START_LINE + 1] = { 0 };

	TRY(proto_numbers(message, numbers, PB_FUNCTION_START_LINE, e));
	fn->id = numbers[PB_FUNCTION_ID];
	fn->name = proto_string(r, numbers[PB_FUNCTION_NAME]);
	fn->system_name = proto_string(r, numbers[PB_FUNCTION_SYSTEM_NAME]);
	fn->filename = proto_string(r, numbers[PB_FUNCTION_FILENAME]);
	fn->start_line = (int64_t)numbers[PB_FUNCTION_START_LINE];
	return OK;
}

static MUST_USE enum err_code read_functions(struct proto_reader *r, struct err *e)
{
	struct proto_cursor c = proto_span_cursor(r, PB_PROFILE_FUNCTION);
	struct profile *p = r->p;
	struct function *functions =
	    arena_alloc_raw(&p->arena, r->spans.n.functions, sizeof *functions);
	struct wire_field f;

	if (!functions)
		return FAIL_NOMEM(e);
	p->functions = functions;
	while (proto_next(&c, PB_PROFILE_FUNCTION, &f)) {
		struct function *fn = &functions[p->n_functions];

		*fn = (struct function){ 0 };
		TRY(read_function(r, proto_inside(&c, f.bytes), fn, e));
		TRY(check_row(fn->id, p->n_functions++, e));
	}
	proto_span_done(r, PB_PROFILE_FUNCTION);
	return idtable_build(
		   &r->function_ids, &r->scratch, functions, sizeof *functions, p->n_functions)
		   ? OK
		   : FAIL_NOMEM(e);
}

static MUST_USE enum err_code read_line(
    struct proto_reader *r, struct proto_cursor message, struct err *e)
{
	uint64_t numbers[PB_LINE_COLUMN + 1] = { 0 };
	struct line line = { .function = PROFILE_NONE };

	TRY(proto_numbers(message, numbers, PB_LINE_COLUMN, e));
	line.line = (int64_t)numbers[PB_LINE_LINE];
	line.column = (int64_t)numbers[PB_LINE_COLUMN];
	if (numbers[PB_LINE_FUNCTION_ID])
		line.function = idtable_find(&r->function_ids, numbers[PB_LINE_FUNCTION_ID]);
	return VEC_PUSH(&r->lines, line) ? OK : FAIL_NOMEM(e);
}

static MUST_USE enum err_code check_lines(const struct proto_reader *r, struct err *e)
{
	size_t n = r->lines.n;

	if (n > PROTO_MAX_FEW && n / PROTO_MAX_DEPTH > r->spans.n.locations)
		return FAIL(e, ERR_LIMIT, "a location has too many lines");
	return n > PROTO_MAX_TABLE ? FAIL(e, ERR_LIMIT, "profile is too large") : OK;
}

static MUST_USE enum err_code read_location_field(struct proto_reader *r,
    const struct proto_cursor *c, const struct wire_field *f, uint64_t *numbers, struct err *e)
{
	if (f->number == PB_LOCATION_LINE) {
		if (f->type != WIRE_BYTES)
			return FAIL(e, ERR_FORMAT, "type mismatch");
		TRY(check_lines(r, e));
		return read_line(r, proto_inside(c, f->bytes), e);
	}
	if (f->number == 0 || f->number > PB_LOCATION_IS_FOLDED)
		return OK;
	if (f->type != WIRE_VARINT)
		return FAIL(e, ERR_FORMAT, "type mismatch");
	numbers[f->number] = f->value;
	return OK;
}

static MUST_USE enum err_code read_location(
    struct proto_reader *r, struct proto_cursor c, struct location *l, struct err *e)
{
	uint64_t numbers[PB_LOCATION_IS_FOLDED + 1] = { 0 };
	uint32_t first_line = (uint32_t)r->lines.n;
	struct wire_field f;

	while (wire_more(&c.at)) {
		TRY(proto_fast_field(&c, &f, e));
		TRY(read_location_field(r, &c, &f, numbers, e));
	}
	*l = (struct location){
		.id = numbers[PB_LOCATION_ID],
		.address = numbers[PB_LOCATION_ADDRESS],
		.mapping = idtable_find(&r->mapping_ids, numbers[PB_LOCATION_MAPPING_ID]),
		.first_line = first_line,
		.n_lines = (uint32_t)r->lines.n - first_line,
		.is_folded = numbers[PB_LOCATION_IS_FOLDED] != 0,
	};
	return OK;
}

static MUST_USE enum err_code read_locations(struct proto_reader *r, struct err *e)
{
	struct proto_cursor c = proto_span_cursor(r, PB_PROFILE_LOCATION);
	struct profile *p = r->p;
	struct location *locations =
	    arena_alloc_raw(&p->arena, r->spans.n.locations, sizeof *locations);
	struct wire_field f;

	if (!locations || !VEC_RESERVE(&r->lines, r->spans.n.locations))
		return FAIL_NOMEM(e);
	p->locations = locations;
	while (proto_next(&c, PB_PROFILE_LOCATION, &f)) {
		struct location *l = &locations[p->n_locations];

		TRY(read_location(r, proto_inside(&c, f.bytes), l, e));
		TRY(check_row(l->id, p->n_locations++, e));
	}
	TRY(check_lines(r, e));
	proto_span_done(r, PB_PROFILE_LOCATION);
	p->n_lines = (uint32_t)r->lines.n;
	p->lines = VEC_HAND_OVER(&p->arena, r->lines);
	return idtable_build(
		   &r->location_ids, &r->scratch, locations, sizeof *locations, p->n_locations)
		   ? OK
		   : FAIL_NOMEM(e);
}

enum err_code proto_read_tables(struct proto_reader *r, struct err *e)
{
	TRY(read_mappings(r, e));
	TRY(read_functions(r, e));
	TRY(read_locations(r, e));
	return arena_failed(&r->p->arena) ? FAIL_NOMEM(e) : OK;
}
