/*
 * Tag filters: parsing them, and matching the labels of samples. Numbers are compared in the
 * filter's unit, after the label's unit was found to be of the same family; texts are asked once
 * per distinct key and value.
 */
#include "profile/tagfilter.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/regex.h"
#include "base/vec.h"
#include "core/hash.h"
#include "profile/unit.h"

/* Bounds are inclusive; one that was not given is infinite. */
struct tag_range {
	double low;
	double high;
	struct str unit;
};

struct expression {
	struct regex *re;
};

struct tag_filter {
	struct str text; /* the option's value; key and unit point into it */
	struct str key;  /* empty: any */
	bool is_range;
	struct tag_range range;
	VEC(struct expression) expressions;
	const struct num_units *units;
};

/* "[+-]digits[letters]" at the start of *s, which is advanced; false when there is none. */
static bool cut_quantity(struct str *s, struct str *number, struct str *unit)
{
	size_t n = s->n && (s->p[0] == '+' || s->p[0] == '-') ? 1 : 0;
	size_t sign = n;
	size_t end;

	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
		n++;
	if (n == sign)
		return false;
	end = n;
	while (end < s->n && (s->p[end] | 0x20) >= 'a' && (s->p[end] | 0x20) <= 'z')
		end++;
	*number = str_head(*s, n);
	*unit = (struct str){ s->p + n, end - n };
	*s = str_skip(*s, end);
	return true;
}

static MUST_USE enum err_code parse_number(struct str number, int64_t *v, struct err *e)
{
	if (!str_to_i64(number, v))
		return FAIL(e, ERR_USAGE,
		    "failed to parse int %.*s: strconv.ParseInt: parsing \"%.*s\": "
		    "value out of range",
		    STR_ARG(number), STR_ARG(number));
	return OK;
}

/* "N", "N:", ":N" and "N:M"; *found is false for everything else. */
static MUST_USE enum err_code parse_range(
    struct tag_range *r, struct str text, bool *found, struct err *e)
{
	bool no_low = str_starts(text, STR(":"));
	struct str rest = no_low ? str_skip(text, 1) : text;
	struct str number, unit, second_number, second_unit;
	int64_t v;

	*found = false;
	if (!cut_quantity(&rest, &number, &unit))
		return OK;
	*found = rest.n == 0 || (!no_low && str_is(rest, ":"));
	if (*found) {
		TRY(parse_number(number, &v, e));
		r->low = r->high = unit_scale(v, unit, unit, &r->unit);
		r->low = no_low ? -__builtin_inf() : r->low;
		r->high = rest.n ? __builtin_inf() : r->high;
		return OK;
	}
	if (no_low || rest.p[0] != ':')
		return OK;
	rest = str_skip(rest, 1);
	if (!cut_quantity(&rest, &second_number, &second_unit) || rest.n)
		return OK;
	TRY(parse_number(number, &v, e));
	r->low = unit_scale(v, unit, unit, &r->unit);
	TRY(parse_number(second_number, &v, e));
	r->high = unit_scale(v, second_unit, r->unit, &second_unit);
	*found = str_eq(second_unit, r->unit);
	return OK;
}

static MUST_USE enum err_code parse_expressions(
    struct tag_filter *f, struct str name, struct str value, struct err *e)
{
	struct str one;

	while (str_split(&value, ',', &one)) {
		struct regex *re;
		enum err_code rc = regex_new(&re, one, e);

		if (rc != OK && rc != ERR_NOMEM)
			err_prefix(e, "parsing %.*s regexp", STR_ARG(name));
		if (rc != OK)
			return rc;
		if (!VEC_PUSH(&f->expressions, (struct expression){ re })) {
			regex_free(re);
			return FAIL_NOMEM(e);
		}
	}
	return OK;
}

static MUST_USE enum err_code parse_filter(
    struct tag_filter *f, struct str name, struct buf *messages, struct err *e)
{
	size_t eq = str_find_char(f->text, '=');
	struct str value = f->text;

	if (eq != STR_NPOS) {
		f->key = str_head(f->text, eq);
		value = str_skip(f->text, eq + 1);
	}
	TRY(parse_range(&f->range, value, &f->is_range, e));
	if (!f->is_range)
		return parse_expressions(f, name, value, e);
	if (messages)
		buf_printf(messages, "%.*s:Interpreted '%.*s' as range, not regexp\n",
		    STR_ARG(name), STR_ARG(value));
	return OK;
}

enum err_code tag_filter_new(struct tag_filter **out, struct str name, struct str value,
    const struct num_units *units, struct buf *messages, struct err *e)
{
	struct tag_filter *f;
	enum err_code rc;
	char *text;

	*out = NULL;
	if (value.n == 0)
		return OK;
	f = alloc_get(sizeof *f + value.n);
	if (!f)
		return FAIL_NOMEM(e);
	text = memcpy((char *)(f + 1), value.p, value.n);
	*f = (struct tag_filter){ .text = { text, value.n }, .units = units };
	rc = parse_filter(f, name, messages, e);
	if (rc != OK) {
		tag_filter_free(f);
		return rc;
	}
	*out = f;
	return OK;
}

void tag_filter_free(struct tag_filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->expressions.n; i++)
		regex_free(f->expressions.p[i].re);
	VEC_RELEASE(&f->expressions);
	alloc_put(f);
}

/* How the numbers of a key become comparable with the range. */
struct key_scale {
	enum { SCALE_UNKNOWN, SCALE_OTHER_FAMILY, SCALE_FITS } state;

	double factor;
	double divisor;
};

/* A key and value that were asked; the answers are at its index in tag_match.answers. */
struct tag_pair {
	str_id key;
	str_id value;
};

