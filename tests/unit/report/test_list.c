/*
 * -list: ranges of lines, sums a line, and what is told when there is no source.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_profile.h"

static enum err_code read_numbers(void *ctx, struct str path, struct str source_path,
    struct str trim_path, struct arena *arena, struct str *text, struct err *e)
{
	int *reads = ctx;

	(void)source_path;
	(void)trim_path;
	(void)arena;
	(*reads)++;
	if (!str_is(path, "a.c"))
		return FAIL(e, ERR_NOT_FOUND, "could not find file %.*s on path .", STR_ARG(path));
	*text = STR("one\r\ntwo\n\tthree\n\nfive\nsix\nseven\neight\nnine\nten\nlast");
	return OK;
}

struct listed {
	struct maker m;
	struct report_options o;
	struct source_ops ops;
	struct regex *re;
	int reads;
};

/* work lies in a.c, other in b.c, bare nowhere. */
static void listed_init(struct listed *l, const char *pattern)
{
	uint32_t f, g, h, at3, at4, other, bare;
	struct err e;

	*l = (struct listed){ .ops = { .ctx = &l->reads, .read_file = read_numbers } };
	make_init(&l->m);
	make_type(&l->m, "cpu", "ms");
	f = make_function(&l->m, "work", "a.c", 0);
	g = make_function(&l->m, "other", "b.c", 0);
	h = make_function(&l->m, "bare", "", 0);
	at3 = make_location(&l->m, 0, PROFILE_NONE);
	make_line(&l->m, f, 3);
	at4 = make_location(&l->m, 0, PROFILE_NONE);
	make_line(&l->m, f, 4);
	other = make_location(&l->m, 0, PROFILE_NONE);
	make_line(&l->m, g, 1);
	bare = make_location(&l->m, 0, PROFILE_NONE);
	make_line(&l->m, h, 0);
	MAKE_SAMPLE(&l->m, VALUES(20), at3);
	MAKE_SAMPLE(&l->m, VALUES(60), other, at4);
	MAKE_SAMPLE(&l->m, VALUES(20), bare);
	make_done(&l->m);
	l->o = make_options(&l->m.p, REPORT_LIST);
	assert_int_equal(regex_new(&l->re, str_c(pattern), &e), OK);
	l->o.symbol = l->re;
	l->o.symbol_text = str_c(pattern);
	l->o.source = &l->ops;
}

static void listed_release(struct listed *l)
{
	regex_free(l->re);
	make_release(&l->m);
}

static void shows_lines_around_samples(void **state)
{
	struct listed l;

	(void)state;
	listed_init(&l, "work");
	assert_report(make_report(&l.m.p, &l.o),
	    "Total: 100ms\n"
	    "ROUTINE ======================== work in a.c\n"
	    "      20ms       80ms (flat, cum) 80.00% of Total\n"
	    "         .          .      1:one\n"
	    "         .          .      2:two\n"
	    "      20ms       20ms      3:\tthree\n"
	    "         .       60ms      4:\n"
	    "         .          .      5:five\n"
	    "         .          .      6:six\n"
	    "         .          .      7:seven\n"
	    "         .          .      8:eight\n"
	    "         .          .      9:nine\n");
	listed_release(&l);
}

/* A known first line starts the listing; the file's end ends it. */
static void starts_where_the_function_does(void **state)
{
	struct listed l;

	(void)state;
	listed_init(&l, "work");
	l.m.functions.p[0].start_line = 2;
	l.m.lines.p[0].line = 10;
	l.m.lines.p[1].line = 9;
	assert_report(make_report(&l.m.p, &l.o),
	    "Total: 100ms\n"
	    "ROUTINE ======================== work in a.c\n"
	    "      20ms       80ms (flat, cum) 80.00% of Total\n"
	    "         .          .      2:two\n"
	    "         .          .      3:\tthree\n"
	    "         .          .      4:\n"
	    "         .          .      5:five\n"
	    "         .          .      6:six\n"
	    "         .          .      7:seven\n"
	    "         .          .      8:eight\n"
	    "         .       60ms      9:nine\n"
	    "      20ms       20ms     10:ten\n"
	    "         .          .     11:last\n");
	listed_release(&l);
}

