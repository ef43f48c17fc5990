/*
 * Serves its own profiles and contends for a mutex: keeps_it holds it for 2 ms at a time, wants_it
 * waits for it meanwhile. waits_for_work waits for a condition. keeps_memory has allocated,
 * maps_memory has mapped, opens_a_file has opened one, and adds_a_job has added to a profile of the
 * program's own. Ends when its input does.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "pprof/pprof.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t queue = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;

static void spend_2_ms(void)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec < 2000000);
}

static void keeps_it(void)
{
	pthread_mutex_lock(&mutex);
	spend_2_ms();
	pthread_mutex_unlock(&mutex);
	usleep(1000);
}

static void wants_it(void)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	usleep(200);
}

static void waits_for_work(void)
{
	pthread_mutex_lock(&queue);
	pthread_cond_wait(&work, &queue);
	pthread_mutex_unlock(&queue);
}

static void *keeper(void *arg)
{
	for (;;)
		keeps_it();
	return arg;
}

static void *wanter(void *arg)
{
	for (;;)
		wants_it();
	return arg;
}

static void *worker(void *arg)
{
	for (;;)
		waits_for_work();
	return arg;
}

static void *giver(void *arg)
{
	for (;;) {
		usleep(5000);
		pthread_cond_signal(&work);
	}
	return arg;
}

static void *kept[1000];

static void keeps_memory(void)
{
	for (int i = 0; i < 1000; i++)
		kept[i] = malloc(1000);
}

static bool maps_memory(void)
{
	return mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

static int opens_a_file(void)
{
	return open("/dev/null", O_RDONLY);
}

static void adds_a_job(void)
{
	pprof_profile_add(pprof_new_profile("contend/jobs"), kept, 0);
}

int main(void)
{
	void *(*const threads[])(void *) = { keeper, wanter, worker, giver };
	pthread_t thread;

	if (pprof_start("127.0.0.1:0") != 0) {
		fprintf(stderr, "%s\n", pprof_error());
		return 1;
	}
	keeps_memory();
	adds_a_job();
	if (!maps_memory() || opens_a_file() < 0)
		return 1;
	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, threads[i], NULL);
	printf("listening on http://%s/\n", pprof_address());
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	return 0;
}
