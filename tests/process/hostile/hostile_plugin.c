/* A library that allocates while it is loaded, used and unloaded. Built twice, with other frames.
 */
#include <stdlib.h>
#include <string.h>

void *hostile_plugin_allocate(size_t n);
void hostile_plugin_free(void *p);

static void *of_constructor;
static _Thread_local char storage[256];

/* As much stack as the build says: the same addresses unwind otherwise in the other build. */
__attribute__((noinline)) static void *deeper(size_t n, int depth)
{
	volatile char room[FRAME];
	void *p;

	for (size_t i = 0; i < sizeof(room); i += 16)
		room[i] = (char)depth;
	p = depth ? deeper(n, depth - 1) : malloc(n);
	return room[0] == (char)depth ? p : NULL;
}

__attribute__((constructor)) static void load(void)
{
	of_constructor = deeper(100, 3);
}

__attribute__((destructor)) static void unload(void)
{
	free(of_constructor);
	free(deeper(200, 2));
}

void *hostile_plugin_allocate(size_t n)
{
	void *p = deeper(n, 5);

	memset(storage, 1, sizeof(storage));
	free(deeper(n / 2, 1));
	return p;
}

void hostile_plugin_free(void *p)
{
	free(p);
}
