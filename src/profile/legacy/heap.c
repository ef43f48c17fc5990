/*
 * Heap profiles as text: tcmalloc's "heap profile: …" with rows "count: bytes [allocated] @ stack",
 * and with the same rows growth and fragmentation profiles.
 *
 * The header's type says how the heap was sampled: "heapz_v2" and "heap_v2" by a Poisson process of
 * the rate behind "/", "heap" the same with half that rate, "heapprofile" not at all.
 */
#include "profile/legacy/formats.h"

#include <math.h>

#include "base/regex.h"

#define COUNTS "heap profile: *(\\d+): *(\\d+) *\\[ *(\\d+): *(\\d+) *\\] "

struct heap_reader {
	struct legacy_builder *b;
	struct regex *row;
	struct address_list addresses;
	int64_t rate;
	bool is_sampled;
	bool has_allocated; /* rows have four values */
	struct err *e;
};

/* As the amd64 processor converts, which is what the values that users compare were made by. */
static int64_t truncated(double v)
{
	return v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN;
}

void heap_unsample(int64_t *count, int64_t *size, int64_t rate)
{
	double factor;

	if (*count == 0 || *size == 0) {
		*count = *size = 0;
		return;
	}
	if (rate <= 1)
		return;
	factor = 1 / (1 - exp(-((double)*size / (double)*count) / (double)rate));
	*count = truncated((double)*count * factor);
	*size = truncated((double)*size * factor);
}

/* The header's figures count both what lives and what was ever allocated, when that differs. */
static bool counts_allocated(const struct str g[5])
{
	return (!str_eq(g[3], g[1]) && !str_is(g[3], "0")) ||
	       (!str_eq(g[4], g[2]) && !str_is(g[4], "0"));
}

/* g: what HEADER found. False when the type or the rate is none that we know. */
static bool take_header(struct heap_reader *r, const struct str g[7])
{
	static const struct {
		const char *type;
		bool is_sampled;
		int64_t divisor; /* of the rate; 0: the rate is 1 */
	} types[] = {
		{ "heapz_v2", true, 1 },
		{ "heap_v2", true, 1 },
		{ "heapprofile", false, 0 },
		{ "heap", true, 2 },
	};
	struct err ignored;
	int64_t rate = 0;

	if (g[6].n && number_decimal(g[6], &rate, &ignored) != OK)
		return false;
	r->has_allocated = counts_allocated(g);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (!str_is(g[5], types[i].type))
			continue;
		r->is_sampled = types[i].is_sampled;
		r->rate = types[i].divisor ? rate / types[i].divisor : 1;
		return true;
	}
	return false;
}

static MUST_USE enum err_code match(
    const char *pattern, struct str line, struct str *g, size_t n, bool *found, struct err *e)
{
	struct regex *re;

	TRY(regex_new_capturing(&re, str_c(pattern), e));
	*found = regex_find(re, line, g, n);
	regex_free(re);
	return OK;
}

static MUST_USE enum err_code read_header(struct heap_reader *r, struct str line, bool *mine)
{
	struct str g[7];

	*mine = false;
	if (str_find(line, STR("heap profile:")) == STR_NPOS)
		return OK;
	TRY(match("heap profile: *(\\d+): *(\\d+) *\\[ *(\\d+): *(\\d+) *\\] *"
		  "@ *(heap[_a-z0-9]*)/?(\\d*)",
	    line, g, 7, mine, r->e));
	if (*mine) {
		*mine = take_header(r, g);
		return OK;
	}
	r->rate = 1;
	return match(COUNTS "@ (?:growthz?|fragmentationz?)", line, g, 1, mine, r->e);
}

