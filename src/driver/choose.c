/* Small choices that need the profile or the command line's text; declared in driver.h. */
#include <unistd.h>

#include "driver/driver.h"
#include "driver/value.h"

static MUST_USE enum err_code unknown_type(const struct profile *p, struct str name, struct err *e)
{
	struct buf text = { 0 };

	BUF_LIT(&text, "sample_index ");
	value_quote(&text, name);
	BUF_LIT(&text, " must be one of: [");
	for (uint32_t i = 0; i < p->n_sample_types; i++) {
		buf_printf(&text, "%s", i ? " " : "");
		buf_add_str(&text, profile_str(p, p->sample_types[i].type));
	}
	BUF_LIT(&text, "]");
	err_set(e, ERR_USAGE, 0, "%s", buf_c(&text));
	buf_release(&text);
	return ERR_USAGE;
}

static uint32_t default_type(const struct profile *p)
{
	for (uint32_t i = 0; p->default_sample_type && i < p->n_sample_types; i++)
		if (str_eq(profile_str(p, p->sample_types[i].type),
			profile_str(p, p->default_sample_type)))
			return i;
	return p->n_sample_types - 1;
}

enum err_code driver_sample_index(
    const struct profile *p, struct str name, uint32_t *index, struct err *e)
{
	struct str short_name = name;
	int64_t number;

	if (p->n_sample_types == 0)
		return FAIL(e, ERR_FORMAT, "profile has no samples");
	if (name.n == 0) {
		*index = default_type(p);
		return OK;
	}
	if (value_int(name, 10, &number) == VALUE_OK) {
		if (number < 0 || number >= p->n_sample_types)
			return FAIL(e, ERR_USAGE, "sample_index %.*s is outside the range [0..%u]",
			    STR_ARG(name), p->n_sample_types - 1);
		*index = (uint32_t)number;
		return OK;
	}
	if (str_starts(name, STR("inuse_")))
		short_name = str_skip(name, sizeof "inuse_" - 1);
	for (uint32_t i = 0; i < p->n_sample_types; i++) {
		struct str type = profile_str(p, p->sample_types[i].type);

		if (str_eq(type, name) || str_eq(type, short_name)) {
			*index = i;
			return OK;
		}
	}
	return unknown_type(p, name, e);
}

/* Go's net.SplitHostPort: returns its reason, or NULL and the parts. */
static const char *split_host_port(struct str text, struct str *host, struct str *port)
{
	size_t colon = str_rfind_char(text, ':');
	struct str rest = text;

	if (colon == STR_NPOS)
		return "missing port in address";
	if (text.p[0] == '[') {
		size_t end = str_find_char(text, ']');

		if (end == STR_NPOS)
			return "missing ']' in address";
		if (end + 1 == text.n)
			return "missing port in address";
		if (end + 1 != colon)
			return text.p[end + 1] == ':' ? "too many colons in address"
						      : "missing port in address";
		*host = (struct str){ text.p + 1, end - 1 };
		rest = str_skip(text, end + 1);
	} else {
		*host = str_head(text, colon);
		if (str_find_char(*host, ':') != STR_NPOS)
			return "too many colons in address";
	}
	*port = str_skip(text, colon + 1);
	if (str_find_char(str_skip(text, text.p[0] == '['), '[') != STR_NPOS)
		return "unexpected '[' in address";
	if (str_find_char(rest, ']') != STR_NPOS)
		return "unexpected ']' in address";
	return NULL;
}

enum err_code driver_http_address(
    struct str text, struct arena *keep, struct str *host, uint16_t *port, struct err *e)
{
	struct str name;
	struct str digits;
	int64_t number = 0;
	const char *why = split_host_port(text, &name, &digits);

	if (why)
		return FAIL(e, ERR_USAGE, "could not split http address: address %.*s: %s",
		    STR_ARG(text), why);
	if (digits.n && value_int(digits, 10, &number) != VALUE_OK) {
		struct buf quoted = { 0 };

		value_quote(&quoted, digits);
		err_set(e, ERR_USAGE, 0,
		    "invalid port number: strconv.Atoi: parsing %s: invalid syntax",
		    buf_c(&quoted));
		buf_release(&quoted);
		return ERR_USAGE;
	}
	if (number < 0 || number > UINT16_MAX)
		return FAIL(e, ERR_USAGE, "invalid port number: %.*s", STR_ARG(digits));
	*host = arena_str(keep, name.n ? name : STR("localhost"));
	*port = (uint16_t)number;
	return host->p ? OK : FAIL_NOMEM(e);
}
