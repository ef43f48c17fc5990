#include "profile/gzip_fault.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <stdbool.h>

#define MAX_BITS   15
#define MAX_LIT    286
#define MAX_DIST   30
#define END        256
#define WINDOW     32768u
#define BAD_SYMBOL 0xffffu

enum fault {
	NO_FAULT = 0,
	CUT_OFF,
	CORRUPT,
};

struct bits {
	const uint8_t *begin;
	const uint8_t *p; /* bytes are only taken when a bit of them is needed: gives N above */
	const uint8_t *end;
	uint32_t held;
	unsigned n_held;
	enum fault fault;
	uint64_t written; /* bytes of output so far */
};

/* A canonical code: how many codes of each length, and the symbols in order of their codes. */
struct code {
	uint16_t count[MAX_BITS + 1];
	uint16_t symbols[288];
	unsigned longest; /* bits of the longest code; 0: there is none */
};

static uint32_t take(struct bits *b, unsigned n)
{
	uint32_t value;

	while (b->n_held < n) {
		if (b->p == b->end) {
			if (b->fault == NO_FAULT)
				b->fault = CUT_OFF;
			return 0;
		}
		b->held |= (uint32_t)*b->p++ << b->n_held;
		b->n_held += 8;
	}
	value = b->held & ((1u << n) - 1);
	b->held >>= n;
	b->n_held -= n;
	return value;
}

static void corrupt(struct bits *b)
{
	if (b->fault == NO_FAULT)
		b->fault = CORRUPT;
}

/* False for lengths that make no code: they must use up all codes, or be none or a single bit. */
static bool code_build(struct code *c, const uint8_t *lengths, unsigned n)
{
	uint16_t at[MAX_BITS + 1] = { 0 };
	unsigned used = 0;
	int left = 1;

	*c = (struct code){ 0 };
	for (unsigned i = 0; i < n; i++) {
		c->count[lengths[i]]++;
		used += lengths[i] != 0;
		if (lengths[i] > c->longest)
			c->longest = lengths[i];
	}
	c->count[0] = 0;
	for (unsigned len = 1; len <= MAX_BITS; len++) {
		left = left * 2 - c->count[len];
		if (left < 0)
			return false;
		at[len] = (uint16_t)(at[len - 1] + c->count[len - 1]);
	}
	for (unsigned i = 0; i < n; i++)
		if (lengths[i])
			c->symbols[at[lengths[i]]++] = (uint16_t)i;
	return left == 0 || used == 0 || (used == 1 && c->count[1] == 1);
}

static uint32_t take_symbol(struct bits *b, const struct code *c)
{
	uint32_t code = 0, first = 0, index = 0;

	for (unsigned len = 1; len <= c->longest && b->fault == NO_FAULT; len++) {
		code |= take(b, 1);
		if (code < first + c->count[len])
			return c->symbols[index + (code - first)];
		index += c->count[len];
		first = (first + c->count[len]) << 1;
		code <<= 1;
	}
	corrupt(b);
	return BAD_SYMBOL;
}

static void walk_stored(struct bits *b)
{
	uint32_t len, inverse;

	b->held = 0;
	b->n_held = 0;
	len = take(b, 16);
	inverse = take(b, 16);
	if (b->fault == NO_FAULT && (len ^ inverse) != 0xffff)
		corrupt(b);
	if (b->fault == NO_FAULT && (size_t)(b->end - b->p) < len) {
		b->p = b->end;
		b->fault = CUT_OFF;
	}
	if (b->fault == NO_FAULT) {
		b->p += len;
		b->written += len;
	}
}

/* The extra bits of a length symbol (257 …) and its base, by the format's arithmetic. */
static uint32_t take_length(struct bits *b, uint32_t symbol)
{
	unsigned i = symbol - 257, extra;

	if (i < 8)
		return 3 + i;
	if (i == 28)
		return 258;
	extra = i / 4 - 1;
	return ((4 + i % 4) << extra) + 3 + take(b, extra);
}

static uint32_t take_distance(struct bits *b, uint32_t symbol)
{
	unsigned extra;

	if (symbol < 4)
		return 1 + symbol;
	extra = symbol / 2 - 1;
	return ((2 + symbol % 2) << extra) + 1 + take(b, extra);
}

static void walk_symbols(struct bits *b, const struct code *lit, const struct code *dist)
{
	while (b->fault == NO_FAULT) {
		uint32_t symbol = take_symbol(b, lit);
		uint32_t length, back;

		if (b->fault != NO_FAULT || symbol == END)
			return;
		if (symbol < END) {
			b->written++;
			continue;
		}
		if (symbol >= MAX_LIT) {
			corrupt(b);
			return;
		}
		length = take_length(b, symbol);
		symbol = take_symbol(b, dist);
		if (b->fault == NO_FAULT && symbol >= MAX_DIST)
			corrupt(b);
		if (b->fault != NO_FAULT)
			return;
		back = take_distance(b, symbol);
		if (b->fault == NO_FAULT && (back > b->written || back > WINDOW))
			corrupt(b);
		b->written += length;
	}
}

