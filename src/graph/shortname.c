/*
 * Shortened function names. The languages are told apart by the form of the name alone, in the
 * order Go, Java, C++: the first form that fits decides. Each form is matched by hand, since it
 * runs once per drawn node and source, of which a large flame graph has ten thousands.
 */
#include "graph/shortname.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_word(char c)
{
	return is_lower(c) || is_upper(c) || is_digit(c) || c == '_';
}

static char at(struct str s, size_t i)
{
	return i < s.n ? s.p[i] : '\0';
}

/* End of the word characters (and `also`) from i on. */
static size_t skip_word(struct str s, size_t i, char also)
{
	while (i < s.n && (is_word(s.p[i]) || s.p[i] == also))
		i++;
	return i;
}

/* Up to the first newline: patterns over names never reach beyond a line. */
static struct str first_line(struct str s)
{
	return str_head(s, str_find_char(s, '\n'));
}

/* Length of "/vN" at i, N >= 2 and followed by '.' or '/'; 0 when there is none. */
static size_t version_length(struct str s, size_t i)
{
	size_t end = i + 2;

	if (at(s, i) != '/' || at(s, i + 1) != 'v' || !is_digit(at(s, end)) || at(s, end) == '0')
		return 0;
	while (is_digit(at(s, end)))
		end++;
	if (end == i + 3 && at(s, i + 2) == '1')
		return 0;
	return at(s, end) == '.' || at(s, end) == '/' ? end - i : 0;
}

/* Without the first "/vN" of a Go module path. */
static struct str cut_version(struct str s, struct arena *arena)
{
	size_t length = 0, i = 0;
	char *out;

	if (str_find_char(s, '\n') != STR_NPOS)
		return s;
	while (i < s.n && !(length = version_length(s, i)))
		i++;
	if (length == 0)
		return s;
	if (!(out = arena_alloc(arena, s.n)))
		return (struct str){ 0 };
	memcpy(out, s.p, i);
	memcpy(out + i, s.p + i + length, s.n - i - length);
	return (struct str){ out, s.n - length };
}

/* "pkg.Func": a dot that is not first and has something behind it on its line. */
static bool is_go_symbol(struct str s)
{
	size_t dot = str_find_char(s, '.');

	return dot != STR_NPOS && dot > 0 && dot + 1 < s.n && s.p[dot + 1] != '\n';
}

/* Folders of letters, digits and "_-." each ended by a slash, then a symbol. */
static bool match_go(struct str s, struct str *out)
{
	size_t folder = 0;
	bool found = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '/') {
			struct str rest = str_skip(s, i + 1);

			if (i == folder)
				break;
			folder = i + 1;
			if (!is_go_symbol(rest))
				continue;
			*out = rest;
			found = true;
		} else if (!is_word(s.p[i]) && s.p[i] != '-' && s.p[i] != '.') {
			break;
		}
	}
	if (found) { /* what follows the first dot ends with its line */
		size_t dot = str_find_char(*out, '.');

		*out = str_head(*out, dot + first_line(str_skip(*out, dot)).n);
	}
	return found;
}

/* Packages "a.b." in front of a Java class. */
static size_t skip_packages(struct str s)
{
	size_t begin = 0;

	while (is_lower(at(s, begin))) {
		size_t end = skip_word(s, begin, '_');

		if (at(s, end) != '.')
			break;
		begin = end + 1;
	}
	return begin;
}

/* "Class.method", then the arguments or the end. */
static bool match_java(struct str s, struct str *out)
{
	size_t begin = skip_packages(s), end;

	if (!is_upper(at(s, begin)))
		return false;
	end = skip_word(s, begin, '$');
	if (at(s, end) != '.')
		return false;
	end++;
	if (str_starts(str_skip(s, end), STR("<init>")))
		end += 6;
	else if (is_lower(at(s, end)))
		end = skip_word(s, end, '$');
	else
		return false;
	*out = str_range(s.p + begin, s.p + end);
	return begin < end && (end == s.n || s.p[end] == '(');
}

/* End of "name::" at i, or i when there is none. */
static size_t skip_scope(struct str s, size_t i)
{
	size_t end = is_digit(at(s, i)) ? i : skip_word(s, i, '_');

	return end > i && at(s, end) == ':' && at(s, end + 1) == ':' ? end + 2 : i;
}

/* A class is named with a capital, underscores aside. */
static bool is_class(struct str s, size_t i)
{
	while (at(s, i) == '_')
		i++;
	return is_upper(at(s, i));
}

/* End of "method" or "~method" with its template arguments at i, or i when there is none. */
static size_t skip_method(struct str s, size_t i)
{
	size_t name = at(s, i) == '~' ? i + 1 : i;
	size_t end = skip_word(s, name, '_');
	struct str line = first_line(str_skip(s, end));
	size_t close = str_rfind_char(line, '>');

	if (end == name || is_digit(at(s, name)))
		return i;
	return at(s, end) == '<' && close != STR_NPOS ? end + close + 1 : end;
}

/* The last "Class::method" that has a namespace in front. */
static bool match_cpp(struct str s, struct str *out)
{
	size_t begin = skip_scope(s, 0); /* of the scope that may be the class */
	bool found = false;

	while (begin > 0) {
		size_t next = skip_scope(s, begin), end;

		if (next == begin)
			break;
		end = skip_method(s, next);
		if (is_class(s, begin) && end > next) {
			*out = str_range(s.p + begin, s.p + end);
			found = true;
		}
		begin = next;
	}
	return found;
}

struct str graph_short_name(struct str name, struct arena *arena)
{
	static const struct str anonymous = { "(anonymous namespace)::", 23 };
	struct str out;

	if (str_starts(name, anonymous))
		name = str_skip(name, anonymous.n);
	name = cut_version(name, arena);
	if (match_go(name, &out) || match_java(name, &out) || match_cpp(name, &out))
		return out;
	return name;
}
