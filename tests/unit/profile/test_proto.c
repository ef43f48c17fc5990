/*
 * What the profile.proto reader accepts, drops and refuses. Inputs are written byte by byte; the
 * expected outcome of each is pprof's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "gen/pieces.h"
#include "gen/rawproto.h"
#include "profile/decode.h"
#include "profile/encode.h"
#include "profile/gzip.h"
#include "profile/proto_decode.h"

static const char *const words[] = { "", "cpu", "ns", "main", "main.c", "key", "text", "bytes", "",
	"[kernel.kallsyms]_stext" };

enum word { W_EMPTY, W_CPU, W_NS, W_MAIN, W_FILE, W_KEY, W_TEXT, W_BYTES, W_EMPTY_AGAIN, W_KERNEL };

#define N_WORDS (sizeof words / sizeof words[0])

/* Everything a small valid profile needs but samples: one type, mapping, function, location. */
static void add_tables(struct buf *b)
{
	struct buf location = { 0 };

	raw_simple(b, PB_PROFILE_SAMPLE_TYPE, 1, W_CPU, 2, W_NS);
	raw_simple(b, PB_PROFILE_MAPPING, 1, 1, 2, 0x1000, 3, 0x2000, 5, W_FILE);
	raw_uint(&location, PB_LOCATION_ID, 1);
	raw_uint(&location, PB_LOCATION_MAPPING_ID, 1);
	raw_uint(&location, PB_LOCATION_ADDRESS, 0x1234);
	raw_simple(&location, PB_LOCATION_LINE, 1, 7, 2, 33, 3, 5);
	raw_message(b, PB_PROFILE_LOCATION, &location);
	raw_simple(b, PB_PROFILE_FUNCTION, 1, 7, 2, W_MAIN, 3, W_MAIN, 4, W_FILE, 5, 30);
	raw_strings(b, words, N_WORDS);
	buf_release(&location);
}

static void assert_equal_profiles(const struct profile *p, const struct profile *q)
{
	struct buf first = { 0 }, second = { 0 };
	struct err e;

	assert_int_equal(profile_encode(p, &first, &e), OK);
	assert_int_equal(profile_encode(q, &second, &e), OK);
	assert_int_equal(first.n, second.n);
	assert_memory_equal(first.p, second.p, first.n);
	buf_release(&first);
	buf_release(&second);
}

/* What is read in one piece is read in pieces, with the same outcome. */
static void assert_read_in_pieces(const struct profile *p, enum err_code code, struct str bytes)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 64, 100000 };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct profile q;
		struct err e = { 0 };

		assert_int_equal(pieces_decode(&q, bytes, sizes[i], &e), code);
		if (code == OK)
			assert_equal_profiles(p, &q);
		else
			assert_null(q.arena.head);
		profile_release(&q);
	}
}

/* Decodes and releases the bytes; on success *p is the caller's. */
static enum err_code decode(struct profile *p, struct buf *b, struct err *e)
{
	enum err_code code = profile_decode(p, buf_str(b), e);

	if (b->n)
		assert_read_in_pieces(p, code, buf_str(b));
	buf_release(b);
	return code;
}

static void assert_refused(struct buf *b, const char *message)
{
	struct profile p;
	struct err e = { 0 };

	assert_int_equal(decode(&p, b, &e), ERR_FORMAT);
	assert_string_equal(e.msg, message);
	assert_int_equal(p.samples.n, 0);
	assert_null(p.arena.head);
}

#define UNRECOGNIZED "parsing profile: unrecognized profile format"

