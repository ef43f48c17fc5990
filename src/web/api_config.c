/*
 * Saved configurations, and fetching the profile again: what the page can change. The settings file
 * is google/pprof's; a configuration is handed out as the query of a URL.
 */
#include "driver/settings.h"
#include "web/web_json.h"
#include "web/web_reply.h"

static json_t *entry_json(const struct settings_entry *entry)
{
	struct buf query = { 0 };
	json_t *value;

	config_print_query(&entry->config, &query);
	value = json_pack(
	    "{so so}", "name", web_json_str(entry->name), "query", web_json_str(buf_str(&query)));
	buf_release(&query);
	return value;
}

enum err_code web_api_configs(struct web_request *request, struct web_reply *reply, struct err *e)
{
	json_t *list = json_array();
	struct settings settings = { 0 };
	enum err_code code;
	struct str path;

	code = settings_path(&request->arena, &path, e);
	if (code == OK)
		code = settings_load(&settings, path, &request->config, e);
	for (uint32_t i = 0; code == OK && i < settings.n; i++)
		json_array_append_new(list, entry_json(&settings.v[i]));
	settings_release(&settings);
	if (code != OK) {
		json_decref(list);
		return code;
	}
	reply->type = "application/json";
	return web_json_write(list, &reply->body, e);
}

enum err_code web_save_config(struct web_request *request, struct web_reply *reply, struct err *e)
{
	enum err_code code;
	struct str path;

	(void)reply;
	TRY(settings_path(&request->arena, &path, e));
	pthread_mutex_lock(&request->web->settings_lock);
	code = settings_save(path, request->arguments.config, &request->config, e);
	pthread_mutex_unlock(&request->web->settings_lock);
	return code;
}

enum err_code web_delete_config(struct web_request *request, struct web_reply *reply, struct err *e)
{
	enum err_code code;
	struct str path;

	(void)reply;
	TRY(settings_path(&request->arena, &path, e));
	pthread_mutex_lock(&request->web->settings_lock);
	code = settings_delete(path, request->arguments.config, e);
	pthread_mutex_unlock(&request->web->settings_lock);
	return code;
}

enum err_code web_fetch_again(struct web_request *request, struct web_reply *reply, struct err *e)
{
	(void)reply;
	return web_profiles_fetch(&request->web->profiles, e);
}
