/*
 * retained_snapshots N: asks N times who holds its memory while eight threads do nothing but
 * allocate, pass blocks on and free them. Every answer must come, be whole, and find nearly all of
 * it where it is: in one global table. Of the copies that are made the program sees nothing. N is
 * small in the tests and 10,000 in tools/soak.sh.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/profile_reader.h"

#define THREADS   8
#define SLOTS     16384
#define SIZE_LOW  16
#define SIZE_HIGH 2000
#define RATE      65536
/* Without an answer for so long it hangs. */
#define HANG_S    300
/* Of the bytes of all snapshots: what threads have in hand is on their stacks. */
#define RIGHT     0.95

static void *_Atomic slots[SLOTS];
static _Atomic bool stop;
static _Atomic uint64_t rounds;
static _Atomic unsigned noticed; /* signals and fork handlers */

struct answer {
	int status;
	size_t n;
	char bytes[1 << 20];
};

static void on_child(int number)
{
	(void)number;
	noticed++;
}

static void on_fork(void)
{
	noticed++;
}

/* The program must not notice that it was copied. */
static bool watch_for_children(void)
{
	struct sigaction action = { .sa_handler = on_child };

	return sigaction(SIGCHLD, &action, NULL) == 0 &&
	       pthread_atfork(on_fork, on_fork, on_fork) == 0;
}

static bool has_noticed(void)
{
	return noticed != 0 || waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD;
}

static void *churn(void *seed)
{
	unsigned r = (unsigned)(uintptr_t)seed * 2654435761u + 1;

	while (!stop) {
		r = r * 1664525u + 1013904223u;
		free(atomic_exchange(&slots[(r >> 4) % SLOTS],
		    malloc(SIZE_LOW + (r >> 16) % (SIZE_HIGH - SIZE_LOW))));
		rounds++;
	}
	return NULL;
}

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

	if (n > sizeof(a->bytes) - a->n)
		return -1;
	memcpy(a->bytes + a->n, data, n);
	a->n += n;
	return 0;
}

/* Adds up the bytes of a profile, and those that globals hold. */
static bool add_up(const struct answer *a, double *all, double *right)
{
	struct reader_profile p;

	if (!reader_open(a->bytes, a->n, &p))
		return false;
	for (size_t i = 0; i < p.n_samples; i++) {
		const struct reader_sample *s = &p.samples[i];

		*all += (double)s->values[2];
		if (strcmp(reader_text(&p, s, "root"), "global") == 0)
			*right += (double)s->values[2];
	}
	reader_close(&p);
	return true;
}

static bool take(struct answer *a, double *all, double *right)
{
	struct pprof_request request = { .method = "GET", .path = "/debug/pprof/retained" };
	struct pprof_response response = {
		.ctx = a, .status = on_status, .header = on_header, .body = on_body
	};

	a->n = 0;
	alarm(HANG_S);
	if (pprof_handle(&request, &response) == 0 && a->status == 200 && add_up(a, all, right))
		return true;
	fprintf(stderr, "status %d: %.*s\n", a->status, (int)(a->n < 200 ? a->n : 200), a->bytes);
	return false;
}

static bool run(long n)
{
	static struct answer answer;
	double all = 0, right = 0;

	for (long i = 0; i < n; i++) {
		uint64_t before = rounds;

		if (!take(&answer, &all, &right))
			return false;
		/* The program has not stood still for good. */
		while (rounds == before)
			usleep(100);
	}
	printf("%ld snapshots, %.2f %% of the bytes on the table, %llu rounds meanwhile\n", n,
	    100 * right / all, (unsigned long long)rounds);
	return all > 0 && right >= RIGHT * all;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 20;
	bool good;

	if (!watch_for_children())
		return 2;
	pprof_set_heap_rate(RATE);
	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, churn, (void *)i) != 0)
			return 2;
	while (rounds < 100000)
		usleep(1000);
	good = run(n);
	stop = true;
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (has_noticed()) {
		fprintf(stderr, "the program has noticed its copies\n");
		good = false;
	}
	return !good;
}
