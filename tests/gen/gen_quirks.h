/*
 * Small profiles in which odd corners of the format show, for the cases of tests/golden that pin
 * docs/differences.md. Called by gen_fixtures.
 */
#ifndef GEN_QUIRKS_H
#define GEN_QUIRKS_H

#include "base/buf.h"

struct quirk_file {
	const char *name;
	void (*make)(struct buf *out); /* appends the bytes of the file */
};

extern const struct quirk_file quirk_files[];
extern const size_t n_quirk_files;

#endif
