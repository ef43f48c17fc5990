/*
 * What the header shows: title, the legend's lines, how it was sampled, the sample types and the
 * profiles to choose from.
 */
#include "driver/pipeline.h"
#include "graph/trimpath.h"
#include "profile/unit.h"
#include "web/web_json.h"
#include "web/web_reply.h"

static json_t *sample_types(const struct profile *p)
{
	json_t *array = json_array();

	for (uint32_t i = 0; array && i < p->n_sample_types; i++)
		json_array_append_new(array, web_json_str(profile_str(p, p->sample_types[i].type)));
	return array;
}

/* The label keys of the first samples: what tagroot, tagfocus … can be set to. */
static json_t *label_keys(const struct profile *p)
{
	enum { MOST_KEYS = 32, MOST_SAMPLES = 1000 };

	str_id keys[MOST_KEYS];
	json_t *array = json_array();
	uint32_t n = 0;

	for (size_t i = 0; array && i < p->samples.n && i < MOST_SAMPLES; i++) {
		size_t n_labels;
		const struct label *labels = sample_labels(p, i, &n_labels);

		for (size_t k = 0; k < n_labels && n < MOST_KEYS; k++) {
			uint32_t at = 0;

			while (at < n && keys[at] != labels[k].key)
				at++;
			if (at < n)
				continue;
			keys[n++] = labels[k].key;
			json_array_append_new(array, web_json_str(profile_str(p, labels[k].key)));
		}
	}
	return array;
}

static struct str file_of(const struct profile *p)
{
	struct str file = p->n_mappings ? profile_str(p, p->mappings[0].file) : STR("");

	return file.n ? graph_base_path(file) : STR("");
}

/* "One sample in 512kB of space": the period in its own unit; "" when it is not known. */
static struct str sampling(const struct profile *p, struct arena *arena)
{
	struct str type = profile_str(p, p->period_type.type);
	struct buf period = { 0 };
	struct str text = STR("");

	if (p->period == 0)
		return text;
	unit_label(&period, p->period, profile_str(p, p->period_type.unit));
	text = arena_printf(arena, "One sample in %.*s%s%.*s", STR_ARG(buf_str(&period)),
	    type.n ? " of " : "", STR_ARG(type));
	buf_release(&period);
	return text;
}

static json_t *profiles(struct web_profiles *p, struct arena *arena)
{
	json_t *array = json_array();

	pthread_mutex_lock(&p->lock);
	for (uint32_t i = 0; array && i < p->n; i++)
		json_array_append_new(array,
		    json_pack("{so so sb sb}", "id", web_json_str(web_profile_key(&p->v[i], arena)),
			"label", web_json_str(str_c(p->v[i].label)), "current",
			!p->v[i].is_moment && p->v[i].id == p->current, "earlier",
			p->v[i].earlier));
	pthread_mutex_unlock(&p->lock);
	return array;
}

static MUST_USE enum err_code write_meta(
    struct web_request *request, const struct view *view, struct buf *out, struct err *e)
{
	const struct profile *p = &request->driver->profile;
	struct buf legend = { 0 };
	struct str title = arena_printf(
	    &request->arena, "%.*s %.*s", STR_ARG(file_of(p)), STR_ARG(view->options.sample_type));
	struct str doc = profile_str(p, p->doc_url);
	json_t *value;

	report_profile_labels(&view->profile, &view->options, &legend);
	if (!str_starts(doc, STR("http://")) && !str_starts(doc, STR("https://")))
		doc = STR("");
	value = json_pack("{so so so so so so so so ss}", "title", web_json_str(str_trim(title)),
	    "legend", web_json_lines(buf_str(&legend)), "sampling",
	    web_json_str(sampling(p, &request->arena)), "sampleTypes", sample_types(p),
	    "sampleType", web_json_str(view->options.sample_type), "labels", label_keys(p),
	    "profiles", profiles(&request->web->profiles, &request->arena), "docUrl",
	    web_json_str(doc), "version", PPROF_VERSION);
	buf_release(&legend);
	return web_json_write(value, out, e);
}

enum err_code web_api_meta(struct web_request *request, struct web_reply *reply, struct err *e)
{
	struct view view = { 0 };
	enum err_code code;

	TRY(pipeline_plain_view(&view, request->driver, &request->config, &request->warnings, e));
	code = write_meta(request, &view, &reply->body, e);
	pipeline_release(&view);
	reply->type = "application/json";
	return code;
}