static void tables_are_read(void **state)
{
	struct buf b = { 0 };
	struct profile p;
	struct err e;

	(void)state;
	add_tables(&b);
	raw_simple(&b, PB_PROFILE_SAMPLE, 1, 1, 2, 42);
	raw_uint(&b, PB_PROFILE_PERIOD, 10);
	raw_uint(&b, PB_PROFILE_DURATION_NANOS, 5);
	raw_uint(&b, PB_PROFILE_DROP_FRAMES, W_MAIN);
	raw_uint(&b, PB_PROFILE_DOC_URL, W_TEXT);
	raw_uint(&b, PB_PROFILE_COMMENT, W_KEY);
	assert_int_equal(decode(&p, &b, &e), OK);
	assert_int_equal(p.samples.n, 1);
	assert_int_equal(p.samples.values[0], 42);
	assert_int_equal(p.samples.stack_at[1], 1);
	assert_null(p.samples.label_at);
	assert_int_equal(p.locations[0].address, 0x1234);
	assert_int_equal(p.locations[0].mapping, 0);
	assert_int_equal(p.lines[0].function, 0);
	assert_int_equal(p.lines[0].line, 33);
	assert_int_equal(p.lines[0].column, 5);
	assert_int_equal(p.functions[0].id, 7);
	assert_int_equal(p.functions[0].start_line, 30);
	assert_true(str_is(profile_str(&p, p.functions[0].name), "main"));
	assert_true(str_is(profile_str(&p, p.drop_frames), "main"));
	assert_true(str_is(profile_str(&p, p.doc_url), "text"));
	assert_true(str_is(profile_str(&p, p.comments[0]), "key"));
	assert_int_equal(p.period, 10);
	assert_int_equal(p.duration_ns, 5);
	assert_int_equal(p.period_type.type, 0);
	profile_release(&p);
}

