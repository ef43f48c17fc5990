/*
 * What the parent of a retention snapshot must find out before it makes the child: loaded objects
 * with their data and thread-local storage, threads with their stack pointers and registers, and
 * the runtime's own memory.
 */
#ifndef RUNTIME_RETAIN_LOOK_H
#define RUNTIME_RETAIN_LOOK_H

#include <stdbool.h>

#include "runtime/retain_wire.h"

/*
 * Fills *in. Threads that run are interrupted by a signal that only records (never held: a thread
 * that is held inside malloc would block the next one who forks). NULL, or why there can be no
 * snapshot. Waits for up to a second for threads that do not answer. RT_ANY
 */
const char *retain_look(struct retain_input *in);

#endif