static void add_types(struct heap_reader *r)
{
	struct legacy_builder *b = r->b;

	legacy_set_period(b, STR("space"), STR("bytes"), r->rate);
	if (!r->has_allocated) {
		legacy_add_type(b, STR("objects"), STR("count"));
		legacy_add_type(b, STR("space"), STR("bytes"));
		return;
	}
	/* What lives comes last, because the last type is shown by default. */
	legacy_add_type(b, STR("alloc_objects"), STR("count"));
	legacy_add_type(b, STR("alloc_space"), STR("bytes"));
	legacy_add_type(b, STR("inuse_objects"), STR("count"));
	legacy_add_type(b, STR("inuse_space"), STR("bytes"));
}

static MUST_USE enum err_code number(
    struct heap_reader *r, struct str line, struct str digits, int64_t *out)
{
	enum err_code rc = number_decimal(digits, out, r->e);

	if (rc != OK)
		err_prefix(r->e, "malformed sample: %.*s", STR_ARG(line));
	return rc;
}

/* Wraps where Go does: the smallest number divided by -1. */
static int64_t divided(int64_t size, int64_t count)
{
	return count == -1 ? (int64_t)(0 - (uint64_t)size) : size / count;
}

/* One "count: size" of a row, into values[0] and [1]. */
static MUST_USE enum err_code read_pair(struct heap_reader *r, struct str line,
    const struct str g[2], const char *label, int64_t *values, int64_t *block_size)
{
	int64_t count, size;

	TRY(number(r, line, g[0], &count));
	TRY(number(r, line, g[1], &size));
	if (count == 0 && size != 0)
		return FAIL(r->e, ERR_FORMAT, "%s count was 0 but %s bytes was %lld", label, label,
		    (long long)size);
	if (count != 0) {
		*block_size = divided(size, count);
		if (r->is_sampled)
			heap_unsample(&count, &size, r->rate);
	}
	values[0] = count;
	values[1] = size;
	return OK;
}

static MUST_USE enum err_code read_row(struct heap_reader *r, struct str line)
{
	int64_t values[LEGACY_MAX_TYPES];
	int64_t block_size = 0;
	size_t in_use = r->has_allocated ? 2 : 0;
	enum err_code rc;
	struct str g[6];

	if (!regex_find(r->row, line, g, 6))
		return FAIL(r->e, ERR_FORMAT, "unexpected number of sample values: got 0, want 6");
	if (r->has_allocated)
		TRY(read_pair(r, line, g + 3, "allocation", values, &block_size));
	TRY(read_pair(r, line, g + 1, "inuse", values + in_use, &block_size));
	r->addresses.n = 0;
	rc = address_list_read(&r->addresses, g[5], r->e);
	if (rc == ERR_FORMAT)
		err_prefix(r->e, "malformed sample: %.*s", STR_ARG(line));
	if (rc != OK)
		return rc;
	legacy_add_stack(r->b, &r->addresses, 0);
	(void)VEC_PUSH(&r->b->block_sizes, block_size);
	legacy_end_sample(r->b, values);
	return OK;
}

static MUST_USE enum err_code read_rows(struct heap_reader *r, struct lines *l)
{
	struct str line;

	TRY(regex_new_capturing(
	    &r->row, STR("(-?\\d+): *(-?\\d+) *\\[ *(\\d+): *(\\d+) *] @([ x0-9a-f]*)"), r->e));
	while (lines_next_row(l, &line))
		TRY(read_row(r, line));
	return lines_check(l, r->e);
}

static MUST_USE enum err_code read_profile(struct heap_reader *r, struct lines *l, bool *mine)
{
	if (!lines_next(l)) {
		*mine = false;
		return lines_check(l, r->e);
	}
	TRY(read_header(r, l->line, mine));
	if (!*mine)
		return OK;
	add_types(r);
	TRY(read_rows(r, l));
	TRY(legacy_finish_text(r->b, l, r->e));
	return legacy_publish(r->b, r->e);
}

enum err_code heap_read(struct legacy_builder *b, struct str bytes, bool *mine, struct err *e)
{
	struct heap_reader r = { .b = b, .e = e };
	struct lines l = lines_of(bytes);
	enum err_code rc = read_profile(&r, &l, mine);

	regex_free(r.row);
	VEC_RELEASE(&r.addresses);
	return rc;
}
