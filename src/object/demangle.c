/*
 * Readable names. libiberty demangles; what pprof calls simplification (no parameters, also not of
 * enclosing functions, no template arguments) is done on the text afterwards. Called by symbolize/
 * and symbol_match.c. What is hard: '<' and '(' that are part of a name: operator<<, operator->,
 * operator(), (anonymous namespace), {lambda(int)#1}.
 */
#include "object/demangle.h"

#include <libiberty/demangle.h>

#include "base/vec.h"

/* Above this libiberty refuses unless its recursion limit is lifted, which is bounded here: */
#define LIMITED_MAX   1024
#define UNLIMITED_MAX 4096
/* Longest demangled text that is kept. */
#define TEXT_MAX      ((size_t)1 << 20)

static void take_text(const char *text, size_t n, void *ctx)
{
	struct buf *b = ctx;

	if (b->n < TEXT_MAX)
		buf_add(b, text, n);
}

/* Rust's old names end in a hash of 16 digits, "17h0123456789abcdefE"; the new ones begin by _R. */
static bool may_be_rust(struct str name)
{
	return str_starts(name, STR("_R")) ||
	       (str_starts(name, STR("_ZN")) && str_find(name, STR("17h")) != STR_NPOS);
}

/* name is a C string. */
static bool run_libiberty(
    const char *name, size_t n, bool with_params, struct buf *out, bool *is_rust)
{
	int options = with_params ? DMGL_PARAMS | DMGL_ANSI : DMGL_ANSI;

	if (n > LIMITED_MAX)
		options |= DMGL_NO_RECURSE_LIMIT;
	/* Rust first: its old names are valid C++ ones with a hash at the end. */
	if (may_be_rust((struct str){ name, n }) &&
	    rust_demangle_callback(name, options, take_text, out)) {
		*is_rust = true;
		return true;
	}
	buf_clear(out);
	return cplus_demangle_v3_callback(name, options, take_text, out) && out->n < TEXT_MAX;
}

static bool raw_demangle(struct str name, bool with_params, struct buf *out, bool *is_rust)
{
	struct buf c = { 0 };
	bool ok = false;

	/* Mach-O's extra underscore. */
	if (str_starts(name, STR("__Z")) || str_starts(name, STR("__R")))
		name = str_skip(name, 1);
	if (!str_starts(name, STR("_")) || name.n > UNLIMITED_MAX)
		return false;
	buf_add_str(&c, name);
	if (strlen(buf_c(&c)) == name.n)
		ok = run_libiberty(buf_c(&c), name.n, with_params, out, is_rust);
	buf_release(&c);
	return ok && out->n > 0 && !buf_failed(out);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$';
}

/* The rest of operator_name, behind an 'o'. */
static size_t operator_name_at(struct str s, size_t i)
{
	static const char *const symbols[] = { "<=>", "<<=", ">>=", "->*", "<<", ">>",
		"<=", ">=", "->", "()", "<", ">" };
	struct str rest, after;

	rest = str_skip(s, i);
	if ((i > 0 && is_word(s.p[i - 1])) || !str_starts(rest, STR("operator")))
		return 0;
	after = str_skip(rest, 8);
	for (size_t k = 0; k < sizeof symbols / sizeof *symbols; k++)
		if (str_starts(after, str_c(symbols[k])))
			return 8 + strlen(symbols[k]);
	return 0;
}

/*
 * Length of an operator's name at s.p[i] ("operator<<"), or 0 when no such name begins there. Asked
 * at every character of every name.
 */
static inline size_t operator_name(struct str s, size_t i)
{
	return s.p[i] == 'o' && i + 1 < s.n && s.p[i + 1] == 'p' ? operator_name_at(s, i) : 0;
}

/* Index behind the bracket that closes the one at i; 0 when it is never closed. */
static size_t closing(struct str s, size_t i, char open, char close)
{
	size_t depth = 0;

	while (i < s.n) {
		size_t skip;

		if (s.p[i] != open && s.p[i] != close && s.p[i] != 'o') {
			i++;
			continue;
		}
		skip = operator_name(s, i);

		if (skip) {
			i += skip;
			continue;
		}
		if (s.p[i] == open)
			depth++;
		else if (s.p[i] == close && (close != '>' || s.p[i - 1] != '-') && --depth == 0)
			return i + 1;
		i++;
	}
	return 0;
}

/* Appends s without template arguments; as it is when they do not balance. */
static void strip_templates(struct str s, struct buf *out)
{
	const size_t begin = out->n;
	size_t kept = 0; /* s is copied or dropped up to here */

	for (size_t i = 0; i < s.n;) {
		const size_t n = operator_name(s, i);
		size_t end;

		if (n || s.p[i] != '<') {
			i += n ? n : 1;
			continue;
		}
		buf_add(out, s.p + kept, i - kept);
		end = closing(s, i, '<', '>');
		if (!end) {
			out->n = begin;
			buf_add_str(out, s);
			return;
		}
		/* "operator<< <int>": the space only kept the brackets apart. */
		if (out->n > begin && out->p[out->n - 1] == ' ')
			out->n--;
		i = kept = end;
	}
	buf_add(out, s.p + kept, s.n - kept);
}

