/*
 * Who holds what a live program leaks: asks it for its profile of retention.
 */
#ifndef DRIVER_VERDICTS_HOLDERS_H
#define DRIVER_VERDICTS_HOLDERS_H

#include "base/err.h"
#include "base/ui.h"
#include "driver/verdicts.h"
#include "fetch/fetch.h"
#include "leaks/leaks.h"

/*
 * Asks the program at `source`, a URL as verdicts_watch takes it, who holds what, with names. It
 * stands still for some milliseconds. *got is released by the caller when *why is "", else nothing
 * was said and *why, in `a`, is the reason. ERR_NOMEM.
 */
enum err_code verdicts_holders_ask(struct fetch_result *got, struct str *why, struct arena *a,
    const struct verdicts *v, struct str source, const struct fetch_options *how,
    const struct ui *ui, struct err *e) MUST_USE;

/*
 * Fills the holders of r's suspects from the program at `source`. A program that does not say is no
 * error: r->no_holder tells why. ERR_NOMEM.
 */
enum err_code verdicts_holders(struct leaks_report *r, const struct verdicts *v, struct str source,
    const struct fetch_options *how, const struct ui *ui, struct err *e) MUST_USE;

#endif
