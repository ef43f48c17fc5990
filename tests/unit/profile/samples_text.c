#include "unit/profile/samples_text.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static void put_location(struct buf *out, const struct profile *p, const struct location *l)
{
	const struct line *lines = location_lines(p, l);

	buf_char(out, ' ');
	if (l->n_lines == 0)
		buf_printf(out, "%" PRIx64, l->address);
	for (uint32_t i = 0; i < l->n_lines; i++) {
		uint32_t f = lines[i].function;
		struct str name = STR("?");

		if (f != PROFILE_NONE)
			name = profile_str(p, p->functions[f].name);

		if (i)
			buf_char(out, '+');
		buf_add_str(out, name.n ? name : STR("-"));
	}
}

static void put_label(struct buf *out, const struct profile *p, const struct label *l)
{
	buf_char(out, ' ');
	buf_add_str(out, profile_str(p, l->key));
	buf_char(out, '=');
	if (l->is_num)
		buf_i64(out, l->num);
	buf_add_str(out, profile_str(p, l->is_num ? l->unit : l->str));
}

static void put_sample(struct buf *out, const struct profile *p, size_t i)
{
	size_t depth, n;
	const uint32_t *stack = sample_stack(p, i, &depth);
	const struct label *labels = sample_labels(p, i, &n);

	for (uint32_t k = 0; k < p->n_sample_types; k++) {
		if (k)
			buf_char(out, ',');
		buf_i64(out, sample_values(p, i)[k]);
	}
	for (size_t k = 0; k < depth; k++)
		put_location(out, p, &p->locations[stack[k]]);
	for (size_t k = 0; k < n; k++)
		put_label(out, p, &labels[k]);
	buf_char(out, '\n');
}

void expect_samples(const struct profile *p, const char *expected)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < p->samples.n; i++)
		put_sample(&out, p, i);
	if (!str_is(buf_str(&out), expected))
		fail_msg("samples are\n%sinstead of\n%s", buf_c(&out), expected);
	buf_release(&out);
}
