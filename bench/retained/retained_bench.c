/*
 * retained_bench MIB BLOCK TIMES: fills MIB of heap with blocks of BLOCK bytes, in a hash table
 * that holds them by entries of their own, and asks TIMES who holds them. Prints how long the
 * program stood still and what the look cost. For bench/run.sh and docs/retention.md.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pprof/pprof.h"

#define MOST_TIMES 1000
#define GIB        1073741824.0

struct entry {
	struct entry *next;
	uint64_t key;
	void *value;
};

struct answer {
	int status;
	size_t n;
	char bytes[16384]; /* the begin of it */
};

static struct entry **table;
static size_t n_buckets;

static void on_status(void *ctx, int status)
{
	((struct answer *)ctx)->status = status;
}

static void on_header(void *ctx, const char *name, const char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
}

static int on_body(void *ctx, const void *data, size_t n)
{
	struct answer *a = ctx;
	size_t room = sizeof(a->bytes) - 1 - a->n;

	n = n < room ? n : room;
	memcpy(a->bytes + a->n, data, n);
	a->n += n;
	a->bytes[a->n] = '\0';
	return 0;
}

static bool get(const char *path, struct answer *a)
{
	struct pprof_request request = { .method = "GET", .path = path };
	struct pprof_response response = {
		.ctx = a, .status = on_status, .header = on_header, .body = on_body
	};

	a->n = 0;
	return pprof_handle(&request, &response) == 0 && a->status == 200;
}

/* A line of the page about the profiler. */
static double counter(const char *name)
{
	static struct answer page;
	const char *at = get("/debug/pprof/self", &page) ? strstr(page.bytes, name) : NULL;

	return at ? strtod(at + strlen(name), NULL) : 0;
}

static void fill(double bytes, size_t block)
{
	size_t n = (size_t)(bytes / (double)(block + sizeof(struct entry) + 16));

	n_buckets = n / 2 + 1;
	table = calloc(n_buckets, sizeof(*table));
	for (size_t i = 0; table && i < n; i++) {
		struct entry *e = malloc(sizeof(*e));
		size_t at = (i * 0x9e3779b97f4a7c15u >> 20) % n_buckets;

		if (!e || !(e->value = malloc(block)))
			exit(2);
		memset(e->value, 1, block);
		e->key = i;
		e->next = table[at];
		table[at] = e;
	}
	printf("%.2f GiB in %zu blocks of %zu bytes and as many entries\n", bytes / GIB, n, block);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const char *what, double *v, int n, double scale, const char *unit)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	printf("%-24s median %8.2f  least %8.2f  most %8.2f %s\n", what, v[n / 2] * scale,
	    v[0] * scale, v[n - 1] * scale, unit);
}

int main(int argc, char **argv)
{
	double gib = (argc > 1 ? strtod(argv[1], NULL) : 1024) / 1024;
	size_t block = argc > 2 ? strtoul(argv[2], NULL, 10) : 500;
	int times = argc > 3 ? atoi(argv[3]) : 5;
	static double pauses[MOST_TIMES], children[MOST_TIMES], walls[MOST_TIMES];
	static struct answer answer;

	times = times < 1 ? 1 : times > MOST_TIMES ? MOST_TIMES : times;
	fill(gib * GIB, block);
	for (int i = 0; i < times; i++) {
		double begun = now(), pause = counter("retain_pause_ns ");
		double child = counter("retain_child_ns ");

		if (!get("/debug/pprof/retained", &answer)) {
			fprintf(stderr, "status %d: %s\n", answer.status, answer.bytes);
			return 1;
		}
		walls[i] = now() - begun;
		pauses[i] = counter("retain_pause_ns ") - pause;
		children[i] = counter("retain_child_ns ") - child;
	}
	print("pause", pauses, times, 1e-6 / gib, "ms a GiB");
	print("child, CPU time", children, times, 1e-9 / gib, "s a GiB");
	print("whole answer", walls, times, 1, "s");
	return 0;
}
