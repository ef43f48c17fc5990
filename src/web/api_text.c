/*
 * The views that are reports as text: the graph as DOT, peek, disassembly; and the profile itself.
 * Each is the report of a command, run over the loaded profile.
 */
#include "driver/pipeline.h"
#include "profile/encode.h"
#include "web/web_reply.h"

/* Of a disassembly: the heaviest ones. */
#define TEXT_MAX_FUNCTIONS 50

/* Source files and binaries are opened lazily inside source_ops: one request at a time. */
static enum err_code write_report(
    struct web_request *request, const char *command_name, struct buf *out, struct err *e)
{
	const struct command *command = command_find(str_c(command_name));
	struct str param = command->has_param ? request->arguments.f : STR("");
	struct view view = { 0 };
	enum err_code code;

	code = pipeline_view(
	    &view, request->driver, command, param, &request->config, &request->warnings, e);
	if (code == OK)
		code = web_wanted(request, e);
	if (code == OK) {
		view.options.max_sections = TEXT_MAX_FUNCTIONS;
		pthread_mutex_lock(&request->loaded->source_lock);
		code = report_generate(&view.profile, &view.options, out, &request->warnings, e);
		pthread_mutex_unlock(&request->loaded->source_lock);
	}
	pipeline_release(&view);
	return code;
}

/* The view of a profile without samples: all that can be wrong with the words, and no work. */
enum err_code web_check_view(struct web_request *request, struct web_reply *reply, struct err *e)
{
	struct driver empty = *request->driver;
	struct view view = { 0 };
	enum err_code code;

	(void)reply;
	empty.profile.samples.n = 0;
	code = pipeline_view(&view, &empty, command_find(str_c(request->view_command)),
	    request->arguments.f, &request->config, &request->warnings, e);
	pipeline_release(&view);
	return code;
}

enum err_code web_api_graph(struct web_request *request, struct web_reply *reply, struct err *e)
{
	reply->type = "text/vnd.graphviz; charset=utf-8";
	return write_report(request, "dot", &reply->body, e);
}

enum err_code web_api_peek(struct web_request *request, struct web_reply *reply, struct err *e)
{
	if (!request->config.granularity.n)
		request->config.granularity = STR("lines");
	return write_report(request, "peek", &reply->body, e);
}

enum err_code web_api_disasm(struct web_request *request, struct web_reply *reply, struct err *e)
{
	return write_report(request, "disasm", &reply->body, e);
}

enum err_code web_download(struct web_request *request, struct web_reply *reply, struct err *e)
{
	reply->type = "application/vnd.google.protobuf+gzip";
	reply->disposition = "attachment;filename=profile.pb.gz";
	return profile_encode_gzip(&request->driver->profile, &reply->body, e);
}
