/*
 * Holders, see verdicts_holders.h. Called by verdicts.c and timeline.c once there are suspects, as
 * the program stands still for a moment when it is asked.
 */
#include "driver/verdicts_holders.h"

#include "driver/verdicts_watch.h"
#include "leaks/holders.h"
#include "symbolize/symbolize.h"

/* The last thing that was said. */
struct said {
	struct arena *arena;
	struct str text;
};

static void note(void *ctx, bool is_error, struct str text)
{
	struct said *s = ctx;

	(void)is_error;
	s->text = arena_str(s->arena, str_trim(text));
}

/* What the program itself says of why there is none, without who has said it to whom. */
static struct str reason_in(struct str said)
{
	const struct str mark = STR("no retained profile: ");
	size_t at = str_find(said, mark);

	if (at == STR_NPOS && str_find(said, STR("404 Not Found")) != STR_NPOS)
		return STR(
		    "the program has no profile `retained`, as libpprof in C and C++ programs has");
	return at == STR_NPOS ? said : str_skip(said, at + mark.n);
}

/* Beside the page about the process. */
static MUST_USE enum err_code find_url(
    struct str source, struct arena *a, struct str *url, struct err *e)
{
	struct str heap, self;

	TRY(verdicts_urls(source, a, &heap, &self, e));
	*url =
	    arena_printf(a, "%.*sretained", STR_ARG(str_head(self, self.n - (sizeof "self" - 1))));
	return arena_failed(a) ? FAIL_NOMEM(e) : OK;
}

static MUST_USE enum err_code name(struct fetch_result *got, const struct verdicts *v,
    const struct fetch_options *how, const struct ui *ui, struct err *e)
{
	return symbolize_profile(&got->sources, v->symbolize, &got->urls, &how->tls, ui, e);
}

enum err_code verdicts_holders_ask(struct fetch_result *got, struct str *why, struct arena *a,
    const struct verdicts *v, struct str source, const struct fetch_options *how,
    const struct ui *ui, struct err *e)
{
	struct said said = { .arena = a, .text = STR("it does not say") };
	const struct ui noting = { .line = note, .ctx = &said };
	struct fetch_options o = *how;
	enum err_code code;
	struct str url;

	TRY(find_url(source, a, &url, e));
	o.sources = &url;
	o.n_sources = 1;
	o.quiet = true;
	*why = STR("");
	if (fetch_profiles(got, &o, &noting, e) != OK) {
		*why = reason_in(said.text);
		return e->code == ERR_NOMEM ? ERR_NOMEM : OK;
	}
	code = name(got, v, how, ui, e);
	if (code != OK)
		fetch_result_release(got);
	return code;
}

enum err_code verdicts_holders(struct leaks_report *r, const struct verdicts *v, struct str source,
    const struct fetch_options *how, const struct ui *ui, struct err *e)
{
	struct fetch_result got;
	enum err_code code;

	if (r->n_suspects == 0)
		return OK;
	TRY(verdicts_holders_ask(&got, &r->no_holder, &r->arena, v, source, how, ui, e));
	if (r->no_holder.n)
		return OK;
	code = leaks_holders(r, &got.sources, e);
	fetch_result_release(&got);
	return code;
}
