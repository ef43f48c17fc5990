/*
 * Compressed input: what is read, the words for what is broken (Go's), and bombs. Compressed bytes
 * are made with the libraries, or by hand where a library would not make them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "base/arena.h"
#include "profile/decode.h"
#include "profile/gzip.h"
#include "profile/uncompress.h"

static void add_gzip(struct buf *out, struct str raw)
{
	struct err e;

	assert_int_equal(profile_gzip(raw, out, &e), OK);
}

static void add_zstd(struct buf *out, struct str raw)
{
	size_t bound = ZSTD_compressBound(raw.n), n;

	assert_true(buf_reserve(out, bound));
	n = ZSTD_compress(out->p + out->n, bound, raw.p, raw.n, 3);
	assert_false(ZSTD_isError(n));
	out->n += n;
}

/* Bytes that neither repeat nor are all different. */
static void fill(struct buf *b, size_t n, uint32_t seed)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		buf_char(b, (char)(seed >> 24 & 0x3f));
	}
}

static void assert_reads(const struct buf *packed, const struct buf *raw)
{
	struct buf out = { 0 };
	struct err e = { 0 };

	assert_true(profile_is_compressed(buf_str(packed)));
	if (profile_uncompress(&out, buf_str(packed), &e) != OK)
		fail_msg("%s", e.msg);
	assert_int_equal(out.n, raw->n);
	if (raw->n)
		assert_memory_equal(out.p, raw->p, raw->n);
	buf_release(&out);
}

static void assert_fails(struct str packed, enum err_code code, const char *message)
{
	struct buf out = { 0 };
	struct err e = { 0 };

	assert_int_equal(profile_uncompress(&out, packed, &e), code);
	if (message)
		assert_string_equal(e.msg, message);
	buf_release(&out);
}

static void gzip_and_zstd_are_read(void **state)
{
	static const size_t sizes[] = { 0, 1, 1000, 65535, 65536, 3000000 };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct buf raw = { 0 }, packed = { 0 };

		fill(&raw, sizes[i], 1);
		add_gzip(&packed, buf_str(&raw));
		assert_reads(&packed, &raw);
		buf_clear(&packed);
		add_zstd(&packed, buf_str(&raw));
		assert_reads(&packed, &raw);
		buf_release(&raw);
		buf_release(&packed);
	}
}

/*
 * Data without repetitions is packed without looking for any; what comes behind it and has some is
 * packed well all the same. Random text of 64 different bytes takes three quarters of its size.
 */
static void repetitions_are_found_behind_data_without_any(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };
	struct gzip g = { 0 };
	size_t n = 5000000, random_size;

	(void)state;
	fill(&raw, n, 6);
	gzip_begin(&g, &packed);
	gzip_add(&g, buf_str(&raw));
	random_size = packed.n;
	for (int i = 0; i < 20000; i++)
		BUF_LIT(&raw, "the same again and again; ");
	gzip_other_data(&g);
	gzip_add(&g, str_skip(buf_str(&raw), n));
	fill(&raw, n, 7);
	gzip_add(&g, str_skip(buf_str(&raw), raw.n - n));
	assert_true(gzip_end(&g));
	assert_reads(&packed, &raw);
	assert_in_range(random_size, n / 4 * 3 - n / 20, n / 4 * 3 + n / 20);
	assert_in_range(packed.n, n / 2 * 3 - n / 10, n / 2 * 3 + n / 20);
	buf_release(&raw);
	buf_release(&packed);
}

/* The last member's size says nothing about the first's. */
static void members_and_frames_are_joined(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };

	(void)state;
	fill(&raw, 500000, 2);
	add_gzip(&packed, buf_str(&raw));
	fill(&raw, 10, 3);
	add_gzip(&packed, str_skip(buf_str(&raw), 500000));
	assert_reads(&packed, &raw);
	buf_clear(&packed);
	add_zstd(&packed, str_head(buf_str(&raw), 400000));
	add_zstd(&packed, str_skip(buf_str(&raw), 400000));
	assert_reads(&packed, &raw);
	buf_release(&raw);
	buf_release(&packed);
}

