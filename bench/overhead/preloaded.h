/* Functions of the library that a benchmark is run with. */
#ifndef BENCH_PRELOADED_H
#define BENCH_PRELOADED_H

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The address of the preloaded library's function into *slot; ends the program without it. */
static inline void preloaded_find(const char *name, void *slot)
{
	void *f = dlsym(RTLD_DEFAULT, name);

	if (!f) {
		fprintf(stderr, "no %s: libpprof is not preloaded\n", name);
		exit(1);
	}
	memcpy(slot, &f, sizeof(f));
}

#endif