/* Length of " const", " volatile", "&" … behind a parameter list. */
static size_t qualifiers(struct str s)
{
	static const char *const words[] = { " const", " volatile", " &&", " &", " restrict" };
	size_t n = 0;

	for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
		if (str_starts(str_skip(s, n), str_c(words[k]))) {
			n += strlen(words[k]);
			k = SIZE_MAX;
		}
	}
	return n;
}

/* Where the parameter list at i of an enclosing function ends ("(int)" of
 * "f(int) const::{lambda()#1}"); 0 when the bracket is something else. */
static size_t enclosing_params(struct str s, size_t i)
{
	size_t end;

	if (str_starts(str_skip(s, i), STR("(anonymous namespace)")))
		return 0;
	end = closing(s, i, '(', ')');
	if (!end)
		return 0;
	return str_starts(str_skip(s, end + qualifiers(str_skip(s, end))), STR("::")) ? end : 0;
}

/* Appends s with empty brackets for the parameters of enclosing functions. */
static void strip_enclosing(struct str s, struct buf *out)
{
	size_t kept = 0; /* s is copied or dropped up to here */

	for (size_t i = 0; i < s.n;) {
		const size_t n = operator_name(s, i);
		const size_t end = !n && s.p[i] == '(' ? enclosing_params(s, i) : 0;

		if (end) {
			buf_add(out, s.p + kept, i - kept);
			BUF_LIT(out, "()");
			i = kept = end;
		} else {
			i += n ? n : 1;
		}
	}
	buf_add(out, s.p + kept, s.n - kept);
}

/*
 * Appends s with a blank between brackets that close, which libiberty leaves out behind an empty
 * pack. ")>>(" is a shift.
 */
static void part_brackets(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n;) {
		const size_t n = operator_name(s, i);

		buf_add(out, s.p + i, n ? n : 1);
		i += n ? n : 1;
		if (n || s.p[i - 1] != '>' || i >= s.n || s.p[i] != '>')
			continue;
		if (i < 2 || s.p[i - 2] != ')' || i + 1 >= s.n || s.p[i + 1] != '(')
			buf_char(out, ' ');
	}
}

static void without_clone(struct str s, struct buf *out)
{
	const size_t at = str_find(s, STR(" [clone "));

	part_brackets(at == STR_NPOS ? s : str_head(s, at), out);
}

bool demangle_symbol(struct str name, enum demangle_mode mode, struct buf *out)
{
	struct buf text = { 0 };
	struct buf open = { 0 };
	bool is_rust = false;
	bool ok;

	if (mode == DEMANGLE_NONE)
		return false;
	ok = raw_demangle(name, mode == DEMANGLE_FULL, &text, &is_rust);
	/* "<String as Display>::fmt": what is in Rust's brackets is the name; google/pprof, too,
	 * shortens only C++. */
	if (ok && is_rust)
		buf_add_str(out, buf_str(&text));
	else if (ok && mode == DEMANGLE_FULL) {
		without_clone(buf_str(&text), out);
	} else if (ok) {
		strip_enclosing(buf_str(&text), &open);
		if (mode == DEMANGLE_DEFAULT)
			strip_templates(buf_str(&open), out);
		else
			part_brackets(buf_str(&open), out);
	}
	if (buf_failed(&text) || buf_failed(&open))
		out->failed = true;
	buf_release(&text);
	buf_release(&open);
	return ok;
}

/* Is it C++ as a source would have it? Java's "A.<init>" and Go's generics are not. */
static bool looks_like_cplusplus(struct str s)
{
	bool found = false;

	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if (c == '<' && i > 0 && s.p[i - 1] == '.')
			return false;
		if (c == ']' && str_starts(str_skip(s, i + 1), STR(").")))
			return false;
		found |= c == '<' || c == '>' || c == '[' || c == ']';
		found |= c == ':' && i > 0 && s.p[i - 1] == ':';
	}
	return found;
}

/* Appends s without balanced open…close; from the first that does not balance on it is kept. */
static void remove_matching(struct str s, char open, char close, struct buf *out)
{
	size_t depth = 0;
	size_t first = 0;
	size_t kept = 0; /* s is copied or dropped up to here */

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == open && depth++ == 0)
			first = i;
		if (s.p[i] != close)
			continue;
		if (depth == 0)
			break;
		if (--depth == 0) {
			buf_add(out, s.p + kept, first - kept);
			kept = i + 1;
		}
	}
	buf_add(out, s.p + kept, s.n - kept);
}

bool demangle_is_plain(struct str s)
{
	if (str_starts(s, STR("_")))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '(' || s.p[i] == '<')
			return false;
	return true;
}

void demangle_function(struct str system_name, enum demangle_mode mode, struct buf *out)
{
	struct buf open = { 0 };

	if (mode == DEMANGLE_NONE || demangle_symbol(system_name, mode, out)) {
		if (mode == DEMANGLE_NONE)
			buf_add_str(out, system_name);
		return;
	}
	if (mode == DEMANGLE_FULL || !looks_like_cplusplus(system_name)) {
		buf_add_str(out, system_name);
		return;
	}
	remove_matching(system_name, '(', ')', &open);
	if (mode == DEMANGLE_DEFAULT)
		remove_matching(buf_str(&open), '<', '>', out);
	else
		buf_add_str(out, buf_str(&open));
	if (buf_failed(&open))
		out->failed = true;
	buf_release(&open);
}