static void a_wrong_size_in_the_trailer_is_no_trouble(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };

	(void)state;
	fill(&raw, 300000, 4);
	add_gzip(&packed, buf_str(&raw));
	memset(packed.p + packed.n - 4, 0xff, 4);
	assert_fails(buf_str(&packed), ERR_FORMAT, "gzip: invalid checksum");
	memset(packed.p + packed.n - 4, 0, 4);
	assert_fails(buf_str(&packed), ERR_FORMAT, "gzip: invalid checksum");
	buf_release(&raw);
	buf_release(&packed);
}

static void every_truncation_is_an_unexpected_end(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };

	(void)state;
	fill(&raw, 5000, 5);
	BUF_LIT(&raw, "some text, some text, some text, some text");
	add_gzip(&packed, buf_str(&raw));
	for (size_t n = 2; n < packed.n; n += n < 100 ? 1 : 37)
		assert_fails(str_head(buf_str(&packed), n), ERR_FORMAT, "unexpected EOF");
	buf_clear(&packed);
	add_zstd(&packed, buf_str(&raw));
	for (size_t n = 5; n < packed.n; n += 97)
		assert_fails(str_head(buf_str(&packed), n), ERR_FORMAT, "unexpected EOF");
	buf_release(&raw);
	buf_release(&packed);
}

static void broken_gzip_says_how(void **state)
{
	struct buf packed = { 0 };

	(void)state;
	add_gzip(&packed, STR("hello hello hello"));
	packed.p[packed.n - 6] ^= 1;
	assert_fails(buf_str(&packed), ERR_FORMAT, "gzip: invalid checksum");
	packed.p[packed.n - 6] ^= 1;
	buf_char(&packed, 'x'); /* garbage behind it is read as another member */
	assert_fails(buf_str(&packed), ERR_FORMAT, "unexpected EOF");
	buf_fill(&packed, 'x', 20);
	assert_fails(buf_str(&packed), ERR_FORMAT, "gzip: invalid header");
	packed.p[2] = 7; /* unknown method */
	assert_fails(buf_str(&packed), ERR_FORMAT, "gzip: invalid header");
	buf_release(&packed);
}

#define HEADER "\x1f\x8b\x08\0\0\0\0\0\0\xff"

static void corrupt_deflate_names_the_offset(void **state)
{
	(void)state;
	/* The last kind of block does not exist. */
	assert_fails(STR(HEADER "\x07"
				"12345678"),
	    ERR_FORMAT, "flate: corrupt input before offset 1");
	/* A stored block whose length and its inverse disagree. */
	assert_fails(STR(HEADER "\x01\x05\x00\x05\x00"
				"hello12345678"),
	    ERR_FORMAT, "flate: corrupt input before offset 5");
	/* A fixed block that begins by looking back. */
	assert_fails(STR(HEADER "\x03\x02\x00\x00"
				"12345678"),
	    ERR_FORMAT, "flate: corrupt input before offset 2");
	/* A dynamic block with 31 distance codes. */
	assert_fails(STR(HEADER "\x05\x1e\0\0\0"
				"12345678"),
	    ERR_FORMAT, "flate: corrupt input before offset 3");
}

static void header_fields_are_skipped(void **state)
{
	struct buf packed = { 0 }, full = { 0 }, raw = { 0 };

	(void)state;
	BUF_LIT(&raw, "contents");
	add_gzip(&packed, buf_str(&raw));
	buf_add(&full,
	    "\x1f\x8b\x08\x1c\0\0\0\0\0\xff"
	    "\x02\0xy"
	    "name\0"
	    "comment\0",
	    27);
	buf_add(&full, packed.p + 10, packed.n - 10);
	assert_reads(&full, &raw);
	for (size_t n = 10; n < full.n; n++)
		assert_fails(str_head(buf_str(&full), n), ERR_FORMAT, "unexpected EOF");
	buf_release(&packed);
	buf_release(&full);
	buf_release(&raw);
}

#define TOO_DENSE "contents are packed more than 256 to 1, which no profile is"

/* One kind of block of a zstd frame: `size` times the same byte, in four bytes. */
static void add_zstd_run(struct buf *out, uint32_t size, bool last)
{
	uint32_t head = size << 3 | 1u << 1 | last;

	buf_char(out, (char)head);
	buf_char(out, (char)(head >> 8));
	buf_char(out, (char)(head >> 16));
	buf_char(out, 0);
}

