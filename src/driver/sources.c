/*
 * The glue between report/source.h (process addresses, profile terms) and object/ (object
 * addresses): every address is moved by the base of its mapping on the way in and back on the way
 * out. See sources.h.
 */
#include "driver/sources.h"

#include <limits.h>
#include <unistd.h>

#include "object/demangle.h"
#include "object/disasm.h"
#include "object/dwarf.h"
#include "object/source_file.h"

static enum err_code read_file(void *ctx, struct str path, struct str source_path,
    struct str trim_path, struct arena *arena, struct str *text, struct err *e)
{
	char here[PATH_MAX];
	struct str found;

	if (source_path.n == 0) {
		if (!getcwd(here, sizeof here))
			return FAIL(e, ERR_IO, "could not stat current dir");
		source_path = str_c(here);
	}
	TRY(source_read_file(path, source_path, trim_path, arena, text, &found, e));
	symbolizer_check_source(ctx, found);
	return OK;
}

static MUST_USE enum err_code find_object(void *ctx, const struct profile *p,
    const struct mapping *m, uint64_t address, struct object **object, uint64_t *base,
    struct err *e)
{
	return symbolizer_get(ctx, p, m, address, object, base, e);
}

static enum err_code symbols(void *ctx, const struct profile *p, const struct mapping *m,
    bool (*match)(void *match_ctx, struct str name), void *match_ctx, uint64_t address,
    struct arena *arena, struct source_symbol **out, uint32_t *n, struct err *e)
{
	struct object_range *ranges;
	struct source_symbol *v;
	struct object *object;
	uint64_t base;

	TRY(find_object(ctx, p, m, address ? address : m->start, &object, &base, e));
	TRY(object_match_symbols(
	    object, match, match_ctx, address ? address - base : 0, arena, &ranges, n, e));
	v = ARENA_ARRAY(arena, struct source_symbol, *n);
	if (!v)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < *n; i++)
		v[i] = (struct source_symbol){ ranges[i].names, ranges[i].n_names,
			ranges[i].start + base, ranges[i].end + base };
	*out = v;
	return OK;
}

static enum err_code disassemble(void *ctx, const struct profile *p, const struct mapping *m,
    uint64_t start, uint64_t end, bool intel, struct arena *arena, struct source_instruction **out,
    uint32_t *n, struct err *e)
{
	struct object_instruction *code;
	struct source_instruction *v;
	struct object *object;
	uint64_t base;

	TRY(find_object(ctx, p, m, start, &object, &base, e));
	TRY(object_disassemble(object, start - base, end - base, intel, arena, &code, n, e));
	v = ARENA_ARRAY(arena, struct source_instruction, *n);
	if (!v)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < *n; i++)
		v[i] = (struct source_instruction){ code[i].address + base, code[i].text,
			code[i].function, code[i].file, code[i].line, code[i].address };
	*out = v;
	return OK;
}

/* Frames live as long as the object, names of functions are demangled into the arena. */
static enum err_code frames(void *ctx, const struct profile *p, const struct mapping *m,
    uint64_t address, struct arena *arena, struct source_frame **out, uint32_t *n, struct err *e)
{
	const struct object_frame *found;
	struct source_frame *v;
	struct object *object;
	struct buf name = { 0 };
	uint64_t base;

	TRY(find_object(ctx, p, m, address, &object, &base, e));
	TRY(object_frames(object, address - base, &found, n, e));
	v = ARENA_ARRAY(arena, struct source_frame, *n);
	for (uint32_t i = 0; v && i < *n; i++) {
		buf_clear(&name);
		demangle_function(found[i].function, DEMANGLE_DEFAULT, &name);
		v[i] = (struct source_frame){ arena_str(arena, buf_str(&name)), found[i].file,
			found[i].line, found[i].column };
	}
	buf_release(&name);
	if (!v || arena_failed(arena))
		return FAIL_NOMEM(e);
	*out = v;
	return OK;
}

void sources_fill(struct source_ops *ops, struct symbolizer *s)
{
	*ops = (struct source_ops){
		.ctx = s,
		.read_file = read_file,
		.symbols = symbols,
		.disassemble = disassemble,
		.frames = frames,
	};
}
