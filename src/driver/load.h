/*
 * Parts of loading that are of use without the rest: for who has profiles already, and for who
 * fetches the sources of a request on his own. driver_load() itself is in driver.h.
 */
#ifndef DRIVER_LOAD_H
#define DRIVER_LOAD_H

#include "driver/driver.h"
#include "fetch/fetch.h"
#include "net/mapping_source.h"

/* How the sources of a request are fetched; borrows its texts. */
struct fetch_options driver_fetch_options(const struct request *r);

/*
 * As driver_load, with a profile that is there already instead of fetched ones. Takes *p over, also
 * on failure; `urls` is where its mappings came from, borrowed for the call.
 */
enum err_code driver_adopt(struct driver *d, struct profile *p, const struct mapping_sources *urls,
    struct err *e) MUST_USE;

#endif
