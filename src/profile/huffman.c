/*
 * Codes of at most twelve bits, so that four of them fit a word of 64 bits beside the seven that
 * wait for their byte. Lengths are found as Huffman did, with two queues; when one is too long, the
 * counts are flattened and it is done again, which costs a fraction of a percent.
 */
#include "profile/huffman.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST       12
#define LENGTH_AT     16 /* bit of a code */
#define END_OF_BLOCK  256
#define KINDS         (LONGEST + 1) /* lengths of codes, with 0 */
#define KINDS_LONGEST 7             /* bits of a code for them */
#define HEADER_MAX    512           /* bytes: 258 lengths, 7 bits each, and what is before them */

struct bits {
	char *at;
	uint64_t held;
	unsigned n; /* fewer than 8 after flush() */
};

static inline void put(struct bits *b, uint64_t v, unsigned n)
{
	b->held |= v << b->n;
	b->n += n;
}

static inline void put_code(struct bits *b, uint32_t code)
{
	put(b, code & ((1u << LENGTH_AT) - 1), code >> LENGTH_AT);
}

/* Writes the whole bytes, and up to eight behind them that are written again. */
static inline void flush(struct bits *b)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	uint64_t word = __builtin_bswap64(b->held);
#else
	uint64_t word = b->held;
#endif
	memcpy(b->at, &word, sizeof word);
	b->at += b->n / 8;
	b->held >>= b->n & ~7u;
	b->n &= 7;
}

static inline uint64_t load_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
	return word;
}

/* Four tables, as a byte that is the same as the last would wait for its own count. */
static void count(uint32_t counts[HUFFMAN_SYMBOLS], struct str raw)
{
	uint32_t part[4][256] = { 0 };

	for (; raw.n >= 8; raw = str_skip(raw, 8)) {
		uint64_t word = load_word(raw.p);

		part[0][word & 0xff]++;
		part[1][word >> 8 & 0xff]++;
		part[2][word >> 16 & 0xff]++;
		part[3][word >> 24 & 0xff]++;
		part[0][word >> 32 & 0xff]++;
		part[1][word >> 40 & 0xff]++;
		part[2][word >> 48 & 0xff]++;
		part[3][word >> 56]++;
	}
	for (size_t i = 0; i < raw.n; i++)
		part[0][(unsigned char)raw.p[i]]++;
	for (size_t s = 0; s < 256; s++)
		counts[s] = part[0][s] + part[1][s] + part[2][s] + part[3][s];
	counts[END_OF_BLOCK] = 1;
}

struct leaf {
	uint32_t count;
	uint32_t symbol;
};

static int by_count(const void *a, const void *b)
{
	const struct leaf *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return x->symbol < y->symbol ? -1 : 1;
}

/*
 * The tree over n >= 2 leaves in order of count: nodes 0 .. n-1 are the leaves, the inner ones
 * follow in the order in which they are made, which is the order of their sums. Sets depths of the
 * leaves and returns the greatest.
 */
static unsigned grow_tree(const struct leaf *leaves, unsigned n, unsigned depth[])
{
	uint64_t sum[2 * HUFFMAN_SYMBOLS];
	unsigned parent[2 * HUFFMAN_SYMBOLS], leaf = 0, inner = n, most = 0;

	for (unsigned i = 0; i < n; i++)
		sum[i] = leaves[i].count;
	for (unsigned node = n; node < 2 * n - 1; node++) {
		sum[node] = 0;
		for (unsigned child = 0; child < 2; child++) {
			bool take_leaf = leaf < n && (inner >= node || sum[leaf] <= sum[inner]);
			unsigned taken = take_leaf ? leaf++ : inner++;

			sum[node] += sum[taken];
			parent[taken] = node;
		}
	}
	depth[2 * n - 2] = 0;
	for (unsigned i = 2 * n - 2; i-- > 0;) {
		depth[i] = depth[parent[i]] + 1;
		most = depth[i] > most ? depth[i] : most;
	}
	return most;
}

/* Lengths of at most `limit` bits for the symbols that occur; there are at least two. */
static void find_lengths(const uint32_t *counts, unsigned n, unsigned limit, uint8_t *length)
{
	struct leaf leaves[HUFFMAN_SYMBOLS];
	unsigned depth[2 * HUFFMAN_SYMBOLS], used = 0;

	memset(length, 0, n);
	for (unsigned s = 0; s < n; s++)
		if (counts[s])
			leaves[used++] = (struct leaf){ counts[s], s };
	qsort(leaves, used, sizeof *leaves, by_count);
	while (grow_tree(leaves, used, depth) > limit)
		for (unsigned i = 0; i < used; i++)
			leaves[i].count = leaves[i].count / 2 + 1;
	for (unsigned i = 0; i < used; i++)
		length[leaves[i].symbol] = (uint8_t)depth[i];
}

