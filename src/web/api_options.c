/*
 * The table of options for the page's panel: what each is, and the value it has when the URL says
 * nothing (the command line's), and its own default, for a URL that says it is empty.
 */
#include "driver/options_table.h"
#include "web/web_json.h"
#include "web/web_reply.h"

static const char *kind_name(enum option_kind kind)
{
	static const char *const names[] = { [OPTION_BOOL] = "bool",
		[OPTION_INT] = "int",
		[OPTION_FLOAT] = "float",
		[OPTION_STRING] = "string",
		[OPTION_CHOICE] = "choice" };

	return names[kind];
}

static json_t *choices_json(const struct option *o)
{
	json_t *list = json_array();

	for (size_t i = 0; o->choices && o->choices[i].name; i++)
		json_array_append_new(list, json_string(o->choices[i].name));
	return list;
}

static json_t *value_json(const struct option *o, const struct config *c)
{
	struct buf value = { 0 };
	json_t *json;

	option_print(o, c, &value);
	json = web_json_str(buf_str(&value));
	buf_release(&value);
	return json;
}

static json_t *option_json(const struct option *o, const struct config *c)
{
	struct config defaults;

	config_init(&defaults);
	return json_pack("{ss ss ss so so so ss ss}", "name", o->name, "param", o->url, "kind",
	    kind_name(o->kind), "value", value_json(o, c), "default", value_json(o, &defaults),
	    "choices", choices_json(o), "argument", o->argument ? o->argument : "", "help",
	    o->help);
}

enum err_code web_api_options(struct web_request *request, struct web_reply *reply, struct err *e)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < n_config_options; i++)
		if (config_options[i].url)
			json_array_append_new(
			    list, option_json(&config_options[i], &request->web->driver->config));
	reply->type = "application/json";
	return web_json_write(list, &reply->body, e);
}
