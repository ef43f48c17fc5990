/* `pprof symbols` and -v: why a profile's addresses have the names they have, or none. */
#ifndef DRIVER_EXPLAIN_SYMBOLS_H
#define DRIVER_EXPLAIN_SYMBOLS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ui.h"
#include "profile/profile.h"

/*
 * Appends to out, for each mapping of a profile (a file or URL; when there are two names the first
 * is the main binary), the places that were looked at and why each was refused.
 */
enum err_code explain_symbols(const struct str *names, size_t n, const struct ui *ui,
    struct buf *out, struct err *e) MUST_USE;

/* The same for one profile, as fetch_options.loaded: a message for each line. */
void explain_loaded(const struct profile *p, const struct ui *ui);

#endif
