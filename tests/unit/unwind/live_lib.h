/* See live_lib.c. */
#ifndef TESTS_UNIT_UNWIND_LIVE_LIB_H
#define TESTS_UNIT_UNWIND_LIVE_LIB_H

/* Called by the resolver of live_resolved. */
extern void (*live_hook)(void);

int live_resolved(int v);

#endif
