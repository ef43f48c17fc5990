/* A stack of our own for work that takes more of it than the program may have left. */
#ifndef RUNTIME_OWNSTACK_H
#define RUNTIME_OWNSTACK_H

#include <stdbool.h>

/*
 * Runs run() on a new stack and comes back to this one. False, and not run, when there is no memory
 * for it. run() must return. RT_ANY
 */
bool rt_ownstack_run(void (*run)(void));

#endif
