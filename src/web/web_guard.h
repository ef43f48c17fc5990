/*
 * Who may ask: requests must name us in Host, and whoever changes something must come from our own
 * page.
 */
#ifndef WEB_WEB_GUARD_H
#define WEB_WEB_GUARD_H

#include <stdbool.h>

#include "core/str.h"

/*
 * A page of another site whose name was made to resolve to this machine still sends its own name
 * in Host, so only our own names are answered. `listening` is the address we were told to listen
 * on; `host` the header, "" when there is none.
 */
bool web_guard_host(struct str listening, struct str host);

/* Browsers name the page that a POST comes from: it must be served by the host it is sent to. */
bool web_guard_origin(struct str origin, struct str host);

#endif
