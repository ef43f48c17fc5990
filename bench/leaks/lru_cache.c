/*
 * A cache of 1 KB entries that evicts the least recently used one when it is full, for the verdicts
 * of `pprof leaks` on real programs.
 *
 *   usage: lru_cache ENTRIES PER_SECOND SECONDS     ends by itself
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct entry {
	struct entry *next, *previous;
	unsigned long key;
	char value[1000];
};

struct cache {
	struct entry *newest, *oldest;
	unsigned long n, room;
};

static void evict(struct cache *c)
{
	struct entry *gone = c->oldest;

	c->oldest = gone->previous;
	if (c->oldest)
		c->oldest->next = NULL;
	else
		c->newest = NULL;
	free(gone);
	c->n--;
}

static void put(struct cache *c, unsigned long key)
{
	struct entry *e = malloc(sizeof *e);

	if (!e)
		exit(1);
	e->key = key;
	memset(e->value, (int)key, sizeof e->value);
	e->next = c->newest;
	e->previous = NULL;
	if (c->newest)
		c->newest->previous = e;
	else
		c->oldest = e;
	c->newest = e;
	if (++c->n > c->room)
		evict(c);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct cache cache = { 0 };
	unsigned long per_second = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
	unsigned long seconds = argc > 3 ? strtoul(argv[3], NULL, 10) : 60;
	struct timespec pause = { 0, 10000000 };
	double begun = now(), passed = 0;
	unsigned long key = 0;

	cache.room = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
	/* By the clock: a busy machine must not make it another program. */
	while ((passed = now() - begun) < (double)seconds) {
		while ((double)key < passed * (double)per_second)
			put(&cache, key++);
		nanosleep(&pause, NULL);
	}
	printf("%lu entries\n", cache.n);
	return 0;
}