static uint32_t reversed(uint32_t code, unsigned bits)
{
	uint32_t out = 0;

	for (; bits > 0; bits--, code >>= 1)
		out = out << 1 | (code & 1);
	return out;
}

/* Codes of one length follow each other in order of the symbols (RFC 1951, 3.2.2). */
static void assign_codes(const uint8_t *length, unsigned n, uint32_t *code)
{
	uint32_t next = 0;

	for (unsigned bits = 1; bits <= LONGEST; bits++, next <<= 1)
		for (unsigned s = 0; s < n; s++)
			if (length[s] == bits)
				code[s] = reversed(next++, bits) | bits << LENGTH_AT;
}

void huffman_fit(struct huffman *h, struct str raw)
{
	uint32_t counts[HUFFMAN_SYMBOLS];
	uint8_t length[HUFFMAN_SYMBOLS];
	uint64_t bits = 0;

	count(counts, raw);
	if (raw.n == 0)
		counts[0] = 1; /* a code of one symbol is none */
	find_lengths(counts, HUFFMAN_SYMBOLS, LONGEST, length);
	memset(h->code, 0, sizeof h->code);
	assign_codes(length, HUFFMAN_SYMBOLS, h->code);
	for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++)
		bits += (uint64_t)counts[s] * length[s];
	h->bytes = bits / 8 + HUFFMAN_SYMBOLS * 3 / 8;
}

/*
 * The head of a block: how many codes of each kind there are, the code in which the lengths are
 * written, the lengths. One distance of one bit, which is never used, as some readers insist on.
 */
static void write_header(const struct huffman *h, struct bits *b)
{
	static const uint8_t order[] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14,
		1, 15 };
	uint8_t length[19] = { 0 };
	uint32_t code[KINDS] = { 0 };
	uint32_t counts[KINDS] = { 0 };

	for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++)
		counts[h->code[s] >> LENGTH_AT]++;
	counts[1]++;
	find_lengths(counts, KINDS, KINDS_LONGEST, length);
	assign_codes(length, KINDS, code);
	put(b, 0, 1); /* not the last block */
	put(b, 2, 2); /* a code of its own */
	put(b, HUFFMAN_SYMBOLS - 257, 5);
	put(b, 0, 5);                /* distances: 1 */
	put(b, sizeof order - 4, 4); /* lengths of lengths: all */
	for (unsigned i = 0; i < sizeof order; i++, flush(b))
		put(b, length[order[i]], 3);
	for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++, flush(b))
		put_code(b, code[h->code[s] >> LENGTH_AT]);
	put_code(b, code[1]);
	flush(b);
}

static void write_bytes(const struct huffman *h, struct str raw, struct bits *to)
{
	const unsigned char *p = (const unsigned char *)raw.p;
	struct bits b = *to;
	size_t i = 0;

	for (; i + 4 <= raw.n; i += 4) {
		put_code(&b, h->code[p[i]]);
		put_code(&b, h->code[p[i + 1]]);
		put_code(&b, h->code[p[i + 2]]);
		put_code(&b, h->code[p[i + 3]]);
		flush(&b);
	}
	for (; i < raw.n; i++, flush(&b))
		put_code(&b, h->code[p[i]]);
	put_code(&b, h->code[END_OF_BLOCK]);
	flush(&b);
	*to = b;
}

bool huffman_write(const struct huffman *h, struct str raw, struct buf *out)
{
	static const char empty_stored[] = { 0, 0, '\xff', '\xff' };
	struct bits b = { 0 };

	if (raw.n > SIZE_MAX / LONGEST || !buf_reserve(out, raw.n * LONGEST / 8 + HEADER_MAX))
		return false;
	b.at = out->p + out->n;
	write_header(h, &b);
	write_bytes(h, raw, &b);
	/* An empty block of plain bytes begins at a byte's boundary: so does what follows. */
	put(&b, 0, 3);
	put(&b, 0, (8 - b.n % 8) % 8);
	flush(&b);
	out->n = (size_t)(b.at - out->p);
	buf_add(out, empty_stored, sizeof empty_stored);
	return !buf_failed(out);
}