static void walk_fixed(struct bits *b)
{
	uint8_t lengths[288];
	struct code lit, dist;

	for (unsigned i = 0; i < 288; i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	code_build(&lit, lengths, 288);
	memset(lengths, 5, 32);
	code_build(&dist, lengths, 32);
	walk_symbols(b, &lit, &dist);
}

/* Reads n code lengths, which are themselves coded with repeats. */
static void take_lengths(struct bits *b, const struct code *code, uint8_t *lengths, unsigned n)
{
	static const struct {
		uint8_t bits, base;
	} repeats[] = { { 2, 3 }, { 3, 3 }, { 7, 11 } };

	for (unsigned i = 0; i < n && b->fault == NO_FAULT;) {
		uint32_t symbol = take_symbol(b, code);
		uint8_t value = 0;
		uint32_t times;

		if (b->fault != NO_FAULT)
			return;
		if (symbol < 16) {
			lengths[i++] = (uint8_t)symbol;
			continue;
		}
		if (symbol == 16 && i == 0) {
			corrupt(b);
			return;
		}
		if (symbol == 16)
			value = lengths[i - 1];
		times = repeats[symbol - 16].base + take(b, repeats[symbol - 16].bits);
		if (times > n - i) {
			corrupt(b);
			return;
		}
		memset(lengths + i, value, times);
		i += times;
	}
}

static void walk_dynamic(struct bits *b)
{
	static const uint8_t order[19] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2,
		14, 1, 15 };
	uint8_t lengths[MAX_LIT + 32] = { 0 };
	uint8_t first[19] = { 0 };
	struct code code, lit, dist;
	uint32_t n_lit = take(b, 5) + 257;
	uint32_t n_dist = take(b, 5) + 1;
	uint32_t n_first = take(b, 4) + 4;

	if (n_lit > MAX_LIT || n_dist > MAX_DIST)
		corrupt(b);
	for (uint32_t i = 0; i < n_first && b->fault == NO_FAULT; i++)
		first[order[i]] = (uint8_t)take(b, 3);
	if (b->fault == NO_FAULT && !code_build(&code, first, 19))
		corrupt(b);
	if (b->fault != NO_FAULT)
		return;
	take_lengths(b, &code, lengths, n_lit + n_dist);
	if (b->fault == NO_FAULT &&
	    (!code_build(&lit, lengths, n_lit) || !code_build(&dist, lengths + n_lit, n_dist)))
		corrupt(b);
	if (b->fault == NO_FAULT)
		walk_symbols(b, &lit, &dist);
}

static void walk_blocks(struct bits *b)
{
	static void (*const walk[])(
	    struct bits *) = { walk_stored, walk_fixed, walk_dynamic, corrupt };
	bool last = false;

	while (!last && b->fault == NO_FAULT) {
		last = take(b, 1);
		uint32_t type = take(b, 2);

		if (b->fault == NO_FAULT)
			walk[type](b);
	}
}

enum gzip_flags {
	GZIP_HEADER_CRC = 2,
	GZIP_EXTRA = 4,
	GZIP_NAME = 8,
	GZIP_COMMENT = 16,
};

#define TEXT_MAX ((size_t)512) /* Go takes longer names for a fault */

static uint32_t little16(const char *p)
{
	return (unsigned char)p[0] | (uint32_t)(unsigned char)p[1] << 8;
}

static enum fault skip_bytes(struct str *in, size_t n)
{
	if (in->n < n)
		return CUT_OFF;
	*in = str_skip(*in, n);
	return NO_FAULT;
}

/* Skips a text that ends with NUL. */
static enum fault skip_text(struct str *in)
{
	size_t n = str_find_char(str_head(*in, TEXT_MAX), '\0');

	if (n == STR_NPOS)
		return in->n < TEXT_MAX ? CUT_OFF : CORRUPT;
	return skip_bytes(in, n + 1);
}

static enum fault skip_extra(struct str *in)
{
	return in->n < 2 ? CUT_OFF : skip_bytes(in, 2 + little16(in->p));
}

/* The lower half of the CRC of all header bytes before it. */
static enum fault skip_crc(struct str *in, const char *header)
{
	if (in->n < 2)
		return CUT_OFF;
	if ((libdeflate_crc32(0, header, (size_t)(in->p - header)) & 0xffff) != little16(in->p))
		return CORRUPT;
	return skip_bytes(in, 2);
}

/* Moves behind the header. */
static enum fault skip_header(struct str *in)
{
	const char *header = in->p;
	enum fault fault = NO_FAULT;
	unsigned flags;

	if (in->n >= 3 && in->p[2] != 8) /* the only method there is */
		return CORRUPT;
	if (in->n < 10)
		return CUT_OFF;
	flags = (unsigned char)in->p[3];
	*in = str_skip(*in, 10);
	if (flags & GZIP_EXTRA)
		fault = skip_extra(in);
	if (fault == NO_FAULT && (flags & GZIP_NAME))
		fault = skip_text(in);
	if (fault == NO_FAULT && (flags & GZIP_COMMENT))
		fault = skip_text(in);
	if (fault == NO_FAULT && (flags & GZIP_HEADER_CRC))
		fault = skip_crc(in, header);
	return fault;
}

enum err_code gzip_fault(struct str member, struct err *e)
{
	struct bits b = { 0 };
	enum fault header = skip_header(&member);

	if (header != NO_FAULT)
		return FAIL(e, ERR_FORMAT, "%s",
		    header == CUT_OFF ? "unexpected EOF" : "gzip: invalid header");
	b.p = b.begin = (const uint8_t *)member.p;
	b.end = b.p + member.n;
	walk_blocks(&b);
	if (b.fault == CORRUPT)
		return FAIL(e, ERR_FORMAT, "flate: corrupt input before offset %" PRIu64,
		    (uint64_t)(b.p - b.begin));
	if (b.fault == CUT_OFF || b.end - b.p < 8)
		return FAIL(e, ERR_FORMAT, "unexpected EOF");
	return FAIL(e, ERR_FORMAT, "gzip: invalid checksum");
}