static void packed_and_unpacked_numbers_mix(void **state)
{
	struct buf b = { 0 }, sample = { 0 };
	struct profile p;
	struct err e;
	static const uint32_t stack[] = { 0, 0, 0, 0 };

	(void)state;
	raw_simple(&b, PB_PROFILE_SAMPLE_TYPE, 1, W_CPU);
	raw_simple(&b, PB_PROFILE_SAMPLE_TYPE, 1, W_TEXT);
	raw_simple(&b, PB_PROFILE_SAMPLE_TYPE, 1, W_KEY);
	raw_uint(&sample, PB_SAMPLE_LOCATION_ID, 300);
	raw_bytes(&sample, PB_SAMPLE_LOCATION_ID, (struct str){ "\xac\x02\xac\x02", 4 });
	raw_bytes(&sample, PB_SAMPLE_VALUE,
	    (struct str){ "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 });
	raw_uint(&sample, PB_SAMPLE_LOCATION_ID, 300);
	raw_uint(&sample, PB_SAMPLE_VALUE, 3);
	raw_message(&b, PB_PROFILE_SAMPLE, &sample);
	raw_simple(&b, PB_PROFILE_LOCATION, 1, 300, 3, 0x99);
	raw_strings(&b, words, N_WORDS);
	assert_int_equal(decode(&p, &b, &e), OK);
	assert_int_equal(p.samples.stack_at[1], 4);
	assert_memory_equal(p.samples.stacks, stack, sizeof stack);
	assert_int_equal(p.samples.values[0], 1);
	assert_int_equal(p.samples.values[1], -1);
	assert_int_equal(p.samples.values[2], 3);
	assert_int_equal(p.locations[0].mapping, PROFILE_NONE);
	profile_release(&p);
	buf_release(&sample);
}

/* Ids out of order, with gaps, and far apart take different roads to the same answer. */
static void location_ids_may_be_anything(void **state)
{
	static const uint64_t sets[][5] = {
		{ 1, 2, 3, 4, 5 },
		{ 5, 4, 3, 2, 1 },
		{ 10, 20, 2, 30, 4 },
		{ 1, UINT64_MAX, 1ull << 40, 70000, 3 },
	};

	(void)state;
	for (size_t k = 0; k < sizeof sets / sizeof sets[0]; k++) {
		struct buf b = { 0 }, packed = { 0 }, sample = { 0 };
		struct profile p;
		struct err e;

		raw_simple(&b, PB_PROFILE_SAMPLE_TYPE, 1, W_CPU);
		for (size_t i = 0; i < 40; i++)
			raw_varint(&packed, sets[k][i * 3 % 5]);
		raw_message(&sample, PB_SAMPLE_LOCATION_ID, &packed);
		raw_uint(&sample, PB_SAMPLE_VALUE, 1);
		raw_message(&b, PB_PROFILE_SAMPLE, &sample);
		for (size_t i = 0; i < 5; i++)
			raw_simple(&b, PB_PROFILE_LOCATION, 1, sets[k][i]);
		raw_strings(&b, words, N_WORDS);
		assert_int_equal(decode(&p, &b, &e), OK);
		assert_int_equal(p.samples.stack_at[1], 40);
		for (size_t i = 0; i < 40; i++)
			assert_int_equal(p.samples.stacks[i], i * 3 % 5);
		profile_release(&p);
		buf_release(&packed);
		buf_release(&sample);
	}
}

static void add_labelled_sample(struct buf *b)
{
	struct buf sample = { 0 };

	raw_uint(&sample, PB_SAMPLE_VALUE, 1);
	raw_simple(&sample, PB_SAMPLE_LABEL, 1, W_KEY, 2, W_TEXT, 3, 9, 4, 12345); /* text wins */
	raw_simple(&sample, PB_SAMPLE_LABEL, 1, W_KEY); /* says nothing */
	raw_simple(&sample, PB_SAMPLE_LABEL, 1, W_BYTES, 3, 512);
	raw_simple(&sample, PB_SAMPLE_LABEL, 1, W_BYTES, 3, 0, 4, W_BYTES);
	raw_simple(&sample, PB_SAMPLE_LABEL, 1, W_KEY, 2, W_EMPTY_AGAIN);
	raw_message(b, PB_PROFILE_SAMPLE, &sample);
	buf_release(&sample);
}

static void labels_keep_their_order_and_empty_ones_go(void **state)
{
	struct buf b = { 0 };
	const struct label *l;
	struct profile p;
	struct err e;
	size_t n;

	(void)state;
	add_tables(&b);
	add_labelled_sample(&b);
	assert_int_equal(decode(&p, &b, &e), OK);
	sample_labels(&p, 0, &n);
	assert_int_equal(n, 4);
	l = p.samples.labels;
	assert_true(!l[0].is_num && str_is(profile_str(&p, l[0].str), "text"));
	assert_true(l[1].is_num && l[1].num == 512 && l[1].unit == 0);
	assert_true(l[2].is_num && l[2].num == 0 && str_is(profile_str(&p, l[2].unit), "bytes"));
	assert_true(!l[3].is_num && l[3].str == 0);
	profile_release(&p);
}

static void equal_strings_get_one_id(void **state)
{
	static const char *const twice[] = { "", "cpu", "cpu", "f" };
	struct buf b = { 0 };
	struct profile p;
	struct err e;

	(void)state;
	raw_simple(&b, PB_PROFILE_SAMPLE_TYPE, 1, 1, 2, 2);
	raw_strings(&b, twice, 4);
	assert_int_equal(decode(&p, &b, &e), OK);
	assert_int_equal(p.sample_types[0].type, p.sample_types[0].unit);
	assert_int_equal(p.strings.n, 3);
	assert_int_equal(profile_find_str(&p, STR("f")), 2);
	profile_release(&p);
}

static void kernel_relocation_symbol_is_kept_aside(void **state)
{
	struct buf b = { 0 };
	struct profile p;
	struct err e;

	(void)state;
	raw_strings(&b, words, N_WORDS);
	raw_simple(&b, PB_PROFILE_MAPPING, 1, 1, 5, W_KERNEL);
	raw_simple(&b, PB_PROFILE_MAPPING, 1, 2, 5, W_FILE);
	assert_int_equal(decode(&p, &b, &e), OK);
	assert_true(str_is(profile_str(&p, p.mappings[0].file), "[kernel.kallsyms]_stext"));
	assert_true(str_is(profile_str(&p, p.mappings[0].kernel_reloc), "_stext"));
	assert_int_equal(p.mappings[1].kernel_reloc, 0);
	profile_release(&p);
}

static void unknown_fields_are_skipped(void **state)
{
	struct buf b = { 0 };
	struct profile p;
	struct err e;

	(void)state;
	raw_bytes(&b, 99, STR("whatever"));
	raw_uint(&b, 1000, 7);
	buf_add(&b,
	    "\xa1\x06"
	    "12345678",
	    10); /* field 100, eight bytes */
	buf_add(&b,
	    "\xa5\x06"
	    "1234",
	    6);                                      /* field 100, four bytes */
	raw_varint(&b, ((1ull << 32) + 1) << 3 | 2); /* not field 1, though 32 bits say so */
	raw_varint(&b, 1);
	buf_char(&b, '\xff');
	add_tables(&b);
	assert_int_equal(decode(&p, &b, &e), OK);
	assert_int_equal(p.n_sample_types, 1);
	profile_release(&p);
}

static void broken_wire_format_is_not_a_profile(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} broken[] = {
		{ "\x0a", 1 },                 /* length missing */
		{ "\x0a\x05\x08", 3 },         /* message cut off */
		{ "\x0b", 1 },                 /* a group */
		{ "\x08\x01", 2 },             /* sample_type as a number */
		{ "\x4a\x01\x01", 3 },         /* time as bytes */
		{ "\x0d\x01\x02\x03\x04", 5 }, /* sample_type as four bytes */
		{ "\x60\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 }, /* varint of 11 bytes */
		{ "\x12\x03\x0a\x01\x80", 5 },         /* packed varint cut off */
		{ "\x12\x04\x12\x02\xff\xff", 6 },     /* packed value cut off */
		{ "\x12\x02\x18\x01", 4 },             /* label as a number */
		{ "\x12\x05\x1a\x03\x12\x01\x01", 7 }, /* label text as bytes */
		{ "\x22\x02\x20\x01", 4 },             /* line as a number */
		{ "\x5a\x02\x0a\x00", 4 },             /* period type's type as bytes */
		{ "\x6a\x01\x80", 3 },                 /* packed comment cut off */
		{ "plain text that is no profile", 29 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct buf b = { 0 };

		raw_strings(&b, words, N_WORDS);
		buf_add(&b, broken[i].bytes, broken[i].n);
		assert_refused(&b, UNRECOGNIZED);
	}
}

static void readers_reasons_are_available(void **state)
{
	struct buf b = { 0 };
	enum proto_kind kind;
	struct profile p;
	struct err e;

	(void)state;
	raw_bytes(&b, PB_PROFILE_STRING_TABLE, STR("not empty"));
	assert_int_equal(profile_proto_decode(&p, buf_str(&b), &kind, &e), ERR_FORMAT);
	assert_int_equal(kind, PROTO_OTHER);
	assert_string_equal(e.msg, "string_table[0] must be ''");
	buf_clear(&b);
	raw_uint(&b, PB_PROFILE_PERIOD, 1);
	assert_int_equal(profile_proto_decode(&p, buf_str(&b), &kind, &e), ERR_FORMAT);
	assert_string_equal(e.msg, "malformed profile format");
	buf_release(&b);
}

/* Each index in turn points behind the string table. */
static void string_indices_are_checked(void **state)
{
	(void)state;
	for (int k = 0; k < 11; k++) {
		struct buf b = { 0 }, sample = { 0 };
		const uint64_t bad = N_WORDS;

		add_tables(&b);
		if (k == 0)
			raw_simple(&b, PB_PROFILE_SAMPLE_TYPE, 2, bad);
		else if (k == 1)
			raw_simple(&b, PB_PROFILE_MAPPING, 1, 9, 6, bad);
		else if (k == 2)
			raw_simple(&b, PB_PROFILE_FUNCTION, 1, 9, 4, (uint64_t)-1);
		else if (k == 3)
			raw_uint(&b, PB_PROFILE_DROP_FRAMES, bad);
		else if (k == 4)
			raw_uint(&b, PB_PROFILE_KEEP_FRAMES, bad);
		else if (k == 5)
			raw_uint(&b, PB_PROFILE_DEFAULT_SAMPLE_TYPE, bad);
		else if (k == 6)
			raw_uint(&b, PB_PROFILE_DOC_URL, bad);
		else if (k == 7)
			raw_uint(&b, PB_PROFILE_COMMENT, bad);
		else if (k == 8)
			raw_simple(&b, PB_PROFILE_PERIOD_TYPE, 1, bad);
		raw_uint(&sample, PB_SAMPLE_VALUE, 1);
		if (k == 9)
			raw_simple(&sample, PB_SAMPLE_LABEL, 1, bad); /* though it says nothing */
		else if (k == 10)
			raw_simple(&sample, PB_SAMPLE_LABEL, 1, W_KEY, 3, 1, 4, bad);
		raw_message(&b, PB_PROFILE_SAMPLE, &sample);
		buf_release(&sample);
		assert_refused(&b, UNRECOGNIZED);
	}
}

static void invalid_profiles_say_why(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_refused(&b, "parsing profile: empty input file");

	raw_strings(&b, words, N_WORDS);
	raw_simple(&b, PB_PROFILE_SAMPLE, 2, 1);
	assert_refused(&b, "malformed profile: missing sample type information");

	add_tables(&b);
	raw_simple(&b, PB_PROFILE_SAMPLE, 1, 1, 2, 1, 2, 2);
	raw_simple(&b, PB_PROFILE_SAMPLE, 1, 99, 2, 1);
	assert_refused(&b, "malformed profile: mismatch: sample has 2 values vs. 1 types");

	add_tables(&b);
	raw_simple(&b, PB_PROFILE_SAMPLE, 1, 99, 2, 1);
	raw_simple(&b, PB_PROFILE_SAMPLE, 1, 1);
	assert_refused(&b, "malformed profile: sample has nil location");

	add_tables(&b);
	raw_simple(&b, PB_PROFILE_MAPPING, 5, W_FILE);
	assert_refused(&b, "malformed profile: found mapping with reserved ID=0");

	add_tables(&b);
	raw_simple(&b, PB_PROFILE_MAPPING, 1, 1);
	assert_refused(&b, "malformed profile: multiple mappings with same id: 1");

	add_tables(&b);
	raw_simple(&b, PB_PROFILE_FUNCTION, 1, 7);
	assert_refused(&b, "malformed profile: multiple functions with same id: 7");

	add_tables(&b);
	raw_simple(&b, PB_PROFILE_FUNCTION, 2, W_MAIN);
	assert_refused(&b, "malformed profile: found function with reserved ID=0");

	add_tables(&b);
	raw_simple(&b, PB_PROFILE_LOCATION, 1, 1);
	assert_refused(&b, "malformed profile: multiple locations with same id: 1");

	add_tables(&b);
	raw_simple(&b, PB_PROFILE_LOCATION, 3, 0x10);
	assert_refused(&b, "malformed profile: found location with reserved id=0");

	add_tables(&b);
	raw_bytes(&b, PB_PROFILE_LOCATION, STR("\x08\x02\x22\x02\x08\x63"));
	assert_refused(&b, "malformed profile: location id: 2 has a line with nil function");
}

/* A broken string index outranks an invalid sample: the whole is then not a profile.proto. */
static void wire_faults_outrank_validity(void **state)
{
	struct buf b = { 0 };

	(void)state;
	raw_strings(&b, words, N_WORDS);
	raw_simple(&b, PB_PROFILE_SAMPLE, 2, 1);
	raw_uint(&b, PB_PROFILE_DOC_URL, 500);
	assert_refused(&b, UNRECOGNIZED);
}

static void add_timed(struct buf *b, uint64_t time)
{
	add_tables(b);
	raw_uint(b, PB_PROFILE_TIME_NANOS, time);
}

static void concatenation_shows_in_the_time_only(void **state)
{
	struct buf b = { 0 };
	struct profile p;
	struct err e;

	(void)state;
	add_timed(&b, 1000);
	add_timed(&b, 2000);
	assert_refused(&b, "parsing profile: concatenated profiles detected");

	add_timed(&b, 1000); /* what follows the second time is never looked at */
	raw_uint(&b, PB_PROFILE_TIME_NANOS, 0);
	buf_add(&b, "\xff\xff", 2);
	assert_refused(&b, "parsing profile: concatenated profiles detected");

	add_timed(&b, 1000); /* but what precedes it is */
	buf_add(&b, "\x12\x03\x0a\x01\x80", 5);
	raw_uint(&b, PB_PROFILE_TIME_NANOS, 1);
	assert_refused(&b, UNRECOGNIZED);

	raw_strings(&b, words, N_WORDS);
	raw_uint(&b, PB_PROFILE_TIME_NANOS, 0);
	raw_uint(&b, PB_PROFILE_TIME_NANOS, 5);
	assert_int_equal(decode(&p, &b, &e), OK);
	assert_int_equal(p.time_ns, 5);
	profile_release(&p);
}

/* Memory asked for must follow from the bytes, not from numbers in them. */
static void large_counts_need_bytes(void **state)
{
	struct buf b = { 0 };
	struct profile p;
	struct err e;

	(void)state;
	add_tables(&b);
	for (int i = 0; i < 1000; i++)
		raw_simple(&b, PB_PROFILE_SAMPLE_TYPE, 1, W_CPU);
	for (int i = 0; i < 1000; i++)
		buf_add(&b, "\x12\x00", 2);
	assert_int_equal(decode(&p, &b, &e), ERR_FORMAT);
	assert_string_equal(
	    e.msg, "malformed profile: mismatch: sample has 0 values vs. 1001 types");
}

static void hostile_numbers_of_types_meet_a_limit(void **state)
{
	struct buf b = { 0 };
	struct profile p;
	struct err e;

	(void)state;
	raw_strings(&b, words, N_WORDS);
	for (int i = 0; i < 5000; i++)
		raw_simple(&b, PB_PROFILE_SAMPLE_TYPE, 1, W_CPU);
	assert_int_equal(decode(&p, &b, &e), ERR_LIMIT);
	assert_string_equal(e.msg, "parsing profile: profile has too many sample types");
}

/* Packed, it is larger than what is read into memory first. */
static void make_large(struct buf *packed)
{
	static const int64_t values[] = { 1 };
	struct builder b;
	struct profile p;
	struct err e;
	uint64_t seed = 1;
	uint32_t stack[32];

	builder_begin(&b, &p);
	builder_type(&b, "cpu", "ns");
	for (uint64_t i = 0; i < 70000; i++)
		builder_location(&b, PROFILE_NONE, i);
	for (int i = 0; i < 24000; i++) {
		for (int k = 0; k < 32; k++)
			stack[k] = gen_below(&seed, 70000);
		builder_sample(&b, stack, 32, values);
	}
	builder_finish(&b);
	assert_int_equal(profile_encode_gzip(&p, packed, &e), OK);
	assert_true(packed->n > (size_t)1 << 20);
	profile_release(&p);
}

static void put_file(const char *path, struct str bytes)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	assert_int_equal(fclose(f), 0);
}

/* The file gives what the bytes do, also when it is refused. */
static void assert_file_as_bytes(struct str bytes)
{
	char path[] = "/tmp/test_proto.XXXXXX";
	struct err e = { 0 }, file_e = { 0 };
	struct profile p, q;
	enum err_code code = profile_decode(&p, bytes, &e);
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	put_file(path, bytes);
	assert_int_equal(profile_decode_file(&q, str_c(path), SIZE_MAX, &file_e), code);
	unlink(path);
	if (code == OK)
		assert_equal_profiles(&p, &q);
	else
		assert_string_equal(e.msg, file_e.msg);
	profile_release(&p);
	profile_release(&q);
}

static void large_packed_files_are_read_while_they_are_inflated(void **state)
{
	struct buf packed = { 0 };

	(void)state;
	make_large(&packed);
	assert_file_as_bytes(buf_str(&packed));
	assert_file_as_bytes(str_head(buf_str(&packed), packed.n - 1));
	packed.p[packed.n - 5] ^= 1;
	assert_file_as_bytes(buf_str(&packed));
	buf_release(&packed);
}

/* Also when they are no profile.proto, and when there is something behind it. */
static void large_packed_files_may_be_anything(void **state)
{
	struct buf raw = { 0 }, packed = { 0 };
	struct err e;
	uint64_t seed = 3;

	(void)state;
	for (int i = 0; i < 300000; i++)
		buf_printf(&raw, "main;f%x 1\n", (unsigned)gen_random(&seed));
	assert_int_equal(profile_gzip(buf_str(&raw), &packed, &e), OK);
	assert_true(packed.n > (size_t)1 << 20);
	assert_file_as_bytes(buf_str(&packed));
	buf_clear(&packed);
	make_large(&packed);
	assert_int_equal(profile_gzip(STR("\xff"), &packed, &e), OK);
	assert_file_as_bytes(buf_str(&packed));
	buf_release(&raw);
	buf_release(&packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_read),
		cmocka_unit_test(packed_and_unpacked_numbers_mix),
		cmocka_unit_test(location_ids_may_be_anything),
		cmocka_unit_test(labels_keep_their_order_and_empty_ones_go),
		cmocka_unit_test(equal_strings_get_one_id),
		cmocka_unit_test(kernel_relocation_symbol_is_kept_aside),
		cmocka_unit_test(unknown_fields_are_skipped),
		cmocka_unit_test(broken_wire_format_is_not_a_profile),
		cmocka_unit_test(readers_reasons_are_available),
		cmocka_unit_test(string_indices_are_checked),
		cmocka_unit_test(invalid_profiles_say_why),
		cmocka_unit_test(wire_faults_outrank_validity),
		cmocka_unit_test(concatenation_shows_in_the_time_only),
		cmocka_unit_test(large_counts_need_bytes),
		cmocka_unit_test(hostile_numbers_of_types_meet_a_limit),
		cmocka_unit_test(large_packed_files_are_read_while_they_are_inflated),
		cmocka_unit_test(large_packed_files_may_be_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
