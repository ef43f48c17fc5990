/*
 * Compiling and running of regular expressions: regex_syntax.c translates, PCRE2 compiles and runs
 * its machine code. Called by the filters, the pruning, the report commands and the web search.
 *
 * The hard thing: RE2 never backtracks, PCRE2's machine code does, and the expressions come from
 * users of a web page. So it runs with a small match limit, and what exceeds that is decided by
 * PCRE2's other matcher, which follows all alternatives at once. That one starts anew at every
 * character, so its code is anchored and begins with ".*": then it takes linear time.
 */
#include "base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/regex_syntax.h"
#include "base/utf8.h"

/*
 * No start optimisation: with it the machine code of 10.42 misses "x" of (?:(?:.x|)_*)x in "1cxA",
 * and without it a name costs a fifth of a microsecond more.
 */
#define OPTIONS         (PCRE2_UTF | PCRE2_DOTALL | PCRE2_NO_UTF_CHECK | PCRE2_NO_START_OPTIMIZE)
/* About a millisecond; names that need more are rare enough for the slower matcher. */
#define BACKTRACK_LIMIT 20000u
/* For built-in expressions, which have no slower matcher: some milliseconds. */
#define FIND_LIMIT      1000000u
/* Of the slower matcher: ints of workspace, on the stack at first. */
#define WORK_SMALL      1000u
#define WORK_LARGE      (1u << 20)
/* Our translation nests no deeper than Go allows; each level may be wrapped once. */
#define NEST_LIMIT      2100u
/* Of regex_find. */
#define MAX_GROUPS      16u

struct regex {
	pcre2_general_context *memory;
	pcre2_match_context *limits;
	pcre2_code *code;     /* for the machine code */
	pcre2_code *anchored; /* ".*" and the expression, for the other matcher */
	struct str pattern;
};

static void *get_memory(PCRE2_SIZE n, void *unused)
{
	(void)unused;
	return alloc_get(n);
}

static void put_memory(void *p, void *unused)
{
	(void)unused;
	alloc_put(p);
}

struct str regex_pattern(const struct regex *re)
{
	return re->pattern;
}

void regex_free(struct regex *re)
{
	if (!re)
		return;
	pcre2_code_free(re->code);
	pcre2_code_free(re->anchored);
	pcre2_match_context_free(re->limits);
	pcre2_general_context_free(re->memory);
	alloc_put(re);
}

/* The struct with the pattern behind it. */
static struct regex *new_regex(struct str pattern)
{
	struct regex *re = alloc_get(sizeof *re + pattern.n + 1);
	char *copy;

	if (!re)
		return NULL;
	copy = (char *)(re + 1);
	if (pattern.n)
		memcpy(copy, pattern.p, pattern.n);
	copy[pattern.n] = '\0';
	*re = (struct regex){ .pattern = { copy, pattern.n } };
	re->memory = pcre2_general_context_create(get_memory, put_memory, NULL);
	if (re->memory)
		re->limits = pcre2_match_context_create(re->memory);
	if (!re->limits) {
		regex_free(re);
		return NULL;
	}
	return re;
}

static pcre2_code *compile_code(
    const struct regex *re, const struct buf *translated, uint32_t extra, int *error)
{
	pcre2_compile_context *c = pcre2_compile_context_create(re->memory);
	pcre2_code *code;
	PCRE2_SIZE at;

	*error = PCRE2_ERROR_HEAP_FAILED;
	if (!c || buf_failed(translated)) {
		pcre2_compile_context_free(c);
		return NULL;
	}
	pcre2_set_newline(c, PCRE2_NEWLINE_LF);
	pcre2_set_parens_nest_limit(c, NEST_LIMIT);
	pcre2_set_compile_extra_options(c, PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES);
	code = pcre2_compile(
	    (PCRE2_SPTR)buf_str(translated).p, translated->n, OPTIONS | extra, error, &at, c);
	pcre2_compile_context_free(c);
	return code;
}

