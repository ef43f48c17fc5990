/*
 * UTF-8 as Go reads it: an invalid byte is one character, U+FFFD. Surrogates, over-long forms and
 * numbers above U+10FFFF are invalid. Used by the regular expressions.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"

#define UTF8_ERROR 0xFFFDu   /* what an invalid byte reads as */
#define UTF8_MAX   0x10FFFFu /* the largest code point */

/*
 * The first character of s. Returns its width: 0 when s is empty and 1 for an invalid byte, both
 * with *c = UTF8_ERROR.
 */
size_t utf8_next(struct str s, uint32_t *c);
/* True when the first bytes of s, which is not empty, are no character. */
bool utf8_is_bad(struct str s);
/* Width of the longest valid head of s. */
size_t utf8_valid_head(struct str s);

#endif
