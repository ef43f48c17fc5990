/*
 * gzip files into a sink, by one thread and by two: the same bytes in the same order, however the
 * sink takes them, and each way in which it may end early.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "profile/gzip.h"
#include "profile/inflate.h"

typedef enum err_code inflate_file(int fd, struct inflate_sink *sink, struct err *e);

static inflate_file *const both[] = { inflate_gzip_fd, inflate_gzip_fd_ahead };

/* Takes all but `leave` bytes each time; fails when it has more than `most`. */
struct taker {
	struct inflate_sink sink; /* first */
	struct buf got;
	size_t leave, most;
};

static enum err_code take(struct inflate_sink *sink, struct buf *out, struct err *e)
{
	struct taker *t = (struct taker *)sink;
	size_t n = out->n > t->leave ? out->n - t->leave : 0;

	buf_add(&t->got, out->p, n);
	memmove(out->p, out->p + n, out->n - n);
	out->n -= n;
	return t->got.n > t->most ? FAIL(e, ERR_LIMIT, "more than the taker wants") : OK;
}

/* 3 MB that neither repeat nor are all different, in two members. */
static void contents(struct buf *raw, struct buf *packed)
{
	uint32_t seed = 7;
	struct err e;

	for (size_t i = 0; i < 3000000; i++) {
		seed = seed * 1664525 + 1013904223;
		buf_char(raw, (char)(seed >> 24 & 0x3f));
	}
	assert_int_equal(profile_gzip(str_head(buf_str(raw), 1234567), packed, &e), OK);
	assert_int_equal(profile_gzip(str_skip(buf_str(raw), 1234567), packed, &e), OK);
}

static enum err_code run(inflate_file *inflate, struct str packed, struct taker *t, struct err *e)
{
	FILE *f = tmpfile();
	enum err_code code;

	assert_non_null(f);
	assert_int_equal(fwrite(packed.p, 1, packed.n, f), packed.n);
	assert_int_equal(fflush(f), 0);
	assert_int_equal(lseek(fileno(f), 0, SEEK_SET), 0);
	t->sink.take = take;
	code = inflate(fileno(f), &t->sink, e);
	fclose(f);
	return code;
}

static void everything_arrives(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };
	struct err e;

	(void)state;
	contents(&raw, &packed);
	for (size_t i = 0; i < 2; i++) {
		struct taker t = { .most = raw.n };

		assert_int_equal(run(both[i], buf_str(&packed), &t, &e), OK);
		assert_true(str_eq(buf_str(&t.got), buf_str(&raw)));
		buf_release(&t.got);
	}
	buf_release(&raw);
	buf_release(&packed);
}

static void what_is_left_comes_again(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };
	struct err e;

	(void)state;
	contents(&raw, &packed);
	for (size_t i = 0; i < 2; i++) {
		struct taker t = { .most = raw.n, .leave = 1001 };

		assert_int_equal(run(both[i], buf_str(&packed), &t, &e), ERR_FORMAT);
		assert_string_equal(e.msg, "the sink has left something");
		assert_true(str_eq(buf_str(&t.got), str_head(buf_str(&raw), raw.n - 1001)));
		buf_release(&t.got);
	}
	buf_release(&raw);
	buf_release(&packed);
}

static void a_sink_that_fails_ends_it(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };
	struct err e;

	(void)state;
	contents(&raw, &packed);
	for (size_t i = 0; i < 2; i++) {
		struct taker t = { .most = 600000 };

		assert_int_equal(run(both[i], buf_str(&packed), &t, &e), ERR_LIMIT);
		assert_string_equal(e.msg, "more than the taker wants");
		assert_true(t.got.n < raw.n);
		buf_release(&t.got);
	}
	buf_release(&raw);
	buf_release(&packed);
}

static void broken_files_end_it(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };
	struct err e;

	(void)state;
	contents(&raw, &packed);
	for (size_t i = 0; i < 2; i++) {
		struct taker t = { .most = raw.n };

		assert_int_equal(
		    run(both[i], str_head(buf_str(&packed), packed.n / 2), &t, &e), ERR_FORMAT);
		assert_true(t.got.n > 0 && t.got.n < raw.n);
		buf_release(&t.got);
	}
	buf_release(&raw);
	buf_release(&packed);
}

/* 64 MB of zeros: a bomb must end it also when the sink is slower. */
static void bombs_end_it(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };
	struct err e;

	(void)state;
	buf_fill(&raw, 0, (size_t)64 << 20);
	assert_int_equal(profile_gzip(buf_str(&raw), &packed, &e), OK);
	for (size_t i = 0; i < 2; i++) {
		struct taker t = { .most = raw.n };

		assert_int_equal(run(both[i], buf_str(&packed), &t, &e), ERR_LIMIT);
		assert_non_null(strstr(e.msg, "packed more than"));
		buf_release(&t.got);
	}
	buf_release(&raw);
	buf_release(&packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_arrives),
		cmocka_unit_test(what_is_left_comes_again),
		cmocka_unit_test(a_sink_that_fails_ends_it),
		cmocka_unit_test(broken_files_end_it),
		cmocka_unit_test(bombs_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
