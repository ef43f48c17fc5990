/*
 * The five steps of a run: check the request, load, then a report, the web pages or the shell. See
 * driver.h; the work is done in load.c, pipeline.c and output.c.
 */
#include "driver/driver.h"

#include <unistd.h>

#include "driver/output.h"
#include "driver/pipeline.h"

void driver_init(struct driver *d, const struct ui *ui, const struct driver_faces *faces)
{
	*d = (struct driver){ .ui = *ui, .faces = faces };
	request_init(&d->request);
	config_init(&d->config);
}

void driver_release(struct driver *d)
{
	for (size_t i = 0; i < d->temporaries.n; i++)
		unlink(d->temporaries.p[i].p);
	VEC_RELEASE(&d->temporaries);
	symbolizer_free(d->symbolizer);
	profile_release(&d->profile);
	arena_release(&d->arena);
	*d = (struct driver){ 0 };
}

void driver_say_lines(const struct driver *d, struct str lines)
{
	struct str line;

	while (lines.n > 0 && str_split(&lines, '\n', &line))
		ui_error(&d->ui, "%.*s", STR_ARG(line));
}

static MUST_USE enum err_code write_view(
    const struct driver *d, struct view *view, struct buf *out, struct buf *warnings, struct err *e)
{
	view->options.json = d->request.json;
	if (view->options.format != REPORT_FLAME || view->options.json)
		return report_generate(&view->profile, &view->options, out, warnings, e);
	if (!d->faces->flame_page)
		return FAIL(e, ERR_UNSUPPORTED, "this pprof was built without web pages");
	return d->faces->flame_page(view, out, e);
}

/*
 * Generates into memory first: a report that fails half-way prints nothing. Only of those that can
 * fail for nothing but memory, and are large, parts may go out before, when `out` has a sink.
 */
static MUST_USE enum err_code generate(struct driver *d, const struct command *command,
    struct str param, const struct config *config, struct buf *out, struct err *e)
{
	struct buf warnings = { 0 };
	struct view view;
	enum err_code code;

	code = pipeline_view(&view, d, command, param, config, &warnings, e);
	driver_say_lines(d, buf_str(&warnings));
	buf_clear(&warnings);
	if (code == OK) {
		code = write_view(d, &view, out, &warnings, e);
		pipeline_release(&view);
	}
	driver_say_lines(d, buf_str(&warnings));
	buf_release(&warnings);
	if (code == OK && buf_failed(out))
		return FAIL_NOMEM(e);
	return code;
}

enum err_code driver_report(struct driver *d, const struct command *command, struct str param,
    const struct config *config, struct err *e)
{
	struct buf text = { 0 };
	struct output_stream stream;
	enum err_code code;

	if (output_stream(&stream, d, command, config->output))
		text.sink = &stream.sink;
	code = generate(d, command, param, config, &text, e);
	if (stream.code != OK) {
		*e = stream.error;
		code = stream.code;
	}
	if (code == OK)
		code = output_deliver(d, command, config->output, buf_str(&text), e);
	buf_release(&text);
	return code;
}

static MUST_USE enum err_code check(struct driver *d, struct err *e)
{
	struct buf messages = { 0 };
	enum err_code code = request_check(&d->request, &d->config, &messages, e);

	driver_say_lines(d, buf_str(&messages));
	buf_release(&messages);
	return code;
}

static MUST_USE enum err_code serve(struct driver *d, struct err *e)
{
	if (!d->faces->web)
		return FAIL(e, ERR_UNSUPPORTED, "this pprof was built without web pages");
	return d->faces->web(d, e);
}

enum err_code driver_run(struct driver *d, struct err *e)
{
	TRY(check(d, e));
	if (d->request.http.n)
		TRY(driver_http_address(
		    d->request.http, &d->arena, &d->http_host, &d->http_port, e));
	TRY(driver_load(d, e));
	if (d->request.command)
		return driver_report(d, d->request.command, d->request.param, &d->config, e);
	if (d->request.http.n)
		return serve(d, e);
	if (!d->faces->shell)
		return FAIL(e, ERR_UNSUPPORTED, "this pprof was built without a shell");
	return d->faces->shell(d, e);
}
