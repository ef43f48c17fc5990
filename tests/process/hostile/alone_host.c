/*
 * What any program does: threads that allocate, at the same time. Built for alone.sh in ways in
 * which the runtime must leave it alone.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define ROUNDS  2000

static void *allocate(void *seed)
{
	unsigned char *kept[16] = { NULL };
	unsigned char which = *(unsigned char *)seed;

	for (unsigned i = 0; i < ROUNDS; i++) {
		free(kept[i % 16]);
		kept[i % 16] = malloc(100 + i);
		if (!kept[i % 16])
			return NULL;
		memset(kept[i % 16], which, 100);
	}
	for (unsigned i = 0; i < 16; i++)
		free(kept[i]);
	return seed;
}

int main(void)
{
	unsigned char seeds[THREADS] = { 1, 2, 3, 4 };
	pthread_t threads[THREADS];
	void *result;

	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, allocate, &seeds[i]) != 0)
			return 1;
	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_join(threads[i], &result) != 0 || result != &seeds[i])
			return 1;
	puts("alone");
	return 3;
}