static void compile_anchored(struct regex *re, const struct buf *translated, int *error)
{
	struct buf anchored = { 0 };

	BUF_LIT(&anchored, ".*(?:");
	buf_add_str(&anchored, buf_str(translated));
	buf_char(&anchored, ')');
	re->anchored = compile_code(re, &anchored, PCRE2_ANCHORED, error);
	buf_release(&anchored);
}

/* Tells ordinary memory that has run out from executable memory that nobody may have. */
static bool has_memory(void)
{
	void *probe = alloc_get(65536);

	alloc_put(probe);
	return probe != NULL;
}

static MUST_USE enum err_code compile(struct regex *re, bool captures, struct err *e)
{
	struct buf translated = { 0 };
	enum err_code rc;
	int error = 0;

	rc = regex_translate(&translated, re->pattern, captures, e);
	if (rc == OK)
		re->code = compile_code(re, &translated, 0, &error);
	if (re->code && !captures)
		compile_anchored(re, &translated, &error);
	buf_release(&translated);
	if (rc != OK)
		return rc;
	if (error == PCRE2_ERROR_HEAP_FAILED)
		return FAIL_NOMEM(e);
	/* The syntax was checked, so only PCRE2's limits on the size of its code are left. */
	if (!re->code || (!re->anchored && !captures))
		return FAIL(e, ERR_LIMIT, "error parsing regexp: expression too large: `%.*s`",
		    STR_ARG(re->pattern));
	/* Without machine code (no executable memory) the interpreter gives the same answers. */
	if (pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE) == PCRE2_ERROR_NOMEMORY &&
	    !has_memory())
		return FAIL_NOMEM(e);
	return OK;
}

static MUST_USE enum err_code make_regex(
    struct regex **out, struct str pattern, bool captures, struct err *e)
{
	struct regex *re = new_regex(pattern);
	enum err_code rc;

	*out = NULL;
	if (!re)
		return FAIL_NOMEM(e);
	pcre2_set_match_limit(re->limits, captures ? FIND_LIMIT : BACKTRACK_LIMIT);
	rc = compile(re, captures, e);
	if (rc != OK) {
		regex_free(re);
		return rc;
	}
	*out = re;
	return OK;
}

enum err_code regex_new(struct regex **out, struct str pattern, struct err *e)
{
	return make_regex(out, pattern, false, e);
}

enum err_code regex_new_capturing(struct regex **out, struct str pattern, struct err *e)
{
	return make_regex(out, pattern, true, e);
}

/*
 * PCRE2 wants memory for every match: it gets some of the caller's stack, so that matching neither
 * costs an allocation nor fails for want of one. Only its interpreter asks for more.
 */
struct match_memory {
	_Alignas(16) unsigned char bytes[1024];
	size_t used;
};

static void *get_scratch(PCRE2_SIZE n, void *scratch)
{
	struct match_memory *m = scratch;
	void *p = m->bytes + m->used;

	n = (n + 15) & ~(PCRE2_SIZE)15;
	if (n > sizeof m->bytes - m->used)
		return alloc_get(n);
	m->used += n;
	return p;
}

static void put_scratch(void *p, void *scratch)
{
	const struct match_memory *m = scratch;
	const unsigned char *at = p;

	if (at < m->bytes || at >= m->bytes + sizeof m->bytes)
		alloc_put(p);
}

static pcre2_match_data *new_match(struct match_memory *m, uint32_t groups)
{
	pcre2_general_context *c;

	m->used = 0;
	c = pcre2_general_context_create(get_scratch, put_scratch, m);
	return c ? pcre2_match_data_create(groups, c) : NULL;
}

static int match_all_at_once(
    const struct regex *re, struct str s, pcre2_match_data *md, int *work, size_t n_work)
{
	return pcre2_dfa_match(re->anchored, (PCRE2_SPTR)s.p, s.n, 0,
	    PCRE2_NO_UTF_CHECK | PCRE2_DFA_SHORTEST, md, NULL, work, n_work);
}

