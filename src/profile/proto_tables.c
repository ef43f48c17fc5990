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
    struct proto_reader *r, struct str message, struct mapping *m, struct err *e)
{
	uint64_t file = 0, build_id = 0, functions = 0, filenames = 0, lines = 0, inlines = 0;
	uint64_t *const slots[] = {
		[PB_MAPPING_ID] = &m->id,
		[PB_MAPPING_START] = &m->start,
		[PB_MAPPING_LIMIT] = &m->limit,
		[PB_MAPPING_OFFSET] = &m->offset,
		[PB_MAPPING_FILENAME] = &file,
		[PB_MAPPING_BUILD_ID] = &build_id,
		[PB_MAPPING_HAS_FUNCTIONS] = &functions,
		[PB_MAPPING_HAS_FILENAMES] = &filenames,
		[PB_MAPPING_HAS_LINE_NUMBERS] = &lines,
		[PB_MAPPING_HAS_INLINE_FRAMES] = &inlines,
	};
	struct str name;

	TRY(proto_scalars(message, slots, sizeof slots / sizeof slots[0], e));
	m->file = proto_string(r, file);
	m->build_id = proto_string(r, build_id);
	m->has_functions = functions != 0;
	m->has_filenames = filenames != 0;
	m->has_line_numbers = lines != 0;
	m->has_inline_frames = inlines != 0;
	name = profile_str(r->p, m->file);
	if (str_starts(name, KERNEL))
		m->kernel_reloc = profile_intern_kept(r->p, str_skip(name, KERNEL.n));
	return OK;
}

static MUST_USE enum err_code read_mappings(struct proto_reader *r, struct err *e)
{
	struct wire_cursor c = proto_span_cursor(r, PB_PROFILE_MAPPING);
	struct profile *p = r->p;
	struct mapping *mappings = ARENA_ARRAY(&p->arena, struct mapping, r->n.mappings);
	struct wire_field f;

	if (!mappings)
		return FAIL_NOMEM(e);
	p->mappings = mappings;
	while (proto_next(&c, PB_PROFILE_MAPPING, &f))
		TRY(read_mapping(r, f.bytes, &mappings[p->n_mappings++], e));
	return idtable_build(
		   &r->mapping_ids, &r->scratch, mappings, sizeof *mappings, p->n_mappings)
		   ? OK
		   : FAIL_NOMEM(e);
}

static MUST_USE enum err_code read_function(
    struct proto_reader *r, struct str message, struct function *fn, struct err *e)
{
	uint64_t name = 0, system_name = 0, filename = 0, start_line = 0;
	uint64_t *const slots[] = {
		[PB_FUNCTION_ID] = &fn->id,
		[PB_FUNCTION_NAME] = &name,
		[PB_FUNCTION_SYSTEM_NAME] = &system_name,
		[PB_FUNCTION_FILENAME] = &filename,
		[PB_FUNCTION_START_LINE] = &start_line,
	};

	TRY(proto_scalars(message, slots, sizeof slots / sizeof slots[0], e));
	fn->name = proto_string(r, name);
	fn->system_name = proto_string(r, system_name);
	fn->filename = proto_string(r, filename);
	fn->start_line = (int64_t)start_line;
	return OK;
}

static MUST_USE enum err_code read_functions(struct proto_reader *r, struct err *e)
{
	struct wire_cursor c = proto_span_cursor(r, PB_PROFILE_FUNCTION);
	struct profile *p = r->p;
	struct function *functions = arena_alloc_raw(&p->arena, r->n.functions, sizeof *functions);
	struct wire_field f;

	if (!functions)
		return FAIL_NOMEM(e);
	p->functions = functions;
	while (proto_next(&c, PB_PROFILE_FUNCTION, &f)) {
		struct function *fn = &functions[p->n_functions];

		*fn = (struct function){ 0 };
		TRY(read_function(r, f.bytes, fn, e));
		TRY(check_row(fn->id, p->n_functions++, e));
	}
	return idtable_build(
		   &r->function_ids, &r->scratch, functions, sizeof *functions, p->n_functions)
		   ? OK
		   : FAIL_NOMEM(e);
}

/* A location's lines are many messages of two or three numbers: hence no table of slots here. */
static MUST_USE enum err_code read_line(struct proto_reader *r, struct str message, struct err *e)
{
	struct wire_cursor c = wire_cursor_of(message);
	uint64_t numbers[PB_LINE_COLUMN + 1] = { 0 };
	struct line line = { .function = PROFILE_NONE };
	struct wire_field f;

	while (wire_more(&c)) {
		TRY(proto_fast_field(&c, &f, e));
		if (f.number > PB_LINE_COLUMN)
			continue;
		if (f.number != 0 && f.type != WIRE_VARINT)
			return FAIL(e, ERR_FORMAT, "type mismatch");
		numbers[f.number] = f.value;
	}
	line.line = (int64_t)numbers[PB_LINE_LINE];
	line.column = (int64_t)numbers[PB_LINE_COLUMN];
	if (numbers[PB_LINE_FUNCTION_ID])
		line.function = idtable_find(&r->function_ids, numbers[PB_LINE_FUNCTION_ID]);
	return VEC_PUSH(&r->lines, line) ? OK : FAIL_NOMEM(e);
}

static MUST_USE enum err_code check_lines(const struct proto_reader *r, struct err *e)
{
	size_t n = r->lines.n;

	if (n > PROTO_MAX_FEW && n / PROTO_MAX_DEPTH > r->n.locations)
		return FAIL(e, ERR_LIMIT, "a location has too many lines");
	return n > PROTO_MAX_TABLE ? FAIL(e, ERR_LIMIT, "profile is too large") : OK;
}

static MUST_USE enum err_code read_location_field(
    struct proto_reader *r, const struct wire_field *f, uint64_t *numbers, struct err *e)
{
	if (f->number == PB_LOCATION_LINE) {
		if (f->type != WIRE_BYTES)
			return FAIL(e, ERR_FORMAT, "type mismatch");
		TRY(check_lines(r, e));
		return read_line(r, f->bytes, e);
	}
	if (f->number == 0 || f->number > PB_LOCATION_IS_FOLDED)
		return OK;
	if (f->type != WIRE_VARINT)
		return FAIL(e, ERR_FORMAT, "type mismatch");
	numbers[f->number] = f->value;
	return OK;
}

static MUST_USE enum err_code read_location(
    struct proto_reader *r, struct str message, struct location *l, struct err *e)
{
	struct wire_cursor c = wire_cursor_of(message);
	uint64_t numbers[PB_LOCATION_IS_FOLDED + 1] = { 0 };
	uint32_t first_line = (uint32_t)r->lines.n;
	struct wire_field f;

	while (wire_more(&c)) {
		TRY(proto_fast_field(&c, &f, e));
		TRY(read_location_field(r, &f, numbers, e));
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
	struct wire_cursor c = proto_span_cursor(r, PB_PROFILE_LOCATION);
	struct profile *p = r->p;
	struct location *locations = arena_alloc_raw(&p->arena, r->n.locations, sizeof *locations);
	struct wire_field f;

	if (!locations || !VEC_RESERVE(&r->lines, r->n.locations))
		return FAIL_NOMEM(e);
	p->locations = locations;
	while (proto_next(&c, PB_PROFILE_LOCATION, &f)) {
		struct location *l = &locations[p->n_locations];

		TRY(read_location(r, f.bytes, l, e));
		TRY(check_row(l->id, p->n_locations++, e));
	}
	TRY(check_lines(r, e));
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
