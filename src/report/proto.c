/*
 * -proto: the profile itself, after filters and aggregation, compressed. Called through the table
 * of report.c; what is left to do here is -divide_by.
 */
#include "profile/encode.h"
#include "report/writers.h"

/* Cut to whole numbers as pprof does, not rounded. */
static int64_t divided(int64_t v, double ratio)
{
	double d = (double)v * ratio;

	return d >= -0x1p63 && d < 0x1p63 ? (int64_t)d : INT64_MIN;
}

static enum err_code divide(struct profile *p, double ratio, struct err *e)
{
	size_t n = p->samples.n * p->n_sample_types;
	int64_t *values = arena_alloc_raw(&p->arena, n, sizeof *values);

	if (!values)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < n; i++)
		values[i] = divided(p->samples.values[i], ratio);
	p->samples.values = values;
	return OK;
}

enum err_code report_write_proto(struct report *r, struct buf *out, struct err *e)
{
	double by = r->options->divide_by;
	double ratio = by != 0 ? 1 / by : 1;
	struct profile p;
	enum err_code code;

	if (!(ratio > 0) || ratio == 1)
		return profile_encode_gzip(r->profile, out, e);
	TRY(profile_derive(&p, r->profile, e));
	code = divide(&p, ratio, e);
	if (code == OK)
		code = profile_encode_gzip(&p, out, e);
	profile_release(&p);
	return code;
}
