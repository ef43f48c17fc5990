/*
 * leaky_server with the leak mended: every entry expires TTL_SECONDS after it was stored, and a
 * janitor thread frees the expired ones every JANITOR_SECONDS. In-use memory becomes a sawtooth.
 *
 *   usage: ttl_server [PORT [TTL_SECONDS [JANITOR_SECONDS]]]         default 8080 60 10
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/pprof_microhttpd.h" /* profiling: the include */
#include "serve.h"
#include "table.h"

struct janitor {
	int ttl_seconds;
	int every_seconds;
};

static void *janitor_run(void *argument)
{
	const struct janitor *janitor = argument;

	for (;;) {
		struct entry *expired, *next;

		sleep((unsigned)janitor->every_seconds);
		expired = table_expire(table_now() - janitor->ttl_seconds);
		for (; expired; expired = next) {
			next = expired->next;
			free(expired);
		}
	}
	return NULL;
}

static enum MHD_Result ttl_handler(struct MHD_Connection *connection)
{
	struct entry *entry = calloc(1, sizeof *entry); /* the janitor frees it */

	if (!entry)
		return serve_text(connection, 503, "out of memory\n");
	serve_describe(connection, entry);
	table_put(entry);
	return serve_text(
	    connection, 200, "Processed request: %llu\n", (unsigned long long)entry->id);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **state)
{
	enum MHD_Result answer;

	(void)context;
	(void)version;
	/* profiling: the call that mounts /debug/pprof/ */
	if (pprof_mhd_answer(connection, url, method, upload, upload_size, state, &answer))
		return answer;
	if (!serve_whole_request(upload_size, state))
		return MHD_YES;
	if (strcmp(url, "/process") == 0)
		return ttl_handler(connection);
	return serve_common(connection, url);
}

int main(int argc, char **argv)
{
	static struct janitor janitor;
	pthread_t thread;

	janitor.ttl_seconds = serve_argument(argc, argv, 2, 60, 1000000);
	janitor.every_seconds = serve_argument(argc, argv, 3, 10, 1000000);
	if (janitor.every_seconds == 0)
		janitor.every_seconds = 1;
	if (pthread_create(&thread, NULL, janitor_run, &janitor)) {
		fprintf(stderr, "cannot start the janitor thread\n");
		return 2;
	}
	pthread_detach(thread);
	return serve_until_signal(serve_argument(argc, argv, 1, 8080, 65535), on_request);
}
