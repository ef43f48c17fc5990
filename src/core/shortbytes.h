/*
 * Up to seven bytes in one word, for short texts that are written again and again: the first byte
 * lowest, how many there are in the top byte. Writing them is one store, without a branch.
 */
#ifndef CORE_SHORTBYTES_H
#define CORE_SHORTBYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SHORT_BYTES_MAX ((size_t)7)

typedef uint64_t short_bytes;

/* 0 when n is 0 or they do not fit. */
static inline short_bytes short_bytes_of(const char *p, size_t n)
{
	uint64_t word = 0;

	if (n > SHORT_BYTES_MAX)
		return 0;
	for (size_t i = 0; i < n; i++)
		word |= (uint64_t)(unsigned char)p[i] << (8 * i);
	return word | (uint64_t)n << 56;
}

/* Writes eight bytes at `at`, of which v's count; returns the end of those. */
static inline char *short_bytes_put(char *at, short_bytes v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	uint64_t word = __builtin_bswap64(v);
#else
	uint64_t word = v;
#endif
	memcpy(at, &word, sizeof word);
	return at + (v >> 56);
}

#endif
