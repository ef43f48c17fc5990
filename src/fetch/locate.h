/*
 * Where are the binaries of a freshly fetched profile: applies the main-binary and build-id
 * overrides of the command line, then looks through PPROF_BINARY_PATH. fetch.c calls it per source.
 */
#ifndef FETCH_LOCATE_H
#define FETCH_LOCATE_H

#include "base/err.h"
#include "base/ui.h"
#include "core/str.h"
#include "profile/profile.h"

/*
 * Replaces p->mappings by one with found files; when p has no mapping at all, one fake mapping is
 * made and every location put in it. search_path is a colon list ("" for $HOME/pprof/binaries).
 * "Ignoring local file F: build-id mismatch (A != B)" is said through ui.
 */
enum err_code locate_binaries(struct profile *p, struct str exec_name, struct str build_id,
    struct str search_path, const struct ui *ui, struct err *e) MUST_USE;

#endif
