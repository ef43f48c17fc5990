/*
 * The profiles of a program in a series, of any bytes, parted by a line of two dashes: whatever can
 * be decoded is judged and the report printed in both forms, without a crash and without a number
 * that overflows. Also the comment that saved profiles carry.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "driver/verdicts_series.h"
#include "leaks/explain.h"
#include "profile/check.h"
#include "profile/decode.h"

#define MARK      STR("\n--\n")
#define MAX_PARTS 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void keep_quiet(void *ctx, bool is_error, struct str text)
{
	(void)ctx;
	(void)is_error;
	(void)text;
}

static void add(struct verdicts_series *s, struct str part)
{
	struct profile p = { 0 };
	struct leaks_moment m = { 0 };
	struct err e;

	(void)verdicts_comment_read(part, &m);
	if (profile_decode(&p, part, &e) != OK)
		return;
	if (profile_check(&p, &e) != OK)
		profile_release(&p);
	else if (verdicts_series_add(s, &p, (int64_t)s->list.n + 1, &e) != OK)
		abort();
}

static void print(const struct leaks_report *r)
{
	const struct explain_options o = { .source = STR("profile") };
	struct buf out = { 0 };

	explain_text(r, &o, &out);
	explain_json(r, &o, &out);
	explain_brief(r, &out);
	if (out.n == 0)
		abort();
	buf_release(&out);
}

static void judge(struct verdicts_series *s)
{
	const struct ui ui = { .line = keep_quiet };
	struct leaks_report report = { 0 };
	struct profile merged = { 0 };
	struct verdicts v;
	struct err e = { 0 };

	verdicts_init(&v);
	verdicts_series_settle(s);
	if (verdicts_series_judge(s, &v, false, &merged, &report, &ui, &e) == OK)
		print(&report);
	else if (e.msg[0] == '\0')
		abort();
	leaks_report_release(&report);
	profile_release(&merged);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verdicts_series s = { 0 };
	struct str rest = { (const char *)data, size };

	for (int i = 0; i < MAX_PARTS && rest.n; i++) {
		const size_t at = str_find(rest, MARK);
		const size_t n = at == STR_NPOS ? rest.n : at;

		add(&s, (struct str){ rest.p, n });
		rest = str_skip(rest, n < rest.n ? n + MARK.n : n);
	}
	judge(&s);
	verdicts_series_release(&s);
	return 0;
}
