/*
 * Packing: what comes out is read by another library too, whichever way a piece was coded, and is
 * no larger than it should be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <libdeflate.h>

#include "base/buf.h"
#include "profile/gzip.h"
#include "profile/huffman.h"
#include "profile/uncompress.h"

static uint64_t seed = 1;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)((seed >> 32) * n >> 32);
}

/* Bytes of `kinds` values that do not repeat; low ones are the more frequent. */
static void add_noise(struct buf *b, size_t n, uint32_t kinds)
{
	for (size_t i = 0; i < n; i++)
		buf_char(b, (char)random_below(random_below(kinds) + 1));
}

static void add_rows(struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "row %u of a table, %u\n", random_below(1000), random_below(10));
}

static void assert_unpacks(struct str packed, struct str raw)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	struct buf out = { 0 };
	size_t n;
	struct err e;

	assert_true(buf_reserve(&out, raw.n + 1));
	assert_int_equal(libdeflate_gzip_decompress(d, packed.p, packed.n, out.p, raw.n, &n),
	    LIBDEFLATE_SUCCESS);
	out.n = n;
	assert_true(str_eq(buf_str(&out), raw));
	libdeflate_free_decompressor(d);
	buf_clear(&out);
	assert_int_equal(profile_uncompress(&out, packed, &e), OK);
	assert_true(str_eq(buf_str(&out), raw));
	buf_release(&out);
}

/* Packs, and looks that it can be unpacked; the size. */
static size_t check(const struct buf *raw)
{
	struct buf packed = { 0 }, again = { 0 };
	struct err e;
	size_t n;

	assert_int_equal(profile_gzip(buf_str(raw), &packed, &e), OK);
	assert_unpacks(buf_str(&packed), buf_str(raw));
	assert_int_equal(profile_gzip(buf_str(raw), &again, &e), OK);
	assert_true(str_eq(buf_str(&packed), buf_str(&again)));
	n = packed.n;
	buf_release(&packed);
	buf_release(&again);
	return n;
}

static void small_inputs_survive(void **state)
{
	struct buf raw = { 0 };

	(void)state;
	assert_true(check(&raw) < 32);
	for (size_t n = 1; n < 300; n++) {
		buf_clear(&raw);
		add_noise(&raw, n, n % 2 ? 256 : 2);
		check(&raw);
	}
	buf_release(&raw);
}

/* Around the ends of pieces, of which the second and later ones are not searched. */
static void noise_is_coded_by_frequency(void **state)
{
	const size_t piece = (size_t)128 << 10;
	const size_t sizes[] = { piece - 1, piece, piece + 1, 3 * piece + 5, 40 * piece + 77 };
	struct buf raw = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		buf_clear(&raw);
		add_noise(&raw, sizes[i], 256);
		assert_true(check(&raw) < sizes[i] * 15 / 16); /* entropy is 7.4 bits */
	}
	buf_release(&raw);
}

/* What repeats after noise is found again, if not at once. */
static void kinds_of_bytes_take_turns(void **state)
{
	struct buf raw = { 0 };
	size_t noise;

	(void)state;
	add_noise(&raw, 3 << 20, 200);
	noise = raw.n;
	add_rows(&raw, 400000); /* 10 MB */
	assert_true(check(&raw) < noise + (raw.n - noise) * 2 / 5);
	add_noise(&raw, 5 << 20, 256);
	buf_fill(&raw, 'x', 5 << 20);
	check(&raw);
	buf_release(&raw);
}

/* A block by itself, between two bytes of a stream: also where codes would get too long. */
static void blocks_of_any_frequencies_survive(void **state)
{
	struct buf raw = { 0 };

	(void)state;
	for (unsigned shape = 0; shape < 40; shape++) {
		struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
		struct buf out = { 0 };
		struct huffman h;
		char back[1 << 17];
		size_t n;

		buf_clear(&raw);
		for (unsigned value = 0; value <= shape && raw.n < sizeof back / 3; value++)
			buf_fill(&raw, (char)(value * 37), (size_t)1 << value / 2);
		if (shape > 30)
			add_noise(&raw, 5000 + shape, 256);
		if (shape == 39)
			buf_clear(&raw);
		huffman_fit(&h, buf_str(&raw));
		assert_true(huffman_write(&h, buf_str(&raw), &out));
		assert_in_range(out.n + 100, h.bytes, h.bytes + 220);
		BUF_LIT(&out, "\3\0");
		assert_int_equal(
		    libdeflate_deflate_decompress(d, out.p, out.n, back, sizeof back, &n),
		    LIBDEFLATE_SUCCESS);
		assert_true(str_eq((struct str){ back, n }, buf_str(&raw)));
		libdeflate_free_decompressor(d);
		buf_release(&out);
	}
	buf_release(&raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_inputs_survive),
		cmocka_unit_test(noise_is_coded_by_frequency),
		cmocka_unit_test(kinds_of_bytes_take_turns),
		cmocka_unit_test(blocks_of_any_frequencies_survive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
