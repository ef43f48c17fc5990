/* Stacks of some variety; see deep_malloc.h. */
#include "process/deep_malloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((noinline)) static void *go_left(unsigned path, int depth, size_t n)
{
	void *volatile p = deep_malloc(path >> 1, depth - 1, n);

	return p;
}

__attribute__((noinline)) void *deep_malloc(unsigned path, int depth, size_t n)
{
	void *volatile p;

	if (depth == 0)
		p = malloc(n);
	else if (path & 1)
		p = go_left(path, depth, n);
	else
		p = deep_malloc(path >> 1, depth - 1, n);
	return p;
}

long resident_kb(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (f && fscanf(f, "%*d %ld", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}
