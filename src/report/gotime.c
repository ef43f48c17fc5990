/*
 * Go's texts for times and durations: layout of time.Time's String and of time.Duration's, as
 * documented in Go's package time. Called by raw.c.
 */
#include "report/gotime.h"

#include <stdlib.h>
#include <time.h>

#define NS_PER_S 1000000000LL

/* ".5" of 500000000 with 9 digits; nothing for 0. */
static void print_fraction(uint64_t v, int digits, struct buf *out)
{
	char text[24];

	if (v == 0)
		return;
	for (int i = digits - 1; i >= 0; i--, v /= 10)
		text[i] = (char)('0' + v % 10);
	while (digits > 1 && text[digits - 1] == '0')
		digits--;
	buf_char(out, '.');
	buf_add(out, text, (size_t)digits);
}

void gotime_print(int64_t ns, struct buf *out)
{
	int64_t rest = ns % NS_PER_S;
	time_t seconds = (time_t)(ns / NS_PER_S);
	struct tm tm;
	char text[64];

	if (rest < 0) {
		rest += NS_PER_S;
		seconds--;
	}
	if (!localtime_r(&seconds, &tm))
		return;
	buf_add(out, text, strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm));
	print_fraction((uint64_t)rest, 9, out);
	buf_add(out, text, strftime(text, sizeof text, " %z %Z", &tm));
}

static void print_below_second(uint64_t v, struct buf *out)
{
	static const struct {
		uint64_t size;
		int digits;
		const char *name;
	} units[] = { { 1000000, 6, "ms" }, { 1000, 3, "µs" }, { 1, 0, "ns" } };

	size_t i = 0;

	while (v < units[i].size)
		i++;
	buf_u64(out, v / units[i].size);
	print_fraction(v % units[i].size, units[i].digits, out);
	buf_add_str(out, str_c(units[i].name));
}

static void print_duration(int64_t ns, struct buf *out)
{
	const uint64_t v = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	const uint64_t s = v / NS_PER_S;

	if (ns < 0)
		buf_char(out, '-');
	if (v > 0 && s == 0) {
		print_below_second(v, out);
		return;
	}
	if (s >= 3600) {
		buf_u64(out, s / 3600);
		buf_char(out, 'h');
	}
	if (s >= 60) {
		buf_u64(out, s / 60 % 60);
		buf_char(out, 'm');
	}
	buf_u64(out, s % 60);
	print_fraction(v % NS_PER_S, 9, out);
	buf_char(out, 's');
}

/* The only character of more than one byte is the µ. */
void goduration_print(int64_t ns, size_t columns, struct buf *out)
{
	const size_t start = out->n;
	size_t end = start;

	print_duration(ns, out);
	if (buf_failed(out))
		return;
	while (end < out->n && columns > 0) {
		end++;
		while (end < out->n && (out->p[end] & 0xc0) == 0x80)
			end++;
		columns--;
	}
	out->n = end;
}
