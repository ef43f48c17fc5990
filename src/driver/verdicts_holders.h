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
 * Fills the holders of r's suspects from the program at `source`, a URL as verdicts_watch takes it.
 * A program that does not say is no error: r->no_holder tells why. ERR_NOMEM.
 */
enum err_code verdicts_holders(struct leaks_report *r, const struct verdicts *v, struct str source,
    const struct fetch_options *how, const struct ui *ui, struct err *e) MUST_USE;

#endif
