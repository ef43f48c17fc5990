/*
 * A bounded burst of GET requests over a few kept-alive connections.
 *
 *   usage: load_client URL COUNT [CONNECTIONS [REQUESTS_PER_SECOND]]     default 4, as fast as it
 * goes
 *
 * Ends when COUNT requests were answered, prints how many succeeded, and exits 1 if any did not.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_CONNECTIONS 64

struct burst {
	const char *url;
	long count;
	long per_second; /* 0: no limit */
	struct timespec begin;
	atomic_long next;
	atomic_long answered;
};

static size_t discard(char *data, size_t size, size_t n, void *context)
{
	(void)data;
	(void)context;
	return size * n;
}

/* Sleeps until request number `i` is due at the wanted rate. */
static void wait_for_turn(const struct burst *burst, long i)
{
	struct timespec due = burst->begin;
	long long ns;

	if (burst->per_second == 0)
		return;
	ns = due.tv_nsec + (long long)i * 1000000000 / burst->per_second;
	due.tv_sec += ns / 1000000000;
	due.tv_nsec = ns % 1000000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static void *send_requests(void *context)
{
	struct burst *burst = context;
	CURL *curl = curl_easy_init();
	long i, status;

	if (!curl)
		return NULL;
	curl_easy_setopt(curl, CURLOPT_URL, burst->url);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	while ((i = atomic_fetch_add(&burst->next, 1)) < burst->count) {
		wait_for_turn(burst, i);
		if (curl_easy_perform(curl) == CURLE_OK &&
		    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
		    status == 200)
			atomic_fetch_add(&burst->answered, 1);
	}
	curl_easy_cleanup(curl);
	return NULL;
}

static long number(const char *text, long max)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 0 || value > max) {
		fprintf(stderr, "load_client: \"%s\" is not a number from 0 to %ld\n", text, max);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	pthread_t threads[MAX_CONNECTIONS];
	struct burst burst = { 0 };
	long connections, started = 0;

	if (argc < 3 || argc > 5) {
		fprintf(
		    stderr, "usage: load_client URL COUNT [CONNECTIONS [REQUESTS_PER_SECOND]]\n");
		return 2;
	}
	burst.url = argv[1];
	burst.count = number(argv[2], 100000000);
	connections = argc > 3 ? number(argv[3], MAX_CONNECTIONS) : 4;
	burst.per_second = argc > 4 ? number(argv[4], 1000000) : 0;
	clock_gettime(CLOCK_MONOTONIC, &burst.begin);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	while (started < connections &&
	       pthread_create(&threads[started], NULL, send_requests, &burst) == 0)
		started++;
	for (long i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	curl_global_cleanup();
	printf("%ld of %ld requests answered\n", atomic_load(&burst.answered), burst.count);
	return atomic_load(&burst.answered) == burst.count ? 0 : 1;
}
