#include "web/assets.h"

#define EMBEDDED(name) extern const char asset_##name[], asset_##name##_end[]

EMBEDDED(index_html);
EMBEDDED(app_js);
EMBEDDED(app_css);
EMBEDDED(viz_js);
EMBEDDED(flame_html);

static const struct {
	const char *path;
	const char *type;
	const char *begin;
	const char *end;
} files[] = {
	{ "/ui/index.html", "text/html; charset=utf-8", asset_index_html, asset_index_html_end },
	{ "/ui/app.js", "text/javascript; charset=utf-8", asset_app_js, asset_app_js_end },
	{ "/ui/app.css", "text/css; charset=utf-8", asset_app_css, asset_app_css_end },
	{ "/ui/viz.js", "text/javascript; charset=utf-8", asset_viz_js, asset_viz_js_end },
};

const struct asset *asset_find(struct asset *storage, struct str path)
{
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		if (!str_is(path, files[i].path))
			continue;
		*storage = (struct asset){ files[i].path, files[i].type,
			str_range(files[i].begin, files[i].end) };
		return storage;
	}
	return NULL;
}

struct str asset_flame_head(void)
{
	return str_range(asset_flame_html, asset_flame_html_end);
}
