/*
 * scraped SECONDS EVERY_MS: a program that allocates, locks, waits, starts threads, opens files and
 * maps memory, always as much as it ends, while two other processes take every profile that there
 * is: one all cumulative ones every EVERY_MS, one the CPU profile, a second at a time. Its memory
 * must not grow: the median of the last quarter of the time is at most SLACK above that of the
 * second. Is linked with the library that is preloaded, so that there are all profiles (PPROF_FD=1,
 * PPROF_MMAP=1).
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/deep_malloc.h"
#include "process/http_client.h"
#include "process/profile_reader.h"

/* Tables that fill: 9 MB are in use in the end. A profile that stays each time is a hundred. */
#define SLACK_KB    4096
#define LOOK_MS     50
#define LOOKS_MAX   ((size_t)1 << 16)
#define WORKERS     3
#define SLOTS       256
#define MAPPED      ((size_t)1 << 20)
#define DEEP        6
#define SECONDS_MAX 3000

static _Atomic bool stop;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const struct pprof_profile *jobs;

/* What is left of a snapshot's name is its path. */
static const char *const names[] = { "heap", "allocs", "block", "mutex", "threads", "goroutine",
	"threadcreate", "fd", "mmap", "retained", "scraped/jobs", "heap?peak=1", "heap?age=1",
	"threads?debug=2", "heap?debug=1", "", "self", "cmdline" };

#define N_NAMES (sizeof(names) / sizeof(*names))

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- the program ---- */

static void *live_shortly(void *unused)
{
	return unused;
}

/* Things that begin and end. */
static void some_job(unsigned i)
{
	pthread_t thread;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	void *mapped = mmap(NULL, MAPPED, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pprof_profile_add(jobs, &stop + i, 0);
	if (pthread_create(&thread, NULL, live_shortly, NULL) == 0)
		pthread_join(thread, NULL);
	pprof_profile_remove(jobs, &stop + i);
	if (mapped != MAP_FAILED)
		munmap(mapped, MAPPED);
	close(fd);
}

static void *work(void *which)
{
	struct pprof_label label = { "worker", which ? "busy" : "first" };
	void *slots[SLOTS] = { NULL };
	unsigned r = (unsigned)(uintptr_t)which * 2654435761u + 1;

	pprof_with_labels(&label, 1);
	for (unsigned i = 0; !stop; i++) {
		void **slot = &slots[i % SLOTS];

		r = r * 1664525u + 1013904223u;
		free(*slot);
		*slot = deep_malloc(r >> 8 & ((1 << DEEP) - 1), DEEP, 64u << (r >> 20 & 7));
		if (i % 64 == 0) {
			pthread_mutex_lock(&mutex);
			usleep(i % 256 == 0 ? 300 : 0);
			pthread_mutex_unlock(&mutex);
		}
		if (i % 4096 == 0)
			some_job((unsigned)(uintptr_t)which);
	}
	for (unsigned i = 0; i < SLOTS; i++)
		free(slots[i]);
	return NULL;
}

/* ---- those that scrape, in processes of their own ---- */

static char answer[16 << 20];

static void scrape(const char *address, const char *name)
{
	char path[100];
	size_t n;

	snprintf(path, sizeof(path), "/debug/pprof/%s", name);
	n = client_get(address, path, answer, sizeof(answer));
	if (n > 0 && client_status(answer) == 200)
		return;
	fprintf(stderr, "%s: %.300s\n", path, n ? answer : "no answer");
	_exit(1);
}

/* Ends with the program, whose end of the pipe is then closed. */
static void scrape_all(const char *address, unsigned long every_ms)
{
	for (;;) {
		uint64_t start = now_ms(), took;

		for (size_t i = 0; i < N_NAMES; i++)
			scrape(address, names[i]);
		took = now_ms() - start;
		if (took < every_ms)
			usleep((useconds_t)(every_ms - took) * 1000);
	}
}

static void scrape_cpu(const char *address)
{
	for (;;)
		scrape(address, "profile?seconds=1");
}

/* every_ms 0: the CPU profile. The address comes through the pipe. */
static pid_t start_scraper(int from, int close_too, unsigned long every_ms)
{
	pid_t pid = fork();
	char address[128] = "";

	if (pid != 0)
		return pid;
	close(close_too);
	if (read(from, address, sizeof(address) - 1) <= 0)
		_exit(1);
	if (every_ms)
		scrape_all(address, every_ms);
	scrape_cpu(address);
	_exit(1);
}

static bool end_scraper(pid_t pid)
{
	int status;

	/* It only ends by itself when something was wrong. */
	if (waitpid(pid, &status, WNOHANG) == pid)
		return false;
	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid;
}

/* ---- what became of the memory ---- */

static int by_value(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static long median(long *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}

static bool watch(unsigned long seconds)
{
	static long kb[LOOKS_MAX];
	uint64_t end = now_ms() + seconds * 1000;
	size_t n = 0, quarter;
	long early, late;

	while (now_ms() < end && n < LOOKS_MAX) {
		kb[n++] = resident_kb();
		usleep(LOOK_MS * 1000);
	}
	quarter = n / 4;
	if (quarter == 0)
		return false;
	early = median(kb + quarter, quarter);
	late = median(kb + n - quarter, quarter);
	printf("%lu s: resident %ld KB in the second quarter, %ld KB in the last\n", seconds, early,
	    late);
	return late <= early + SLACK_KB;
}

int main(int argc, char **argv)
{
	unsigned long seconds = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long every_ms = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	pthread_t threads[WORKERS];
	pid_t pids[2];
	int tell[2];
	bool good;

	if (seconds == 0 || seconds > SECONDS_MAX || every_ms == 0 || pipe2(tell, O_CLOEXEC) != 0) {
		fprintf(stderr, "usage: scraped SECONDS EVERY_MS\n");
		return 2;
	}
	pids[0] = start_scraper(tell[0], tell[1], every_ms);
	pids[1] = start_scraper(tell[0], tell[1], 0);
	close(tell[0]);
	jobs = pprof_new_profile("scraped/jobs");
	pprof_set_heap_rate(8192);
	if (!jobs || pids[0] < 0 || pids[1] < 0 || pprof_start("127.0.0.1:0") != 0)
		return 2;
	for (int i = 0; i < WORKERS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i) != 0)
			return 2;
	for (int i = 0; i < 2; i++) {
		char address[127] = "";

		snprintf(address, sizeof(address), "%s", pprof_address());
		if (write(tell[1], address, sizeof(address)) != sizeof(address))
			return 2;
	}
	good = watch(seconds);
	for (int i = 0; i < 2; i++)
		good = end_scraper(pids[i]) && good;
	stop = true;
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	return good ? 0 : 1;
}
