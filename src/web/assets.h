/*
 * The page's files, bundled from web/ui and embedded in the program by assets.S.
 */
#ifndef WEB_ASSETS_H
#define WEB_ASSETS_H

#include "core/str.h"

struct asset {
	const char *path; /* of the URL */
	const char *type;
	struct str bytes;
};

/* NULL when there is no such file. */
const struct asset *asset_find(struct asset *storage, struct str path);

/* The document of a stand-alone flame graph, up to where its data begins. */
struct str asset_flame_head(void);

#endif
