/*
 * Unit families and the printing of values in them. The tables and rules are those of pprof's
 * measurement package. Minutes and days are additional: they are understood, and printed when asked
 * for by name, but never chosen for a value.
 */
#include "profile/unit.h"

#include <math.h>
#include <stdio.h>

#define MAX_ALIASES 3
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))

struct unit {
	const char *name; /* as printed */
	const char *aliases[MAX_ALIASES];
	double factor; /* in the family's base unit */
	bool asked;    /* printed only when asked for */
};

struct family {
	const struct unit *units; /* smallest first */
	size_t n;
	const char *fallback; /* what is printed when no unit fits */
	double fallback_factor;
};

static const struct unit memory_units[] = {
	{ "B", { "b", "byte" }, 1, false },
	{ "kB", { "kb", "kbyte", "kilobyte" }, 0x1p10, false },
	{ "MB", { "mb", "mbyte", "megabyte" }, 0x1p20, false },
	{ "GB", { "gb", "gbyte", "gigabyte" }, 0x1p30, false },
	{ "TB", { "tb", "tbyte", "terabyte" }, 0x1p40, false },
	{ "PB", { "pb", "pbyte", "petabyte" }, 0x1p50, false },
};

static const struct unit time_units[] = {
	{ "ns", { "ns", "nanosecond" }, 1, false },
	{ "us", { "\xCE\xBCs", "us", "microsecond" }, 1e3, false },
	{ "ms", { "ms", "millisecond" }, 1e6, false },
	{ "s", { "s", "sec", "second" }, 1e9, false },
	{ "min", { "m", "min", "minute" }, 60e9, true },
	{ "hrs", { "hour", "hr" }, 3600e9, false },
	{ "days", { "d", "day" }, 86400e9, true },
};

static const struct unit gcu_units[] = {
	{ "n*GCU", { "nanogcu" }, 1e-9, false },
	{ "u*GCU", { "microgcu" }, 1e-6, false },
	{ "m*GCU", { "milligcu" }, 1e-3, false },
	{ "GCU", { "gcu" }, 1, false },
	{ "k*GCU", { "kilogcu" }, 1e3, false },
	{ "M*GCU", { "megagcu" }, 1e6, false },
	{ "G*GCU", { "gigagcu" }, 1e9, false },
	{ "T*GCU", { "teragcu" }, 1e12, false },
	{ "P*GCU", { "petagcu" }, 1e15, false },
};

static const struct family families[] = {
	{ memory_units, COUNT(memory_units), "B", 1 },
	{ time_units, COUNT(time_units), "s", 1e9 },
	{ gcu_units, COUNT(gcu_units), "GCU", 1 },
};

static bool alias_is(struct str name, const char *alias)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != alias[i]) /* also at the alias's NUL */
			return false;
	}
	return alias[name.n] == '\0';
}

static bool unit_is(const struct unit *u, struct str name)
{
	for (size_t i = 0; i < MAX_ALIASES && u->aliases[i]; i++)
		if (alias_is(name, u->aliases[i]))
			return true;
	return false;
}

/* Two letters keep their "s": it is the unit of "ms". */
static struct str without_plural(struct str name)
{
	if (name.n > 2 && (name.p[name.n - 1] == 's' || name.p[name.n - 1] == 'S'))
		name.n--;
	return name;
}

static const struct unit *family_find(const struct family *f, struct str name)
{
	struct str singular = without_plural(name);

	/* "\0" in a name would match the end of an alias. */
	if (singular.n == 0 || str_find_char(singular, '\0') != STR_NPOS)
		return NULL;
	for (size_t i = 0; i < f->n; i++)
		if (unit_is(&f->units[i], singular))
			return &f->units[i];
	return NULL;
}

static const struct family *find_family(struct str name, const struct unit **unit)
{
	for (size_t i = 0; i < COUNT(families); i++) {
		*unit = family_find(&families[i], name);
		if (*unit)
			return &families[i];
	}
	return NULL;
}

/* The largest unit in which v is at least 1, else the fallback. */
static double auto_scale(const struct family *f, double v, struct str *unit)
{
	for (size_t i = f->n; i > 0; i--) {
		const struct unit *u = &f->units[i - 1];

		if (u->asked || !(v / u->factor >= 1.0))
			continue;
		*unit = str_c(u->name);
		return v / u->factor;
	}
	*unit = str_c(f->fallback);
	return v / f->fallback_factor;
}

static bool is_auto(struct str to)
{
	return str_is(to, "minimum") || str_is(to, "auto");
}

static bool is_uninteresting(struct str unit)
{
	return str_is(unit, "count") || str_is(unit, "sample") || str_is(unit, "unit") ||
	       is_auto(unit);
}

/* from: the value's unit, of family f; NULL for both: none of the families. */
static struct unit_conversion convert(
    const struct family *f, const struct unit *from, struct str to)
{
	const struct unit *u;

	if (!f)
		return (struct unit_conversion){ 1, 1, is_uninteresting(to) ? STR("") : to };
	u = family_find(f, to);
	if (u)
		return (struct unit_conversion){ from->factor, u->factor, str_c(u->name) };
	return (struct unit_conversion){ from->factor, f->fallback_factor, str_c(f->fallback) };
}

struct unit_conversion unit_conversion_of(struct str from, struct str to)
{
	const struct unit *u;
	const struct family *f = find_family(from, &u);

	return convert(f, u, to);
}

double unit_scale(int64_t v, struct str from, struct str to, struct str *unit)
{
	struct unit_conversion c;
	const struct family *f;
	const struct unit *u;

	if (v < 0 && v != INT64_MIN)
		return -unit_scale(-v, from, to, unit);
	f = find_family(from, &u);
	if (f && is_auto(to))
		return auto_scale(f, (double)v * u->factor, unit);
	c = convert(f, u, to);
	*unit = c.unit;
	return (double)v * c.factor / c.divisor;
}

void unit_scaled_label(struct buf *out, int64_t v, struct str from, struct str to)
{
	char text[400]; /* %.2f of the largest double has 312 characters */
	struct str digits, unit;
	double scaled;

	if (from.n == 0 && str_is(to, "count")) {
		buf_i64(out, v);
		return;
	}
	scaled = unit_scale(v, from, to, &unit);
	digits = (struct str){ text, (size_t)snprintf(text, sizeof text, "%.2f", scaled) };
	if (str_ends(digits, STR(".00")))
		digits.n -= 3;
	if (str_is(digits, "0") || str_is(digits, "-0")) {
		buf_char(out, '0');
		return;
	}
	buf_add_str(out, digits);
	buf_add_str(out, unit);
}

void unit_label(struct buf *out, int64_t v, struct str unit)
{
	unit_scaled_label(out, v, unit, STR("auto"));
}

void unit_percentage(struct buf *out, int64_t v, int64_t total)
{
	double ratio = total ? fabs((double)v / (double)total) * 100 : 0;

	if (ratio >= 99.95 && ratio <= 100.05)
		BUF_LIT(out, "  100%");
	else if (ratio >= 1)
		buf_printf(out, "%5.2f%%", ratio);
	else
		buf_printf(out, "%5.2g%%", ratio);
}

bool unit_compatible(struct str a, struct str b, double *a_to_b)
{
	const struct unit *ua, *ub;
	const struct family *f = find_family(a, &ua);

	*a_to_b = 1;
	if (str_eq(a, b))
		return true;
	ub = f ? family_find(f, b) : NULL;
	if (!ub)
		return false;
	*a_to_b = ua->factor / ub->factor;
	return true;
}
