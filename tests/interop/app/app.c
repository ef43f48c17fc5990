/*
 * A program of somebody else's, compiled outside of the tree as C and as C++ by install.py: serves
 * its heap profile on a free port, holds some memory, and ends when its standard input does.
 */
#include <pprof/pprof.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCKS     20000
#define BLOCK_SIZE 500

static void *kept[BLOCKS];

/* Not static, so that every compiler keeps it under its name. */
void keep_memory(void);

void keep_memory(void)
{
	int i;

	for (i = 0; i < BLOCKS; i++)
		kept[i] = malloc(BLOCK_SIZE);
}

int main(void)
{
	pprof_set_heap_rate(1024);
	if (pprof_start("127.0.0.1:0") != 0) {
		fprintf(stderr, "app: %s\n", pprof_error());
		return 1;
	}
	if (!pprof_enabled())
		return 1;
	keep_memory();
	printf("version %s\nserving http://%s\n", pprof_version(), pprof_address());
	fflush(stdout);
	while (getchar() != EOF)
		;
	pprof_stop();
	return kept[BLOCKS - 1] ? 0 : 1;
}
