/*
 * Keeps a copy of what came over the network, so that a profile which took 30 seconds to make is
 * not lost with the terminal. Called by the driver after symbolizing.
 */
#ifndef FETCH_SAVE_H
#define FETCH_SAVE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ui.h"
#include "profile/profile.h"

/*
 * Writes p (gzipped profile.proto) to the first directory of $PPROF_TMPDIR, $HOME/pprof and the
 * system's temporary directory that exists or can be made, as
 * pprof.[BASE OF MAPPING 1.]TYPE1.TYPE2.….NNN.pb.gz with the first free number, and says "Saved
 * profile in FILE" through ui. The file appears under its name only when it is complete. A write
 * that fails is said ("Could not save profile: …") and is no error; no directory at all is one.
 */
enum err_code fetch_save(const struct profile *p, const struct ui *ui, struct err *e) MUST_USE;

/*
 * The directory that is, in `a` or of the environment: made when it was not there, "" when none can
 * be. What cannot be used is said through ui.
 */
struct str fetch_save_dir(struct arena *a, const struct ui *ui);

#endif
