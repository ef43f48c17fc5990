/*
 * Folded stacks: a line is a stack from the outermost frame to the innermost, separated by ';',
 * then a space and a count. Nothing marks such a file, so every line must fit and some must have a
 * ';' before it is taken for one. '#' begins a comment.
 */
#include "profile/foreign/assembly.h"
#include "profile/foreign/foreign.h"

/* Frames of one stack; deeper is refused, as elsewhere a stack is. */
#define FRAMES_MAX ((size_t)1 << 16)

struct folded_line {
	struct str stack;
	int64_t count;
};

/* False when the line is no "stack count". */
static bool split_line(struct str line, struct folded_line *out)
{
	size_t space = str_rfind_char(line, ' ');

	if (space == STR_NPOS || space == 0)
		return false;
	out->stack = str_trim(str_head(line, space));
	return out->stack.n > 0 && str_to_i64(str_skip(line, space + 1), &out->count);
}

static bool is_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\t')
			return false;
	return true;
}

static bool next_line(struct str *rest, struct str *line)
{
	while (rest->n > 0 && str_split(rest, '\n', line)) {
		*line = str_trim(*line);
		if (line->n > 0 && line->p[0] != '#')
			return true;
	}
	return false;
}

static bool is_folded(struct str bytes)
{
	struct folded_line parts;
	bool has_stack = false;
	struct str line;

	while (next_line(&bytes, &line)) {
		if (!is_text(line) || !split_line(line, &parts))
			return false;
		has_stack |= str_find_char(parts.stack, ';') != STR_NPOS;
	}
	return has_stack;
}

/* From the end: the innermost frame comes first in a profile. */
static MUST_USE enum err_code add_stack(
    struct assembly *a, uint32_t mapping, struct str stack, struct err *e)
{
	for (size_t n = 0;; n++) {
		size_t at = str_rfind_char(stack, ';');

		if (n == FRAMES_MAX)
			return FAIL(
			    e, ERR_LIMIT, "a stack has more than %zu frames", (size_t)FRAMES_MAX);
		if (at == STR_NPOS) {
			assembly_name(a, mapping, stack);
			return OK;
		}
		assembly_name(a, mapping, str_skip(stack, at + 1));
		stack = str_head(stack, at);
	}
}

static MUST_USE enum err_code read_lines(struct assembly *a, struct str bytes, struct err *e)
{
	/* Says that there are names, so that nobody looks for a binary. */
	uint32_t mapping = assembly_mapping(a, (struct mapping){ .has_functions = true });
	struct folded_line parts;
	struct str line;

	assembly_type(a, STR("samples"), STR("count"));
	a->p->period_type = a->types.n ? a->types.p[0] : (struct value_type){ 0 };
	a->p->period = 1;
	while (next_line(&bytes, &line)) {
		if (!split_line(line, &parts))
			continue;
		TRY(add_stack(a, mapping, parts.stack, e));
		assembly_end_sample(a, &parts.count);
	}
	return assembly_publish(a, e);
}

enum err_code folded_read(struct profile *out, struct str bytes, bool *mine, struct err *e)
{
	struct assembly a;
	enum err_code code;

	*mine = is_folded(bytes);
	if (!*mine)
		return OK;
	TRY(assembly_init(&a, out, e));
	code = read_lines(&a, bytes, e);
	assembly_release(&a);
	return code;
}

void folded_explain(struct str bytes, struct err *e)
{
	struct folded_line parts;
	bool begun = false;
	struct str line;

	for (size_t number = 1; bytes.n > 0 && str_split(&bytes, '\n', &line); number++) {
		line = str_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (is_text(line) && split_line(line, &parts)) {
			begun |= str_find_char(parts.stack, ';') != STR_NPOS;
			continue;
		}
		if (begun)
			err_set(e, ERR_FORMAT, 0,
			    "folded stacks: line %zu is not a stack, a space and a count", number);
		return;
	}
}
