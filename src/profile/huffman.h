/*
 * Deflate without a search for repetitions: one block of a deflate stream in which every byte is
 * coded by how often it occurs. For bytes that hardly repeat, as in stacks that are all different,
 * it takes a third of the time. Caller: gzip.c.
 */
#ifndef PROFILE_HUFFMAN_H
#define PROFILE_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/str.h"

#define HUFFMAN_SYMBOLS 257 /* all bytes and the end of a block */

struct huffman {
	/* By symbol: the code, its first bit lowest as deflate wants it, and from bit 16 its
	 * length. */
	uint32_t code[HUFFMAN_SYMBOLS];
	size_t bytes; /* about what the block will take */
};

/* The best code for these bytes; raw.n is less than 2^32. */
void huffman_fit(struct huffman *h, struct str raw);

/* Appends the block, not a stream's last, from one byte boundary to another. False: no memory. */
bool huffman_write(const struct huffman *h, struct str raw, struct buf *out);

#endif
