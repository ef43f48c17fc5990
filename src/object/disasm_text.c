/*
 * Operand text as llvm-objdump 14 has it, which is what google/pprof shows where LLVM is installed:
 * "movl $1, -96(%rbp)", "nopw %cs:(%rax,%rax)", "[rbp - 96]". capstone comes from the same
 * assembler tables and differs in numbers (hexadecimal) and blanks.
 */
#include "object/disasm_text.h"

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == '%';
}

/* Length of a "0x…" number at the start of s, or 0. */
static size_t number_length(struct str s)
{
	size_t n = 2;

	if (!str_starts(s, STR("0x")))
		return 0;
	while (n < s.n && is_hex(s.p[n]))
		n++;
	return n > 2 && n <= 18 ? n : 0;
}

/* A number that fills 64 bits is a negative one; after a sign it is as large as it says. */
static void add_number(struct buf *out, struct str digits, bool has_sign)
{
	uint64_t v = 0;

	(void)str_to_u64(str_skip(digits, 2), 16, &v);
	if (!has_sign && digits.n == 18 && v >> 63)
		buf_i64(out, (int64_t)v);
	else
		buf_u64(out, v);
}

void disasm_operands(struct buf *out, struct str s)
{
	unsigned depth = 0;

	for (size_t i = 0; i < s.n;) {
		size_t n = i && is_name(s.p[i - 1]) ? 0 : number_length(str_skip(s, i));
		char c = s.p[i];

		if (n) {
			add_number(out, (struct str){ s.p + i, n }, i && s.p[i - 1] == '-');
			i += n;
			continue;
		}
		depth += c == '(';
		depth -= c == ')' && depth > 0;
		i++;
		if (!(c == ' ' && depth))
			buf_char(out, c);
	}
}

/* Where llvm-objdump puts comments; instructions begin behind one tab. */
#define COMMENT_COLUMN 40
#define TAB            8

void disasm_begin_comment(struct buf *out, size_t begin)
{
	size_t column = TAB;

	for (size_t i = begin; i < out->n; i++)
		column = out->p[i] == '\t' ? (column / TAB + 1) * TAB : column + 1;
	buf_fill(out, ' ', column < COMMENT_COLUMN ? COMMENT_COLUMN - column : 1);
	BUF_LIT(out, "# ");
}

bool disasm_large_immediate(struct str operands, int64_t *value)
{
	size_t at = str_find_char(operands, '$');
	struct str digits;
	bool negative;
	uint64_t v;

	if (at == STR_NPOS)
		return false;
	digits = str_skip(operands, at + 1);
	negative = digits.n && digits.p[0] == '-';
	if (negative)
		digits = str_skip(digits, 1);
	digits = str_head(digits, number_length(digits));
	if (!digits.n || !str_to_u64(str_skip(digits, 2), 16, &v))
		return false;
	*value = (int64_t)(negative ? 0 - v : v);
	return *value > 255 || *value < -256;
}
