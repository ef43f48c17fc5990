/*
 * What the header shows: title, the legend's lines, the sample types to choose from.
 */
#include "driver/pipeline.h"
#include "graph/trimpath.h"
#include "web/web_json.h"
#include "web/web_reply.h"

static json_t *sample_types(const struct profile *p)
{
	json_t *array = json_array();

	for (uint32_t i = 0; array && i < p->n_sample_types; i++)
		json_array_append_new(array, web_json_str(profile_str(p, p->sample_types[i].type)));
	return array;
}

static struct str file_of(const struct profile *p)
{
	struct str file = p->n_mappings ? profile_str(p, p->mappings[0].file) : STR("");

	return file.n ? graph_base_path(file) : STR("");
}

enum err_code web_api_meta(struct web_request *request, struct web_reply *reply, struct err *e)
{
	const struct profile *p = &request->web->driver->profile;
	struct view view = { 0 };
	struct buf legend = { 0 };
	struct str title, doc;
	json_t *value;

	TRY(pipeline_plain_view(
	    &view, request->web->driver, &request->config, &request->warnings, e));
	report_profile_labels(&view.profile, &view.options, &legend);
	title = arena_printf(
	    &request->arena, "%.*s %.*s", STR_ARG(file_of(p)), STR_ARG(view.options.sample_type));
	doc = profile_str(p, p->doc_url);
	if (!str_starts(doc, STR("http://")) && !str_starts(doc, STR("https://")))
		doc = STR("");
	value = json_pack("{so so so so so ss}", "title", web_json_str(str_trim(title)), "legend",
	    web_json_lines(buf_str(&legend)), "sampleTypes", sample_types(p), "sampleType",
	    web_json_str(view.options.sample_type), "docUrl", web_json_str(doc), "version",
	    PPROF_VERSION);
	buf_release(&legend);
	pipeline_release(&view);
	reply->type = "application/json";
	return web_json_write(value, &reply->body, e);
}
