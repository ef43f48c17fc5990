/*
 * What a scraper does, with as little CPU time of its own as possible: every second all profiles of
 * one server, and the CPU profile a second at a time, until it is ended. Run by latency.sh.
 *
 *	scrape HOST:PORT
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "process/http_client.h"

static const char *const names[] = { "heap", "allocs", "block", "mutex", "goroutine",
	"threadcreate", "threads" };

static const char *address;

static void get(const char *name, char *room, size_t size)
{
	char path[100];
	size_t n;

	snprintf(path, sizeof(path), "/debug/pprof/%s", name);
	n = client_get(address, path, room, size);
	if (n > 0 && client_status(room) == 200)
		return;
	fprintf(stderr, "scrape: %s: %.200s\n", path, n ? room : "no answer");
	exit(1);
}

static void *scrape_cpu(void *unused)
{
	static char room[4 << 20];

	for (;;)
		get("profile?seconds=1", room, sizeof(room));
	return unused;
}

int main(int argc, char **argv)
{
	static char room[4 << 20];
	struct timespec next;
	pthread_t thread;

	if (argc != 2) {
		fprintf(stderr, "usage: scrape HOST:PORT\n");
		return 2;
	}
	address = argv[1];
	if (pthread_create(&thread, NULL, scrape_cpu, NULL) != 0)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			get(names[i], room, sizeof(room));
		next.tv_sec++;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
}
