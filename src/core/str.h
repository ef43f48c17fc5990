/*
 * Borrowed byte strings: a pointer and a length, not NUL-terminated, passed by value.
 * Printed with "%.*s" and STR_ARG. Nothing here allocates; usable in the runtime and in the tool.
 */
#ifndef CORE_STR_H
#define CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_ARG(s)   (int)(s).n, (s).p

static inline struct str str_c(const char *c)
{
	return (struct str){ c, strlen(c) };
}

static inline struct str str_range(const char *begin, const char *end)
{
	return (struct str){ begin, (size_t)(end - begin) };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str s, const char *c)
{
	return str_eq(s, str_c(c));
}

/* Byte order; a prefix sorts before the longer string, as in Go. */
static inline int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return a.n < b.n ? -1 : a.n > b.n;
}

static inline bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* What follows the first `n` bytes; empty when s is shorter. */
static inline struct str str_skip(struct str s, size_t n)
{
	return n < s.n ? (struct str){ s.p + n, s.n - n } : (struct str){ s.p + s.n, 0 };
}

static inline struct str str_head(struct str s, size_t n)
{
	return (struct str){ s.p, n < s.n ? n : s.n };
}

#define STR_NPOS SIZE_MAX

/* Index of the first / last byte c, or STR_NPOS. */
static inline size_t str_find_char(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : STR_NPOS;
}

static inline size_t str_rfind_char(struct str s, char c)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == c)
			return i - 1;
	return STR_NPOS;
}

/* Index of the first occurrence of `what`, or STR_NPOS; an empty `what` is found at 0. */
size_t str_find(struct str s, struct str what);

/* s without leading and trailing ASCII white space. */
struct str str_trim(struct str s);

/*
 * Cuts the next piece off *rest at `sep` and returns it; false when *rest is used up, which is
 * told by a null pointer in rest->p. "a,,b" has three pieces and "" has one, as in Go's Split.
 */
bool str_split(struct str *rest, char sep, struct str *piece);

/* The value of a digit in bases up to 36, in capitals or not; UINT32_MAX for any other. */
unsigned str_digit(char c);

/* Whole-string numbers: no sign for u64 ("0x" allowed when base is 16 or 0), range checked. */
bool str_to_u64(struct str s, int base, uint64_t *out);
bool str_to_i64(struct str s, int64_t *out);

#endif