static void tells_why_there_is_no_source(void **state)
{
	struct listed l;

	(void)state;
	listed_init(&l, "other|bare");
	assert_report(make_report(&l.m.p, &l.o),
	    "Total: 100ms\n"
	    "No source information for bare\n"
	    "ROUTINE ======================== other in b.c\n"
	    "      60ms       60ms (flat, cum) 60.00% of Total\n"
	    " Error: could not find file b.c on path .\n");
	listed_release(&l);
}

/* A start behind the lines leaves none to show, and no file is asked for. */
static void shows_nothing_of_a_start_behind_its_lines(void **state)
{
	struct listed l;

	(void)state;
	listed_init(&l, "other");
	l.m.functions.p[1].start_line = 100;
	assert_report(make_report(&l.m.p, &l.o),
	    "Total: 100ms\n"
	    "ROUTINE ======================== other in b.c\n"
	    "      60ms       60ms (flat, cum) 60.00% of Total\n");
	listed_release(&l);
}

/* That the file is missing is told from the first function on that wants a line of it. */
static void tells_again_why_there_is_no_source(void **state)
{
	struct listed l;

	(void)state;
	listed_init(&l, "other|work");
	l.m.functions.p[0].filename = l.m.functions.p[1].filename;
	l.m.functions.p[0].start_line = 100;
	assert_report(make_report(&l.m.p, &l.o),
	    "Total: 100ms\n"
	    "ROUTINE ======================== other in b.c\n"
	    "      60ms       60ms (flat, cum) 60.00% of Total\n"
	    " Error: could not find file b.c on path .\n"
	    "ROUTINE ======================== work in b.c\n"
	    "      20ms       80ms (flat, cum) 80.00% of Total\n"
	    " Error: could not find file b.c on path .\n");
	assert_int_equal(l.reads, 1);
	listed_release(&l);
}

static void fails_without_a_match(void **state)
{
	struct listed l;
	struct err e;

	(void)state;
	listed_init(&l, "a\\.c");
	e = make_report_error(&l.m.p, &l.o);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_string_equal(e.msg, "no matches found for regexp: a\\.c");
	listed_release(&l);
}

/* Two functions of one file read it once. */
static void reads_a_file_once(void **state)
{
	struct listed l;
	struct buf out;

	(void)state;
	listed_init(&l, "work|other");
	l.m.functions.p[1].filename = l.m.functions.p[0].filename;
	out = make_report(&l.m.p, &l.o);
	buf_release(&out);
	assert_int_equal(l.reads, 1);
	listed_release(&l);
}

static enum err_code read_long_line(void *ctx, struct str path, struct str source_path,
    struct str trim_path, struct arena *arena, struct str *text, struct err *e)
{
	const size_t n = 100000;
	char *bytes = arena_alloc(arena, n + 8);

	(void)ctx, (void)path, (void)source_path, (void)trim_path;
	if (!bytes)
		return FAIL_NOMEM(e);
	memset(bytes, 'x', n);
	memcpy(bytes + n, "\n2\n3\n4\n", 8);
	*text = (struct str){ bytes, n + 8 };
	return OK;
}

static void shows_long_lines(void **state)
{
	struct listed l;
	struct buf out;

	(void)state;
	listed_init(&l, "work");
	l.ops.read_file = read_long_line;
	out = make_report(&l.m.p, &l.o);
	assert_true(out.n > 100000);
	assert_non_null(strstr(buf_c(&out), "      3:3\n"));
	buf_release(&out);
	listed_release(&l);
}

/* Lines of a damaged profile lie outside the file and do not stop the report. */
static void survives_absurd_lines(void **state)
{
	struct listed l;
	struct buf out;

	(void)state;
	listed_init(&l, "work");
	l.m.lines.p[0].line = INT64_MAX;
	l.m.lines.p[1].line = INT64_MIN;
	out = make_report(&l.m.p, &l.o);
	assert_true(out.n > 0);
	buf_release(&out);
	listed_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_lines_around_samples),
		cmocka_unit_test(starts_where_the_function_does),
		cmocka_unit_test(tells_why_there_is_no_source),
		cmocka_unit_test(shows_nothing_of_a_start_behind_its_lines),
		cmocka_unit_test(tells_again_why_there_is_no_source),
		cmocka_unit_test(fails_without_a_match),
		cmocka_unit_test(reads_a_file_once),
		cmocka_unit_test(shows_long_lines),
		cmocka_unit_test(survives_absurd_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