/* 100 GB in 3 MB: blocks of 128 KiB in 4 bytes each, behind a header with a window of 1 MiB. */
static void add_zstd_bomb(struct buf *out, uint32_t blocks)
{
	BUF_LIT(out, "\x28\xb5\x2f\xfd\x00\x50");
	for (uint32_t i = 0; i < blocks; i++)
		add_zstd_run(out, 128u << 10, i + 1 == blocks);
}

/* How much memory a refusal took, as the buffer that it leaves shows. */
static void assert_bomb(const struct buf *packed)
{
	struct buf out = { 0 };
	struct err e = { 0 };

	assert_int_equal(profile_uncompress(&out, buf_str(packed), &e), ERR_LIMIT);
	assert_string_equal(e.msg, TOO_DENSE);
	assert_true(out.n <= packed->n + ((size_t)34 << 20));
	buf_release(&out);
}

static void bombs_end_early(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };

	(void)state;
	add_zstd_bomb(&packed, 800000);
	assert_bomb(&packed);
	buf_clear(&packed);
	buf_fill(&raw, 0, (size_t)100 << 20);
	assert_false(buf_failed(&raw));
	add_gzip(&packed, buf_str(&raw));
	assert_true(packed.n < 250000);
	assert_bomb(&packed);
	buf_release(&raw);
	buf_release(&packed);
}

/* What comes before does not make room for it: each stretch must be like a profile. */
static void a_bomb_behind_honest_bytes_ends_too(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };

	(void)state;
	fill(&raw, 1000000, 6);
	buf_fill(&raw, 0, (size_t)40 << 20);
	add_gzip(&packed, buf_str(&raw));
	assert_true(raw.n < packed.n * 256);
	assert_bomb(&packed);
	buf_clear(&packed);
	add_zstd(&packed, str_head(buf_str(&raw), 1000000));
	add_zstd_bomb(&packed, 1000);
	assert_bomb(&packed);
	buf_release(&raw);
	buf_release(&packed);
}

/* 16 MB of anything, and any amount that is packed as well as deep stacks can be. */
static void dense_profiles_are_read(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };

	(void)state;
	buf_fill(&raw, 0, (size_t)15 << 20);
	add_gzip(&packed, buf_str(&raw));
	assert_reads(&packed, &raw);
	buf_clear(&packed);
	buf_clear(&raw);
	for (uint32_t i = 0; i < 15000; i++) {
		fill(&raw, 16, i);
		buf_fill(&raw, (char)i, 4000);
	}
	add_zstd(&packed, buf_str(&raw));
	assert_true(raw.n > packed.n * 80);
	assert_reads(&packed, &raw);
	buf_release(&raw);
	buf_release(&packed);
}

static void decode_says_what_it_was_doing(void **state)
{
	struct buf packed = { 0 };
	struct profile p;
	struct err e;

	(void)state;
	add_gzip(&packed, STR(""));
	assert_int_equal(profile_decode(&p, buf_str(&packed), &e), ERR_FORMAT);
	assert_string_equal(e.msg, "parsing profile: empty input file");
	packed.n -= 1;
	assert_int_equal(profile_decode_take(&p, &packed, &e), ERR_FORMAT);
	assert_string_equal(e.msg, "decompressing profile: unexpected EOF");
	assert_null(packed.p);
}

static void lack_of_memory_is_told(void **state)
{
	struct buf packed = { 0 }, out = { 0 };
	struct err e;

	(void)state;
	add_gzip(&packed, STR("something"));
	alloc_fail_at(1);
	assert_int_equal(profile_uncompress(&out, buf_str(&packed), &e), ERR_NOMEM);
	alloc_fail_at(0);
	buf_release(&packed);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gzip_and_zstd_are_read),
		cmocka_unit_test(repetitions_are_found_behind_data_without_any),
		cmocka_unit_test(members_and_frames_are_joined),
		cmocka_unit_test(a_wrong_size_in_the_trailer_is_no_trouble),
		cmocka_unit_test(every_truncation_is_an_unexpected_end),
		cmocka_unit_test(broken_gzip_says_how),
		cmocka_unit_test(corrupt_deflate_names_the_offset),
		cmocka_unit_test(header_fields_are_skipped),
		cmocka_unit_test(bombs_end_early),
		cmocka_unit_test(a_bomb_behind_honest_bytes_ends_too),
		cmocka_unit_test(dense_profiles_are_read),
		cmocka_unit_test(decode_says_what_it_was_doing),
		cmocka_unit_test(lack_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
