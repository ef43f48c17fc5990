/* The frames that a legacy profile drops, by its type: allocator's, locks' or profiler's. */
#ifndef PROFILE_LEGACY_FRAMES_H
#define PROFILE_LEGACY_FRAMES_H

#include "profile/profile.h"

/* Sets p->drop_frames and p->keep_frames; when memory is short p's arena says so. */
void legacy_set_frames(struct profile *p);

#endif
