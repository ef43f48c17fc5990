/*
 * The web face: serves the page and its data from the profile that the driver has loaded. The
 * profile is parsed once; every view is computed from it on request. Called by tool/main.c through
 * struct driver_faces.
 *
 * Safety: listens on the given address only (localhost by default), answers only requests whose
 * Host names that address (no DNS rebinding), changes no state, allows no inline script, and every
 * name from the profile reaches the page as data.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/err.h"
#include "driver/driver.h"

/*
 * Serves until SIGINT or SIGTERM. Prints "Serving web UI on http://…" through the driver's ui and
 * opens a browser unless the request says not to. ERR_USAGE for a bad address, ERR_IO when it
 * cannot be listened on.
 */
enum err_code web_run(struct driver *d, struct err *e) MUST_USE;

/* Appends a document that draws the view as a flame graph and needs nothing else. ERR_NOMEM. */
enum err_code web_flame_page(const struct view *view, struct buf *out, struct err *e) MUST_USE;

#endif