/* For what backtracks too much. */
static bool match_slowly(const struct regex *re, struct str s, pcre2_match_data *md)
{
	int small[WORK_SMALL];
	int rc = match_all_at_once(re, s, md, small, WORK_SMALL);
	int *large;

	if (rc != PCRE2_ERROR_DFA_WSSIZE)
		return rc >= 0;
	large = alloc_get(WORK_LARGE * sizeof *large);
	if (!large)
		return false;
	rc = match_all_at_once(re, s, md, large, WORK_LARGE);
	alloc_put(large);
	return rc >= 0;
}

static bool match_valid(const struct regex *re, struct str s)
{
	struct match_memory memory;
	pcre2_match_data *md = new_match(&memory, 1);
	bool matched;
	int rc;

	if (!md)
		return false;
	rc = pcre2_match(re->code, (PCRE2_SPTR)s.p, s.n, 0, PCRE2_NO_UTF_CHECK, md, re->limits);
	if (rc >= 0 || rc == PCRE2_ERROR_NOMATCH)
		matched = rc >= 0;
	else
		matched = match_slowly(re, s, md);
	pcre2_match_data_free(md);
	return matched;
}

/* Go reads every invalid byte as U+FFFD: say so to PCRE2. */
static void repair(struct buf *out, struct str s)
{
	while (s.n) {
		size_t good = utf8_valid_head(s);

		buf_add(out, s.p, good);
		s = str_skip(s, good);
		if (s.n == 0)
			break;
		BUF_LIT(out, "\xEF\xBF\xBD");
		s = str_skip(s, 1);
	}
}

bool regex_match(const struct regex *re, struct str s)
{
	struct buf repaired = { 0 };
	bool matched;

	if (s.n == 0)
		s = STR("");
	if (utf8_valid_head(s) == s.n)
		return match_valid(re, s);
	repair(&repaired, s);
	matched = !buf_failed(&repaired) && match_valid(re, buf_str(&repaired));
	buf_release(&repaired);
	return matched;
}

static bool find_valid(const struct regex *re, struct str s, size_t *bounds, size_t n)
{
	struct match_memory memory;
	pcre2_match_data *md = new_match(&memory, (uint32_t)n);
	bool found;

	if (!md)
		return false;
	found =
	    pcre2_match(re->code, (PCRE2_SPTR)s.p, s.n, 0, PCRE2_NO_UTF_CHECK, md, re->limits) >= 0;
	if (found)
		memcpy(bounds, pcre2_get_ovector_pointer(md), 2 * n * sizeof *bounds);
	pcre2_match_data_free(md);
	return found;
}

/* The place in s of what is at `at` in its repaired copy. */
static size_t unrepaired(struct str s, size_t at)
{
	size_t shift = 0;
	size_t done = 0;

	while (done < s.n) {
		size_t good = utf8_valid_head(str_skip(s, done));

		if (done + good + shift >= at)
			break;
		done += good + 1;
		shift += 2;
	}
	return at - shift;
}

bool regex_find(const struct regex *re, struct str s, struct str *groups, size_t n)
{
	size_t bounds[2 * MAX_GROUPS];
	struct buf repaired = { 0 };
	bool is_valid = utf8_valid_head(s) == s.n;
	bool found;

	if (n > MAX_GROUPS)
		return false;
	if (!is_valid)
		repair(&repaired, s);
	found = !buf_failed(&repaired) &&
		find_valid(re, is_valid ? (s.n ? s : STR("")) : buf_str(&repaired), bounds, n);
	buf_release(&repaired);
	for (size_t i = 0; found && i < n; i++) {
		size_t from = bounds[2 * i], to = bounds[2 * i + 1];

		if (from == PCRE2_UNSET)
			from = to = 0;
		if (!is_valid) {
			from = unrepaired(s, from);
			to = unrepaired(s, to);
		}
		groups[i] = (struct str){ s.n ? s.p + from : "", to - from };
	}
	return found;
}
