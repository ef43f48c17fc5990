/*
 * The request head parser on any bytes: it must stay inside them, agree with itself when the input
 * comes in two pieces, and hand out texts that lie within the input.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct str part, struct str in)
{
	if (part.n > 0 && (part.p < in.p || part.p + part.n > in.p + in.n))
		abort();
}

/* Clean is clean: a redirect leads to no other. */
static void check_clean(struct str path)
{
	char once[64], twice[64];

	if (!http1_clean_path(path, once, sizeof(once)))
		return;
	if (!http1_clean_path(str_c(once), twice, sizeof(twice)) || strcmp(once, twice) != 0)
		abort();
}

static void check_done(const struct http1_request *r, struct str in)
{
	char text[256];
	size_t n;

	check_inside(r->method, in);
	check_inside(r->path, in);
	check_inside(r->query, in);
	check_inside(r->host, in);
	check_inside(http1_host_name(r->host), in);
	if (r->path.n == 0 || r->path.p[0] != '/' || r->head_bytes > in.n)
		abort();
	if (http1_unescape(r->path, false, text, sizeof(text), &n) && text[n] != '\0')
		abort();
	check_clean(r->path);
	http1_query(r->query, "seconds", text, sizeof(text));
	http1_query(r->query, "debug", text, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct http1_request whole, part;
	enum http1_status status = http1_parse(in, &whole);
	enum http1_status early = http1_parse(str_head(in, size / 2), &part);

	if (status == HTTP1_DONE)
		check_done(&whole, in);
	/* What the first half decides, the rest cannot change. */
	if (early != HTTP1_MORE && early != status)
		abort();
	return 0;
}