struct tag_match {
	const struct tag_filter *f;
	const struct profile *p;
	str_id key;               /* of f->key; meaningless without one */
	bool key_is_absent;       /* then nothing matches */
	struct key_scale *scales; /* by the key's string id; NULL without a range */
	struct map map;           /* of pairs */
	VEC(struct tag_pair) pairs;
	VEC(bool) answers; /* one per expression and pair */
	bool *met;         /* one per expression, of the current sample */
	struct buf text;   /* "key:value" */
};

enum err_code tag_match_new(
    struct tag_match **out, const struct tag_filter *f, struct profile *p, struct err *e)
{
	struct tag_match *m = alloc_get(sizeof *m);

	*out = NULL;
	if (!m)
		return FAIL_NOMEM(e);
	*m = (struct tag_match){ .f = f, .p = p };
	if (f->key.n) {
		m->key = profile_find_str(p, f->key);
		m->key_is_absent = m->key == 0;
	}
	if (f->is_range)
		m->scales = ARENA_ARRAY(&p->arena, struct key_scale, p->strings.n);
	m->met = ARENA_ARRAY(&p->arena, bool, f->expressions.n);
	if (arena_failed(&p->arena)) {
		tag_match_free(m);
		return FAIL_NOMEM(e);
	}
	*out = m;
	return OK;
}

void tag_match_free(struct tag_match *m)
{
	if (!m)
		return;
	map_release(&m->map);
	VEC_RELEASE(&m->pairs);
	VEC_RELEASE(&m->answers);
	buf_release(&m->text);
	alloc_put(m);
}

bool tag_match_failed(const struct tag_match *m)
{
	return m && (m->map.failed || m->pairs.failed || m->answers.failed || m->text.failed);
}

static const struct key_scale *scale_of(struct tag_match *m, str_id key)
{
	struct key_scale *s = &m->scales[key];

	if (s->state == SCALE_UNKNOWN) {
		struct unit_conversion c = unit_conversion_of(
		    num_units_get(m->f->units, profile_str(m->p, key)), m->f->range.unit);

		s->state = str_eq(c.unit, m->f->range.unit) ? SCALE_FITS : SCALE_OTHER_FAMILY;
		s->factor = c.factor;
		s->divisor = c.divisor;
	}
	return s;
}

static bool number_matches(struct tag_match *m, const struct label *l)
{
	const struct tag_range *r = &m->f->range;
	const struct key_scale *s;
	double v;

	if (!l->is_num || (m->f->key.n && l->key != m->key))
		return false;
	s = scale_of(m, l->key);
	v = (double)l->num * s->factor / s->divisor;
	return s->state == SCALE_FITS && v >= r->low && v <= r->high;
}

static bool pair_equal(const void *ctx, uint32_t index, const void *key)
{
	const struct tag_match *m = ctx;
	const struct tag_pair *k = key;

	return m->pairs.p[index].key == k->key && m->pairs.p[index].value == k->value;
}

/* With a key only the value is matched, else "key:value". */
static struct str matched_text(struct tag_match *m, const struct tag_pair *pair)
{
	if (m->f->key.n)
		return profile_str(m->p, pair->value);
	buf_clear(&m->text);
	buf_add_str(&m->text, profile_str(m->p, pair->key));
	buf_char(&m->text, ':');
	buf_add_str(&m->text, profile_str(m->p, pair->value));
	return buf_str(&m->text);
}

/* The answers about a label's text, one per expression; NULL when memory is short. */
static const bool *answers_about(struct tag_match *m, const struct label *l)
{
	size_t n = m->f->expressions.n;
	struct tag_pair pair = { l->key, l->str };
	uint32_t fresh = (uint32_t)m->pairs.n;
	uint64_t hash = hash_u64((uint64_t)l->key << 32 | l->str);
	uint32_t at = map_intern(&m->map, hash, pair_equal, m, &pair, fresh);

	if (at == MAP_NONE || tag_match_failed(m))
		return NULL;
	if (at == fresh) {
		struct str text = matched_text(m, &pair);

		if (!VEC_PUSH(&m->pairs, pair) || !VEC_RESERVE(&m->answers, n))
			return NULL;
		for (size_t i = 0; i < n; i++)
			m->answers.p[m->answers.n++] = regex_match(m->f->expressions.p[i].re, text);
	}
	return m->answers.p + at * n;
}

/* One expression on one value of the key is enough. */
static bool matches_any(struct tag_match *m, const struct label *l)
{
	const bool *answers;

	if (l->is_num || l->key != m->key)
		return false;
	answers = answers_about(m, l);
	for (size_t i = 0; answers && i < m->f->expressions.n; i++)
		if (answers[i])
			return true;
	return false;
}

/* Every expression must be met by some label. */
static bool matches_all(struct tag_match *m, const struct label *labels, size_t n)
{
	size_t n_met = 0;

	for (size_t i = 0; i < m->f->expressions.n; i++)
		m->met[i] = false;
	for (size_t k = 0; k < n; k++) {
		const bool *answers = labels[k].is_num ? NULL : answers_about(m, &labels[k]);

		for (size_t i = 0; answers && i < m->f->expressions.n; i++) {
			n_met += answers[i] && !m->met[i];
			m->met[i] |= answers[i];
		}
	}
	return n_met == m->f->expressions.n;
}

bool tag_match_sample(struct tag_match *m, size_t i)
{
	size_t n;
	const struct label *labels = sample_labels(m->p, i, &n);

	if (m->key_is_absent)
		return false;
	if (!m->f->is_range && m->f->key.n == 0)
		return matches_all(m, labels, n);
	for (size_t k = 0; k < n; k++)
		if (m->f->is_range ? number_matches(m, &labels[k]) : matches_any(m, &labels[k]))
			return true;
	return false;
}
