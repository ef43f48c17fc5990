/* The lines "0xADDR function (file:line)" at the end of Java profiles. */
#include "profile/legacy/formats.h"

#include "base/regex.h"
#include "core/hash.h"

struct name_reader {
	struct legacy_builder *b;
	struct regex *location; /* address and the rest */
	struct regex *with_line;
	struct regex *with_path;
	struct map by_name; /* functions */
	struct err *e;
};

struct java_name {
	struct str function;
	struct str file;
	int64_t line;
};

/* The last part of a path: "." for none, "/" for the root. */
static struct str base_name(struct str path)
{
	size_t slash;

	if (path.n == 0)
		return STR(".");
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	slash = str_rfind_char(path, '/');
	if (slash != STR_NPOS)
		path = str_skip(path, slash + 1);
	return path.n ? path : STR("/");
}

static struct java_name split_name(const struct name_reader *r, struct str text)
{
	struct java_name name = { text, STR(""), 0 };
	struct err ignored;
	struct str g[4];

	if (regex_find(r->with_line, text, g, 4)) {
		name.function = g[1];
		name.file = g[2];
		if (number_decimal(g[3], &name.line, &ignored) != OK || name.line < 0)
			name.line = 0;
	} else if (regex_find(r->with_path, text, g, 3)) {
		name.function = g[1];
		name.file = base_name(g[2]);
	} else if (str_find(text, STR("generated stub/JIT")) != STR_NPOS) {
		name.function = STR("STUB");
	}
	return name;
}

static bool function_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct legacy_builder *b = ctx;

	return b->functions.p[index].name == *(const str_id *)key;
}

/* Functions are told apart by name only: the first file stays. */
static uint32_t intern_function(struct name_reader *r, const struct java_name *name)
{
	struct legacy_builder *b = r->b;
	str_id id = profile_intern(b->p, name->function);
	uint32_t fresh = (uint32_t)b->functions.n;
	uint32_t at = map_intern(&r->by_name, hash_u64(id), function_equal, b, &id, fresh);
	struct function f = { .name = id, .system_name = id };

	if (at != fresh)
		return at;
	f.filename = profile_intern(b->p, name->file);
	(void)VEC_PUSH(&b->functions, f);
	return at;
}

static void name_location(struct name_reader *r, uint32_t at, const struct java_name *name)
{
	struct legacy_builder *b = r->b;
	struct location *l = &b->locations.p[at];
	struct line line = { .function = intern_function(r, name), .line = name->line };

	if (l->n_lines) {
		b->lines.p[l->first_line] = line;
		return;
	}
	l->first_line = (uint32_t)b->lines.n;
	l->n_lines = VEC_PUSH(&b->lines, line) ? 1u : 0u;
}

static MUST_USE enum err_code read_name(struct name_reader *r, struct str line)
{
	struct java_name name;
	struct str g[3];
	uint64_t address;
	uint32_t at;

	if (!str_starts(line, STR("0x")) || !regex_find(r->location, line, g, 3))
		return OK;
	if (!number_hex(g[1], &address))
		return FAIL(r->e, ERR_FORMAT,
		    "parsing sample %.*s: strconv.ParseUint: parsing \"%.*s\": value out of range",
		    STR_ARG(line), STR_ARG(g[1]));
	at = legacy_find_location(r->b, address);
	if (at == MAP_NONE)
		return OK;
	name = split_name(r, g[2]);
	name_location(r, at, &name);
	return r->by_name.failed ? FAIL_NOMEM(r->e) : OK;
}

static MUST_USE enum err_code read_names(struct name_reader *r, struct str text)
{
	struct str line;

	TRY(regex_new_capturing(&r->location, STR("^\\s*0x([[:xdigit:]]+)\\s+(.*)\\s*$"), r->e));
	TRY(regex_new_capturing(&r->with_line, STR("^(.*)\\s+\\((.+):(-?[[:digit:]]+)\\)$"), r->e));
	TRY(regex_new_capturing(&r->with_path, STR("^(.*)\\s+\\((.*)\\)$"), r->e));
	while (str_split(&text, '\n', &line))
		TRY(read_name(r, str_trim(line)));
	return OK;
}

enum err_code java_read_locations(struct legacy_builder *b, struct str text, struct err *e)
{
	struct name_reader r = { .b = b, .e = e };
	enum err_code rc = OK;

	if (b->locations.failed)
		rc = FAIL_NOMEM(e);
	if (rc == OK)
		rc = read_names(&r, text);
	/* Only now, because a later line may name an address again. */
	for (size_t i = 0; i < b->locations.n; i++)
		if (b->locations.p[i].n_lines)
			b->locations.p[i].address = 0;
	regex_free(r.location);
	regex_free(r.with_line);
	regex_free(r.with_path);
	map_release(&r.by_name);
	return rc;
}

enum err_code java_finish(struct legacy_builder *b, struct err *e)
{
	TRY(legacy_resolve(b, e));
	/* Addresses are made up; without them profiles of two runs merge. */
	for (size_t i = 0; i < b->locations.n; i++)
		b->locations.p[i].address = 0;
	return legacy_publish(b, e);
}
