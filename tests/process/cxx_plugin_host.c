/*
 * A C program without a C++ library, which loads one later together with a plugin (and does nothing
 * without an argument). Run by coverage.sh with the runtime preloaded at a rate of 1.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "process/heap_sums.h"

static void look_up(void *handle, const char *name, void *slot)
{
	void *f = dlsym(handle, name);

	memcpy(slot, &f, sizeof(f));
}

int main(int argc, char **argv)
{
	void *handle = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	void *(*give)(size_t);
	void (*take)(void *);
	int (*throws)(void);
	struct heap_sums before, after;
	void *p[7];

	if (argc < 2)
		return 0;
	if (!handle) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	look_up(handle, "plugin_new", &give);
	look_up(handle, "plugin_delete", &take);
	look_up(handle, "plugin_throws", &throws);
	for (int i = 0; i < 7; i++)
		p[i] = give(50021);
	before = heap_sums(50021);
	for (int i = 0; i < 5; i++)
		take(p[i]);
	after = heap_sums(50021);
	if (before.inuse_objects != 7 || after.inuse_objects != 2 ||
	    (!dlsym(RTLD_DEFAULT, "mi_malloc") && !throws())) { /* mimalloc's aborts instead */
		fprintf(stderr, "plugin: %d, then %d in use\n", (int)before.inuse_objects,
		    (int)after.inuse_objects);
		return 1;
	}
	puts("covered");
	return 0;
}
