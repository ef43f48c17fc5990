/* A library that test_hooks.c loads and unloads. */
#include <stdlib.h>

void *plugin_allocate(size_t n);

void *plugin_allocate(size_t n)
{
	void *p = malloc(n);

	__asm__ volatile("" ::: "memory");
	return p;
}
