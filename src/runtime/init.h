/* Start-up and fork of the runtime. */
#ifndef RUNTIME_INIT_H
#define RUNTIME_INIT_H

#include <stdbool.h>

/*
 * Brings the runtime up, once; later calls do nothing. Runs as a constructor before those of the
 * program; also called by every API function, for programs whose own constructors come earlier.
 * RT_ANY
 */
void rt_init(void);

/* The lock that orders API calls which start, stop or fail. Not taken by any hook. */
void rt_init_lock(void);
void rt_init_unlock(void);

#endif
