/*
 * Hash mixing for table look-ups inside one process: not cryptographic, not stored on disk.
 * The multiply-and-fold step follows wyhash's published construction (128-bit product, halves
 * xored).
 */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_K0 0xa0761d6478bd642fULL
#define HASH_K1 0xe7037ed1a0b428dbULL

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)(a ^ HASH_K0) * (b ^ HASH_K1);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_u64(uint64_t v)
{
	return hash_mix(
	    v, HASH_K0); /* any constant but HASH_K1, which would make every product 0 */
}

static inline uint64_t hash_word(const unsigned char *p)
{
	uint64_t word;

	memcpy(&word, p, 8);
	return word;
}

/* Long inputs in four parts that do not wait for each other. */
static inline uint64_t hash_bytes(const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t h = n * HASH_K0;
	uint64_t word = 0;

	if (n >= 64) {
		uint64_t a = h, b = h + HASH_K1, c = h ^ HASH_K1, d = h - HASH_K1;

		for (; n >= 32; p += 32, n -= 32) {
			a = hash_mix(a, hash_word(p));
			b = hash_mix(b, hash_word(p + 8));
			c = hash_mix(c, hash_word(p + 16));
			d = hash_mix(d, hash_word(p + 24));
		}
		h = hash_mix(hash_mix(a, b), hash_mix(c, d));
	}
	for (; n >= 8; p += 8, n -= 8)
		h = hash_mix(h, hash_word(p));
	for (size_t i = 0; i < n; i++)
		word |= (uint64_t)p[i] << (8 * i);
	return hash_mix(h, word);
}

#endif
