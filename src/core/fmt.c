/* Appending text to a bounded buffer; see fmt.h. Called where printf must not be. */
#include "core/fmt.h"

#define DECIMALS_MAX 9

void fmt_str(struct fmt_buf *b, struct str s)
{
	size_t room = b->cap - b->n;

	if (b->failed)
		return;
	if (s.n > room) {
		b->failed = true;
		s.n = room;
	}
	if (s.n)
		memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

void fmt_c(struct fmt_buf *b, const char *s)
{
	if (s)
		fmt_str(b, str_c(s));
}

void fmt_char(struct fmt_buf *b, char c)
{
	fmt_str(b, (struct str){ &c, 1 });
}

/* Digits of v in `base`, right-aligned in out[size], at least `digits` of them. */
static struct str digits_of(uint64_t v, unsigned base, size_t digits, char *out, size_t size)
{
	size_t at = size;

	while (at > 0 && (v != 0 || size - at < digits)) {
		out[--at] = "0123456789abcdef"[v % base];
		v /= base;
	}
	return (struct str){ out + at, size - at };
}

void fmt_u64(struct fmt_buf *b, uint64_t v)
{
	char text[20];

	fmt_str(b, digits_of(v, 10, 1, text, sizeof(text)));
}

void fmt_i64(struct fmt_buf *b, int64_t v)
{
	if (v < 0)
		fmt_char(b, '-');
	/* Negation in unsigned arithmetic: INT64_MIN has no positive twin. */
	fmt_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void fmt_u64_pad(struct fmt_buf *b, uint64_t v, size_t width)
{
	char text[20];
	struct str digits = digits_of(v, 10, 1, text, sizeof(text));

	for (size_t i = digits.n; i < width; i++)
		fmt_char(b, ' ');
	fmt_str(b, digits);
}

void fmt_hex(struct fmt_buf *b, uint64_t v, size_t digits)
{
	char text[16];

	for (; digits > sizeof(text); digits--)
		fmt_char(b, '0');
	fmt_str(b, digits_of(v, 16, digits ? digits : 1, text, sizeof(text)));
}

void fmt_hex_bytes(struct fmt_buf *b, struct str bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		fmt_hex(b, (unsigned char)bytes.p[i], 2);
}

/* NaN and the infinities; false for a number. */
static bool fixed_special(struct fmt_buf *b, double v)
{
	if (__builtin_isnan(v)) {
		fmt_str(b, STR("NaN"));
		return true;
	}
	if (__builtin_isinf(v)) {
		fmt_str(b, v < 0 ? STR("-Inf") : STR("+Inf"));
		return true;
	}
	return false;
}

void fmt_fixed(struct fmt_buf *b, double v, unsigned decimals)
{
	uint64_t scale = 1;
	uint64_t scaled;
	double magnitude;
	char text[DECIMALS_MAX];

	if (fixed_special(b, v))
		return;
	if (decimals > DECIMALS_MAX)
		decimals = DECIMALS_MAX;
	for (unsigned i = 0; i < decimals; i++)
		scale *= 10;
	magnitude = (v < 0 ? -v : v) * (double)scale;
	if (!(magnitude < 0x1p63)) {
		b->failed = true;
		return;
	}
	scaled = (uint64_t)magnitude;
	if (magnitude - (double)scaled >= 0.5)
		scaled++;
	if (v < 0)
		fmt_char(b, '-');
	fmt_u64(b, scaled / scale);
	if (decimals == 0)
		return;
	fmt_char(b, '.');
	fmt_str(b, digits_of(scaled % scale, 10, decimals, text, decimals));
}

const char *fmt_end(struct fmt_buf *b)
{
	if (b->cap == 0)
		return "";
	if (b->n == b->cap) {
		b->failed = true;
		b->n--;
	}
	b->p[b->n] = '\0';
	return b->p;
}
