/* Source names and URLs: whatever parses is printed, and what is printed parses to the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(struct str text, struct arena *a)
{
	struct buf first = { 0 };
	struct buf second = { 0 };
	struct url u;
	struct err e;

	if (url_parse(&u, text, a, &e) == OK && u.host.n) {
		url_write(&u, &first);
		if (url_parse(&u, buf_str(&first), a, &e) != OK)
			abort();
		url_write(&u, &second);
		if (!str_eq(buf_str(&first), buf_str(&second)))
			abort();
	}
	buf_release(&first);
	buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct url_source source;
	struct arena a = { 0 };
	struct str symbolz;
	struct err e;

	check_round_trip(text, &a);
	if (url_adjust(&source, text, (int64_t)(size % 3) * 5 - 5, -1, &a, &e) == OK &&
	    source.is_url)
		check_round_trip(source.url, &a);
	if (url_symbolz(text, &a, &symbolz, &e) == OK)
		(void)url_is_http(text);
	(void)url_is_absolute(text);
	arena_release(&a);
	return 0;
}
