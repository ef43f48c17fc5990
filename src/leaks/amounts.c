/* Amounts for people; see amounts.h. */
#include "leaks/amounts.h"

#include <math.h>

#define BARS 20

static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };

/* The unit in which v has one to four digits before the point. */
static unsigned unit_of(double v)
{
	unsigned unit = 0;

	for (v = fabs(v); v >= 1000 && unit < 5; v /= 1024)
		unit++;
	return unit;
}

/* Three digits, none behind the point from 100 on, and no useless zeroes. */
static void add_number(struct buf *out, double v)
{
	double a = fabs(v);

	if (a >= 99.95 || a == round(a))
		buf_printf(out, "%.0f", v);
	else
		buf_printf(out, a >= 9.995 ? "%.1f" : "%.2f", v);
}

void amount_bytes(struct buf *out, double bytes)
{
	unsigned unit = unit_of(bytes);

	add_number(out, unit ? bytes / pow(1024, unit) : round(bytes));
	buf_printf(out, " %s", units[unit]);
}

void amount_rate(struct buf *out, const struct leaks_range *r, const char *per)
{
	unsigned unit = unit_of(r->value != 0 ? r->value : r->hi);
	double by = pow(1024, unit);

	add_number(out, r->value / by);
	buf_printf(out, " %s%s [", units[unit], per);
	add_number(out, r->lo / by);
	BUF_LIT(out, "..");
	add_number(out, r->hi / by);
	buf_char(out, ']');
}

void amount_seconds(struct buf *out, double s)
{
	double whole = round(s);

	if (!isfinite(s))
		BUF_LIT(out, "never");
	else if (s > 0 && s < 10)
		buf_printf(out, "%.1fs", s);
	else if (whole < 120)
		buf_printf(out, "%.0fs", whole);
	else if (whole < 6000)
		buf_printf(out, "%.0fm%02.0fs", floor(whole / 60), fmod(whole, 60));
	else if (whole < 48 * 3600)
		buf_printf(out, "%.0fh%02.0fm", floor(whole / 3600), floor(fmod(whole, 3600) / 60));
	else
		buf_printf(out, "%.0f days", whole / 86400);
}

void amount_count(struct buf *out, double n)
{
	if (n < 10000)
		buf_printf(out, "%.0f", n);
	else if (n < 1e6)
		buf_printf(out, "%.0fk", n / 1e3);
	else
		buf_printf(out, "%.1fM", n / 1e6);
}

void amount_sparkline(struct buf *out, const double *v, size_t n)
{
	static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	size_t shown = n < BARS ? n : BARS;
	double most = 0;

	for (size_t i = 0; i < n; i++)
		most = fmax(most, v[i]);
	for (size_t i = 0; most > 0 && i < shown; i++) {
		size_t at = shown > 1 ? i * (n - 1) / (shown - 1) : 0;
		double level = fmin(7, floor(8 * v[at] / most));

		buf_printf(out, "%s", bars[level > 0 ? (unsigned)level : 0]);
	}
}
