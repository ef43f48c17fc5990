/*
 * Nanoseconds for one lock and unlock that nobody else wants: a mutex, a read-write lock (reading)
 * and a spin lock, over many short segments. Prints the 5th percentile of each, which a busy
 * machine disturbs least. Run by mutex.sh with and without the profiler.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SEGMENTS 200
#define PAIRS    20000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static volatile int guarded;

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void mutexes(void)
{
	for (int i = 0; i < PAIRS; i++) {
		pthread_mutex_lock(&mutex);
		guarded++;
		pthread_mutex_unlock(&mutex);
	}
}

static void reads(void)
{
	for (int i = 0; i < PAIRS; i++) {
		pthread_rwlock_rdlock(&rwlock);
		guarded++;
		pthread_rwlock_unlock(&rwlock);
	}
}

static void spins(void)
{
	for (int i = 0; i < PAIRS; i++) {
		pthread_spin_lock(&spin);
		guarded++;
		pthread_spin_unlock(&spin);
	}
}

static double measure(void (*loop)(void))
{
	static double segment[SEGMENTS];

	loop();
	for (int i = 0; i < SEGMENTS; i++) {
		double start = now_ns();

		loop();
		segment[i] = (now_ns() - start) / PAIRS;
	}
	qsort(segment, SEGMENTS, sizeof(segment[0]), compare);
	return segment[SEGMENTS / 20];
}

static void *nothing(void *arg)
{
	return arg;
}

int main(void)
{
	pthread_t thread;
	double a, b, c;

	/* A program with one thread may be let off the locked instructions. */
	pthread_create(&thread, NULL, nothing, NULL);
	pthread_join(thread, NULL);
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	a = measure(mutexes);
	b = measure(reads);
	c = measure(spins);
	printf("%.3f %.3f %.3f\n", a, b, c);
	return 0;
}
