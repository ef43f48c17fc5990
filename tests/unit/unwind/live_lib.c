/*
 * A library whose one function is chosen when it is first called: by a resolver that runs inside
 * the loader, below the assembly of lazy binding. For test_live.c.
 */
#include "live_lib.h"

void (*live_hook)(void);

static int twice(int v)
{
	return 2 * v;
}

__attribute__((used)) static int (*resolve(void))(int)
{
	if (live_hook)
		live_hook();
	return twice;
}

int live_resolved(int v) __attribute__((ifunc("resolve")));
