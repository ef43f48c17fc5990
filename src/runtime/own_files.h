/*
 * A descriptor table for one thread. A program may close any number that it does not know and use
 * it for something else (daemons close them all), and may count on getting the lowest numbers. So
 * descriptors that the runtime keeps are not in the program's table but in one of its thread's own:
 * neither can then reach what is the other's, and a forked child inherits none of ours.
 */
#ifndef RUNTIME_OWN_FILES_H
#define RUNTIME_OWN_FILES_H

#include <stdbool.h>

/*
 * Gives the calling thread a table of its own with nothing in it but `keep` (-1: nothing), which
 * stays in the other threads' table too. False, with nothing done, where the system does not allow
 * it (before Linux 5.9 in a container that refuses unshare). Own threads only. RT_ANY
 */
bool rt_own_files(int keep);

#endif
