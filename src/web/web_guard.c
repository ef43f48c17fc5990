#include "web/web_guard.h"

bool web_guard_host(struct str listening, struct str host)
{
	static const char *const local[] = { "localhost", "127.0.0.1", "[::1]" };
	size_t colon = str_rfind_char(host, ':');

	if (colon != STR_NPOS && !str_ends(host, STR("]")))
		host = str_head(host, colon);
	if (str_eq(host, listening))
		return true;
	for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
		if (str_is(host, local[i]))
			return true;
	/* Listening on every address was the user's wish: any name may lead here. */
	return str_is(listening, "0.0.0.0") || str_is(listening, "::");
}

bool web_guard_origin(struct str origin, struct str host)
{
	struct str scheme = STR("http://");

	return host.n > 0 && str_starts(origin, scheme) && str_eq(str_skip(origin, scheme.n), host);
}
