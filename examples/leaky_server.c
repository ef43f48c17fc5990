/*
 * An HTTP server with a leak: every GET /process stores about 1 KB of request metadata in a global
 * hash table, and nothing ever takes it out again.
 *
 *   usage: leaky_server [PORT]                       default 8080, 0 for any free port
 *
 * Profiling it takes one include and one call, both marked below. Then, from another terminal:
 *
 *   pprof -top http://localhost:8080/debug/pprof/heap
 *   pprof -list leaky_handler http://localhost:8080/debug/pprof/heap
 *
 * ttl_server.c is the same server with the leak mended.
 */
#include <stdlib.h>
#include <string.h>

#include "adapters/pprof_microhttpd.h" /* profiling: the include */
#include "serve.h"
#include "table.h"

static enum MHD_Result leaky_handler(struct MHD_Connection *connection)
{
	struct entry *entry = calloc(1, sizeof *entry); /* the leak: nobody ever frees it */

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
		return leaky_handler(connection);
	return serve_common(connection, url);
}

int main(int argc, char **argv)
{
	return serve_until_signal(serve_argument(argc, argv, 1, 8080, 65535), on_request);
}
