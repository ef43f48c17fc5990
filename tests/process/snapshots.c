/*
 * snapshots N: takes N heap profiles of itself, in every way there is, while eight threads do
 * nothing but allocate, pass blocks on and free them. Every profile must be whole and possible (not
 * more in use than was ever allocated), none may hang, and when the threads are gone nothing of
 * theirs is in use. N is small in the tests and 10,000 in tools/soak.sh.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/deep_malloc.h"
#include "process/http_client.h"
#include "process/profile_reader.h"

#define THREADS   8
#define SLOTS     4096
#define SIZE_LOW  10000
#define SIZE_HIGH 18000
/* Without a profile for so long it hangs: even eight busy threads on one slow core leave it time.
 */
#define HANG_S    300
#define ROOM      ((size_t)16 << 20)
#define RATE      65536
#define ON_STACK  12
#define PATHS     64u

static void *_Atomic slots[SLOTS];
static _Atomic bool stop;
static _Atomic uint64_t rounds;

static void *churn(void *seed)
{
	unsigned r = (unsigned)(uintptr_t)seed * 2654435761u + 1;

	while (!stop) {
		void *p;

		r = r * 1664525u + 1013904223u;
		p = deep_malloc(
		    r >> 8 & (PATHS - 1), ON_STACK, SIZE_LOW + (r >> 16) % (SIZE_HIGH - SIZE_LOW));
		/* Whoever's was there. */
		free(atomic_exchange(&slots[(r >> 4) % SLOTS], p));
		rounds++;
	}
	return NULL;
}

static bool fail(const char *what, const char *how)
{
	fprintf(stderr, "%s: %s\n", how, what);
	return false;
}

static bool is_possible(const struct reader_profile *p, const char *how)
{
	if (p->n_types != 4 || p->n_samples == 0)
		return fail("not a heap profile, or an empty one", how);
	for (size_t i = 0; i < p->n_samples; i++) {
		const int64_t *v = p->samples[i].values;

		if (v[0] < 0 || v[1] < 0 || v[2] < 0 || v[3] < 0)
			return fail("a negative value", how);
		if (v[2] > v[0] || v[3] > v[1])
			return fail("more is in use than was allocated", how);
	}
	return true;
}

static bool check(const void *bytes, size_t n, const char *how)
{
	struct reader_profile p;
	bool good;

	if (!reader_open(bytes, n, &p))
		return fail("the profile is not whole", how);
	good = is_possible(&p, how);
	reader_close(&p);
	return good;
}

/* The bytes that pprof_write_to writes; unmapped by the caller. NULL when that fails. */
static void *written(int debug, size_t *n)
{
	int fd = memfd_create("profile", MFD_CLOEXEC);
	void *bytes = MAP_FAILED;

	*n = 0;
	if (fd >= 0 && pprof_write_to(pprof_lookup("heap"), fd, debug) == 0)
		*n = (size_t)lseek(fd, 0, SEEK_END);
	if (*n > 0)
		bytes = mmap(NULL, *n, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return bytes == MAP_FAILED ? NULL : bytes;
}

static bool by_call(char *room)
{
	size_t n;
	void *bytes = written(0, &n);
	bool good = bytes && check(bytes, n, "by call");

	(void)room;
	if (bytes)
		munmap(bytes, n);
	return good;
}

static bool as_text(char *room)
{
	size_t n;
	void *bytes = written(1, &n);
	bool good = bytes && n > 13 && memcmp(bytes, "heap profile:", 13) == 0;

	(void)room;
	if (bytes)
		munmap(bytes, n);
	return good || fail("no text", "as text");
}

static bool fetch(char *room, const char *path)
{
	size_t n = client_get(pprof_address(), path, room, ROOM);
	const char *body = client_body(room);

	if (n == 0 || n >= ROOM - 1 || client_status(room) != 200)
		return fail("no answer", path);
	return check(body, n - (size_t)(body - room), path);
}

static bool by_http(char *room)
{
	return fetch(room, "/debug/pprof/heap");
}

static bool of_the_peak(char *room)
{
	return fetch(room, "/debug/pprof/heap?peak=1");
}

static bool of_ages(char *room)
{
	return fetch(room, "/debug/pprof/heap?age=1");
}

/* Objects of the threads' sizes in use; -1 when that cannot be told. */
static int64_t left_over(void)
{
	struct reader_profile p;
	int64_t sum = 0;
	size_t n;
	void *bytes = written(0, &n);

	if (!bytes || !reader_open(bytes, n, &p))
		return -1;
	for (size_t i = 0; i < p.n_samples; i++) {
		const struct reader_sample *s = &p.samples[i];

		/* Deep ones only: reading a profile allocates too. */
		if (s->depth > ON_STACK && s->bytes_label >= SIZE_LOW && s->bytes_label < SIZE_HIGH)
			sum += s->values[2];
	}
	reader_close(&p);
	munmap(bytes, n);
	return sum;
}

static bool take(long count, char *room)
{
	static bool (*const ways[])(char *) = { by_call, by_http, as_text, of_the_peak, of_ages };

	for (long i = 0; i < count; i++) {
		alarm(HANG_S);
		if (!ways[(size_t)i % (sizeof(ways) / sizeof(*ways))](room))
			return false;
	}
	return true;
}

static void end_threads(pthread_t *threads)
{
	stop = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < SLOTS; i++)
		free(atomic_exchange(&slots[i], NULL));
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	char *room = mmap(
	    NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pthread_t threads[THREADS];
	int64_t before, left;
	bool good;

	pprof_set_heap_rate(RATE);
	if (count <= 0 || room == MAP_FAILED || pprof_start("127.0.0.1:0") != 0)
		return 2;
	alarm(HANG_S); /* also what ends this when it hangs */
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)(i + 1)) != 0)
			return 2;
	/* With something in every slot, so that all frees are under way too. */
	while (rounds < 10 * SLOTS)
		usleep(1000);
	before = left_over();
	good = take(count, room);
	alarm(HANG_S);
	end_threads(threads);
	left = left_over();
	printf("%ld profiles beside %llu allocations; in use then %lld objects, now %lld\n", count,
	    (unsigned long long)rounds, (long long)before, (long long)left);
	return good && before > 0 && left == 0 ? 0 : 1;
}
