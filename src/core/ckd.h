/*
 * Checked arithmetic on sizes that come from input. Each returns true when the exact result fits
 * in *out (the opposite of the compiler builtins, so that a chain reads as conditions).
 */
#ifndef CORE_CKD_H
#define CORE_CKD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool ckd_add_size(size_t a, size_t b, size_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

static inline bool ckd_mul_size(size_t a, size_t b, size_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

static inline bool ckd_u32(uint64_t v, uint32_t *out)
{
	*out = (uint32_t)v;
	return v <= UINT32_MAX;
}

#endif
