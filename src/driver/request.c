/* Defaults and consistency of a command line, see request.h. Called by cli and the driver. */
#include "driver/request.h"

#include "driver/options_table.h"

void request_init(struct request *r)
{
	*r = (struct request){ 0 };
	option_set_defaults(request_options, n_request_options, r);
}

/* The flags that stand for a sample_index; the first one given wins. */
static void choose_sample(const struct request *r, struct config *c, struct buf *messages)
{
	const struct {
		bool given;
		const char *flag;
		struct str sample;
	} flags[] = {
		{ r->total_delay, "-total_delay", STR("delay") },
		{ r->mean_delay, "-mean_delay", STR("delay") },
		{ r->contentions, "-contentions", STR("contentions") },
		{ r->inuse_space, "-inuse_space", STR("inuse_space") },
		{ r->inuse_objects, "-inuse_objects", STR("inuse_objects") },
		{ r->alloc_space, "-alloc_space", STR("alloc_space") },
		{ r->alloc_objects, "-alloc_objects", STR("alloc_objects") },
	};

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		if (!flags[i].given)
			continue;
		if (c->sample_index.n == 0)
			c->sample_index = flags[i].sample;
		else
			buf_printf(
			    messages, "Multiple value selections, ignoring %s\n", flags[i].flag);
	}
	if (r->mean_delay)
		c->mean = true;
}

enum err_code request_check(
    struct request *r, struct config *c, struct buf *messages, struct err *e)
{
	if (r->conflict.n)
		return FAIL(e, ERR_USAGE, "conflicting options set: [%.*s]", STR_ARG(r->conflict));
	if (r->n_commands > 1)
		return FAIL(e, ERR_USAGE, "must set at most one output format");
	if (r->command && r->http.n)
		return FAIL(e, ERR_USAGE,
		    "-http is not compatible with an output format on the command line");
	if (r->reports.n && (r->command || r->http.n || c->output.n))
		return FAIL(e, ERR_USAGE,
		    "-reports is not compatible with an output format, -output or -http");
	if (r->no_browser && r->http.n == 0)
		return FAIL(e, ERR_USAGE, "-no_browser only makes sense with -http");
	choose_sample(r, c, messages);
	if (r->base.n && r->diff_base.n)
		return FAIL(e, ERR_USAGE, "-base and -diff_base flags cannot both be specified");
	if (c->normalize && r->base.n == 0 && r->diff_base.n == 0)
		return FAIL(e, ERR_USAGE, "must have base profile to normalize by");
	return OK;
}
