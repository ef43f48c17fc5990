/* `pprof symbols`, see explain_symbols.h. Called by cli/subcommands.c and load.c. */
#include "driver/explain_symbols.h"

#include <stdlib.h>

#include "fetch/fetch.h"
#include "symbolize/symbolize.h"

static struct str search_path(struct arena *a)
{
	const char *given = getenv("PPROF_BINARY_PATH");
	const char *home = getenv("HOME");

	if (given && *given)
		return arena_printf(a, "%s", given);
	return arena_printf(a, "%s%spprof/binaries", home ? home : "", home && *home ? "/" : "");
}

enum err_code explain_symbols(
    const struct str *names, size_t n, const struct ui *ui, struct buf *out, struct err *e)
{
	/* The search is made here, where it can be told about, so fetching finds nothing. */
	struct fetch_options o = {
		.sources = names, .n_sources = n, .binary_path = STR("/dev/null"), .quiet = true
	};
	struct fetch_result fetched = { 0 };
	struct arena a = { 0 };
	enum err_code rc;

	if (n == 2) {
		o.exec_name = names[0];
		o.sources++;
		o.n_sources--;
	}
	TRY(http_start(e));
	rc = fetch_profiles(&fetched, &o, ui, e);
	if (rc == OK)
		rc = symbolize_explain(&fetched.sources, search_path(&a), ui, out, e);
	fetch_result_release(&fetched);
	http_stop();
	arena_release(&a);
	return rc;
}

void explain_loaded(const struct profile *p, const struct ui *ui)
{
	struct buf out = { 0 };
	struct arena a = { 0 };
	struct str rest, line;
	struct err e;

	if (symbolize_explain(p, search_path(&a), ui, &out, &e) != OK)
		ui_error(ui, "%s", e.msg);
	rest = buf_str(&out);
	while (rest.n && str_split(&rest, '\n', &line))
		if (line.n)
			ui_print(ui, "%.*s", STR_ARG(line));
	buf_release(&out);
	arena_release(&a);
}
