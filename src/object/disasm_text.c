/*
 * Operand text as llvm-objdump 14 has it, which is what google/pprof shows where LLVM is installed:
 * "movl $1, -96(%rbp)", "nopw %cs:(%rax,%rax)", "[rbp - 96]". capstone comes from the same
 * assembler tables and differs in numbers (hexadecimal) and blanks.
 */
#include "object/disasm_text.h"

#include <string.h>

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

static bool is_factor(struct str s)
{
	return s.n >= 2 && s.p[0] == '*' && (s.p[1] == '2' || s.p[1] == '4' || s.p[1] == '8') &&
	       (s.n == 2 || !is_name(s.p[2]));
}

/* "rax*4" is "4*rax". Moves the name at the end of out, which holds no '%' in Intel's syntax. */
static void add_factor(struct buf *out, char factor)
{
	size_t at = out->n;

	while (at && is_name(out->p[at - 1]))
		at--;
	BUF_LIT(out, "??");
	if (buf_failed(out))
		return;
	memmove(out->p + at + 2, out->p + at, out->n - 2 - at);
	out->p[at] = factor;
	out->p[at + 1] = '*';
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
		if (i && is_name(s.p[i - 1]) && is_factor(str_skip(s, i))) {
			add_factor(out, s.p[i + 1]);
			i += 2;
			continue;
		}
		depth += c == '(';
		depth -= c == ')' && depth > 0;
		i++;
		if (!(c == ' ' && depth))
			buf_char(out, c);
	}
}

/* The number behind a mark, when it is the last operand (and no amount to shift one by). */
static bool number_at(struct str s, size_t mark, uint64_t *v)
{
	struct str digits;

	if (mark == STR_NPOS || mark < 2 || s.p[mark - 2] != ',')
		return false;
	digits = str_skip(s, mark + 1);
	if (str_starts(digits, STR("0x")))
		return str_to_u64(str_skip(digits, 2), 16, v);
	return str_to_u64(digits, 10, v);
}

static bool is_mask_operation(const char *mnemonic)
{
	static const char *const names[] = { "and", "ands", "orr", "eor", "tst" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(mnemonic, names[i]) == 0)
			return true;
	return false;
}

void disasm_operands_arm64(struct buf *out, const char **mnemonic, struct str s)
{
	const bool inverted = strcmp(*mnemonic, "movn") == 0;
	const size_t mark = str_find_char(s, '#');
	uint64_t v;

	if ((inverted || strcmp(*mnemonic, "movz") == 0) && number_at(s, mark, &v)) {
		*mnemonic = "mov";
		buf_add_str(out, str_head(s, mark));
		buf_printf(out, "#%s%llu", inverted ? "-" : "", (unsigned long long)v + inverted);
	} else if (is_mask_operation(*mnemonic) && number_at(s, mark, &v)) {
		buf_add_str(out, str_head(s, mark));
		buf_printf(out, "#0x%llx", (unsigned long long)v);
	} else {
		disasm_operands(out, s);
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
