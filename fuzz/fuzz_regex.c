/*
 * Any bytes as an expression and as what it is matched against: the first line is the expression,
 * the rest is searched. Also holds that what compiles has a valid translation (no surprise from
 * PCRE2), by regex_new itself, and that matching the same text twice gives the same answer.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size > 4096 ? 4096 : size };
	struct str pattern = rest;
	struct regex *re;
	struct err e;
	size_t end = str_find_char(rest, '\n');

	if (end != STR_NPOS) {
		pattern = str_head(rest, end);
		rest = str_skip(rest, end + 1);
	}
	if (regex_new(&re, pattern, &e) != OK)
		return 0;
	if (regex_match(re, rest) != regex_match(re, rest))
		abort();
	regex_free(re);
	return 0;
}
