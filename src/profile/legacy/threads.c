/*
 * threadz: the stacks of all threads of a process, each under a line
 * "--- Thread HEX (name: NAME/ID) stack: ---", with words around the addresses or not. A thread may
 * say "same as previous thread" instead, which counts one more of that.
 */
#include "profile/legacy/formats.h"

#include "base/regex.h"

struct thread_reader {
	struct legacy_builder *b;
	struct lines l;
	struct str line; /* the one to be looked at, without the space around it */
	struct regex *start;
	struct address_list addresses;
	struct err *e;
};

static bool is_digits_then(struct str s, struct str end)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n > 0 && str_starts(str_skip(s, n), end);
}

/* "--- threadz N ---" anywhere in the line. */
static bool is_threadz(struct str line)
{
	size_t at;

	while ((at = str_find(line, STR("--- threadz "))) != STR_NPOS) {
		line = str_skip(line, at + sizeof "--- threadz " - 1);
		if (is_digits_then(line, STR(" ---")))
			return true;
	}
	return false;
}

static bool is_thread_start(const struct thread_reader *r, struct str line)
{
	struct str g[1];

	return str_find(line, STR("--- Thread ")) != STR_NPOS && regex_find(r->start, line, g, 1);
}

/* Steps to the first thread. */
static bool read_header(struct thread_reader *r)
{
	while (lines_next(&r->l) && line_is_blank(r->l.line))
		;
	r->line = r->l.line;
	if (!is_threadz(r->line))
		return is_thread_start(r, r->line);
	while (lines_next(&r->l)) {
		r->line = r->l.line;
		if (line_is_map_start(r->line) || str_starts(r->line, STR("-")))
			break;
	}
	return true;
}

/* The lines of one thread; r->line becomes what follows, or the last line of all. */
static MUST_USE enum err_code read_stack(struct thread_reader *r)
{
	bool is_same = false;

	r->addresses.n = 0;
	r->line = STR("");
	while (lines_next(&r->l)) {
		enum err_code rc;

		r->line = str_trim(r->l.line);
		if (str_starts(r->line, STR("---")))
			break;
		if (str_find(r->line, STR("same as previous thread")) != STR_NPOS) {
			is_same = true;
			continue;
		}
		rc = address_list_read(&r->addresses, r->line, r->e);
		if (rc == ERR_FORMAT)
			err_prefix(r->e, "malformed sample: %.*s", STR_ARG(r->line));
		if (rc != OK)
			return rc;
	}
	if (is_same)
		r->addresses.n = 0;
	return lines_check(&r->l, r->e);
}

static void add_thread(struct thread_reader *r)
{
	static const int64_t one = 1;
	struct legacy_builder *b = r->b;

	if (r->addresses.n) {
		legacy_add_stack(b, &r->addresses, 1);
		legacy_end_sample(b, &one);
	} else if (b->values.n) {
		b->values.p[b->values.n - 1]++;
	}
}

static MUST_USE enum err_code read_threads(struct thread_reader *r, bool *mine)
{
	TRY(regex_new_capturing(
	    &r->start, STR("--- Thread ([[:xdigit:]]+) \\(name: (.*)/(\\d+)\\) stack: ---"), r->e));
	*mine = read_header(r);
	while (*mine && !line_is_map_start(r->line)) {
		if (str_starts(r->line, STR("---- no stack trace for")))
			break;
		*mine = is_thread_start(r, r->line);
		if (!*mine)
			return OK;
		TRY(read_stack(r));
		add_thread(r);
	}
	if (!*mine)
		return OK;
	TRY(legacy_finish_text(r->b, &r->l, r->e));
	legacy_drop_doubled_leaves(r->b);
	return legacy_publish(r->b, r->e);
}

enum err_code threads_read(struct legacy_builder *b, struct str bytes, bool *mine, struct err *e)
{
	struct thread_reader r = { .b = b, .l = lines_of(bytes), .e = e };
	enum err_code rc;

	*mine = false;
	if (str_find(bytes, STR("--- ")) == STR_NPOS)
		return OK;
	legacy_set_period(b, STR("thread"), STR("count"), 1);
	legacy_add_type(b, STR("thread"), STR("count"));
	rc = read_threads(&r, mine);
	regex_free(r.start);
	VEC_RELEASE(&r.addresses);
	return rc;
}
