/* Protobuf wire format against bytes from the specification, and what is written read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/wire.h"

static struct wire_cursor cursor(const char *bytes, size_t n)
{
	return wire_cursor_of((struct str){ bytes, n });
}

static void test_varint_of_specification(void **state)
{
	struct wire_cursor c = cursor("\x96\x01\x00", 3);
	uint64_t v;

	(void)state;
	assert_int_equal(wire_get_varint(&c, &v), WIRE_OK);
	assert_int_equal(v, 150);
	assert_int_equal(wire_get_varint(&c, &v), WIRE_OK);
	assert_int_equal(v, 0);
	assert_false(wire_more(&c));
	assert_int_equal(wire_get_varint(&c, &v), WIRE_BAD_VARINT);
}

static void test_varint_limits(void **state)
{
	struct wire_cursor most = cursor("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
	struct wire_cursor eleven = cursor("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11);
	struct wire_cursor cut = cursor("\x80\x80", 2);
	uint64_t v;

	(void)state;
	assert_int_equal(wire_get_varint(&most, &v), WIRE_OK);
	assert_true(v == UINT64_MAX);
	assert_int_equal(wire_get_varint(&eleven, &v), WIRE_BAD_VARINT);
	assert_int_equal(wire_get_varint(&cut, &v), WIRE_BAD_VARINT);
}

static void test_fields(void **state)
{
	/* 1: 150; 2: "testing"; 3: fixed32 1; 4: fixed64 2 */
	static const char bytes[] = "\x08\x96\x01\x12\x07testing\x1d\x01\0\0\0"
				    "\x21\x02\0\0\0\0\0\0\0";
	struct wire_cursor c = cursor(bytes, sizeof(bytes) - 1);
	struct wire_field f;

	(void)state;
	assert_int_equal(wire_get_field(&c, &f), WIRE_OK);
	assert_true(f.number == 1 && f.type == WIRE_VARINT && f.value == 150);
	assert_int_equal(wire_get_field(&c, &f), WIRE_OK);
	assert_true(f.number == 2 && f.type == WIRE_BYTES && str_is(f.bytes, "testing"));
	assert_int_equal(wire_get_field(&c, &f), WIRE_OK);
	assert_true(f.number == 3 && f.type == WIRE_FIXED32 && f.value == 1);
	assert_int_equal(wire_get_field(&c, &f), WIRE_OK);
	assert_true(f.number == 4 && f.type == WIRE_FIXED64 && f.value == 2);
	assert_false(wire_more(&c));
}

static enum wire_status status_of(const char *bytes, size_t n)
{
	struct wire_cursor c = cursor(bytes, n);
	struct wire_field f;

	return wire_get_field(&c, &f);
}

static void test_malformed_fields(void **state)
{
	(void)state;
	assert_int_equal(status_of("\x12\x05oops", 6), WIRE_TOO_LONG);
	assert_int_equal(
	    status_of("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11), WIRE_TOO_LONG);
	assert_int_equal(status_of("\x1d\0\0\0", 4), WIRE_TOO_LONG);
	assert_int_equal(status_of("\x21\0\0\0\0\0\0\0", 8), WIRE_TOO_LONG);
	assert_int_equal(status_of("\x0b", 1), WIRE_BAD_TYPE);
	assert_int_equal(status_of("\x08", 1), WIRE_BAD_VARINT);
	assert_int_equal(status_of("\x12", 1), WIRE_BAD_VARINT);
}

static void test_sizes_are_what_is_written(void **state)
{
	uint8_t buf[16];

	(void)state;
	for (unsigned shift = 0; shift < 64; shift++)
		for (uint64_t near = 0; near < 3; near++) {
			uint64_t v = (1ULL << shift) + near - 1;
			struct wire_writer w = { .buf = buf, .cap = sizeof(buf) };

			wire_put_varint(&w, v);
			assert_false(w.failed);
			assert_int_equal(w.used, wire_size_varint(v));
		}
}

static void test_written_fields(void **state)
{
	uint8_t buf[64];
	struct wire_writer w = { .buf = buf, .cap = sizeof(buf) };

	(void)state;
	wire_put_uint(&w, 1, 150);
	wire_put_uint(&w, 16, 0);
	wire_put_str(&w, 2, STR("testing"));
	assert_false(w.failed);
	assert_int_equal(
	    w.used, wire_size_uint(1, 150) + wire_size_uint(16, 0) + wire_size_bytes(2, 7));
	assert_memory_equal(buf, "\x08\x96\x01\x80\x01\x00\x12\x07testing", w.used);
}

struct sink {
	uint8_t data[64];
	size_t n;
	size_t calls;
	size_t fail_at; /* call that refuses, from 1; 0: none */
};

static bool sink_write(void *ctx, const uint8_t *data, size_t n)
{
	struct sink *sink = ctx;

	if (++sink->calls == sink->fail_at || n > sizeof(sink->data) - sink->n)
		return false;
	memcpy(sink->data + sink->n, data, n);
	sink->n += n;
	return true;
}

static void test_flush_through_a_small_buffer(void **state)
{
	struct sink sink = { 0 };
	uint8_t buf[3];
	struct wire_writer w = {
		.buf = buf, .cap = sizeof(buf), .flush = sink_write, .ctx = &sink
	};

	(void)state;
	wire_put_str(&w, 2, STR("testing"));
	assert_true(wire_flush(&w));
	assert_int_equal(sink.n, 9);
	assert_memory_equal(sink.data, "\x12\x07testing", 9);
}

static void test_failures_stick(void **state)
{
	struct sink sink = { .fail_at = 1 };
	uint8_t buf[3];
	struct wire_writer refused = {
		.buf = buf, .cap = sizeof(buf), .flush = sink_write, .ctx = &sink
	};
	struct wire_writer full = { .buf = buf, .cap = sizeof(buf) };

	(void)state;
	wire_put_bytes(&refused, "abcdef", 6);
	wire_put_bytes(&refused, "ghi", 3);
	assert_false(wire_flush(&refused));
	assert_int_equal(sink.calls, 1);
	wire_put_bytes(&full, "abc", 3);
	assert_false(full.failed);
	wire_put_bytes(&full, "d", 1);
	assert_true(full.failed);
	assert_memory_equal(buf, "abc", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_varint_of_specification),
		cmocka_unit_test(test_varint_limits),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_malformed_fields),
		cmocka_unit_test(test_sizes_are_what_is_written),
		cmocka_unit_test(test_written_fields),
		cmocka_unit_test(test_flush_through_a_small_buffer),
		cmocka_unit_test(test_failures_stick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
