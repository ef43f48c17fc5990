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

static struct buf raw, packed;

/* 3 MB that neither repeat nor are all different, in two members. */
static int start(void **state)
{
	uint32_t seed = 7;
	struct err e;

	(void)state;
	for (size_t i = 0; i < 3000000; i++) {
		seed = seed * 1664525 + 1013904223;
		buf_char(&raw, (char)(seed >> 24 & 0x3f));
	}
	return profile_gzip(str_head(buf_str(&raw), 1234567), &packed, &e) != OK ||
	       profile_gzip(str_skip(buf_str(&raw), 1234567), &packed, &e) != OK;
}

static int end(void **state)
{
	(void)state;
	buf_release(&raw);
	buf_release(&packed);
	return 0;
}

static enum err_code run(inflate_file *inflate, struct str bytes, struct taker *t, struct err *e)
{
	FILE *f = tmpfile();
	enum err_code code;

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	assert_int_equal(fflush(f), 0);
	assert_int_equal(lseek(fileno(f), 0, SEEK_SET), 0);
	t->sink.take = take;
	code = inflate(fileno(f), &t->sink, e);
	fclose(f);
	return code;
}

/* Both ways end with `code` and `message` after they gave the taker the first bytes of `raw`. */
static void expect(
    struct str bytes, size_t leave, size_t most, enum err_code code, const char *message)
{
	for (size_t i = 0; i < 2; i++) {
		struct taker t = { .leave = leave, .most = most };
		struct err e = { 0 };

		assert_int_equal(run(both[i], bytes, &t, &e), code);
		if (message)
			assert_non_null(strstr(e.msg, message));
		assert_true(t.got.n > 0 && t.got.n <= raw.n);
		assert_true(str_eq(buf_str(&t.got), str_head(buf_str(&raw), t.got.n)));
		if (code == OK || leave > 0)
			assert_int_equal(t.got.n, raw.n - leave);
		else
			assert_true(t.got.n < raw.n);
		buf_release(&t.got);
	}
}

static void everything_arrives(void **state)
{
	(void)state;
	expect(buf_str(&packed), 0, raw.n, OK, NULL);
}

static void what_is_left_comes_again(void **state)
{
	(void)state;
	expect(buf_str(&packed), 1001, raw.n, ERR_FORMAT, "the sink has left something");
}

static void a_sink_that_fails_ends_it(void **state)
{
	(void)state;
	expect(buf_str(&packed), 0, 600000, ERR_LIMIT, "more than the taker wants");
}

static void broken_files_end_it(void **state)
{
	(void)state;
	expect(str_head(buf_str(&packed), packed.n / 2), 0, raw.n, ERR_FORMAT, NULL);
}

/* 64 MB of zeros end it also when the sink is slower. */
static void bombs_end_it(void **state)
{
	struct buf zeros = { 0 }, bomb = { 0 };
	struct err e;

	(void)state;
	buf_fill(&zeros, 0, (size_t)64 << 20);
	assert_int_equal(profile_gzip(buf_str(&zeros), &bomb, &e), OK);
	for (size_t i = 0; i < 2; i++) {
		struct taker t = { .most = zeros.n };

		assert_int_equal(run(both[i], buf_str(&bomb), &t, &e), ERR_LIMIT);
		assert_non_null(strstr(e.msg, "packed more than"));
		buf_release(&t.got);
	}
	buf_release(&zeros);
	buf_release(&bomb);
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

	return cmocka_run_group_tests(tests, start, end);
}
