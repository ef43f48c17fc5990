#include "serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

int serve_argument(int argc, char **argv, int i, int otherwise, int max)
{
	char *end;
	long value;

	if (i >= argc)
		return otherwise;
	errno = 0;
	value = strtol(argv[i], &end, 10);
	if (errno || end == argv[i] || *end || value < 0 || value > max) {
		fprintf(stderr, "%s: argument %d must be a number from 0 to %d, not \"%s\"\n",
		    program_invocation_short_name, i, max, argv[i]);
		exit(2);
	}
	return (int)value;
}

bool serve_whole_request(size_t *upload_size, void **state)
{
	static char seen;

	if (!*state) {
		*state = &seen;
		return false;
	}
	if (*upload_size == 0)
		return true;
	*upload_size = 0; /* whatever the client sends along is of no interest */
	return false;
}

enum MHD_Result serve_text(
    struct MHD_Connection *connection, unsigned status, const char *format, ...)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", "text/plain; charset=utf-8");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result copy_header(
    void *argument, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct entry *entry = argument;
	size_t used = strlen(entry->headers);

	(void)kind;
	snprintf(entry->headers + used, sizeof entry->headers - used, "%s: %s\n", name,
	    value ? value : "");
	return MHD_YES;
}

void serve_describe(struct MHD_Connection *connection, struct entry *entry)
{
	entry->id = table_next_id();
	entry->stored = table_now();
	snprintf(entry->client, sizeof entry->client, "client of request %llu",
	    (unsigned long long)entry->id);
	MHD_get_connection_values(connection, MHD_HEADER_KIND, copy_header, entry);
}

enum MHD_Result serve_common(struct MHD_Connection *connection, const char *url)
{
	size_t entries, bytes;

	if (strcmp(url, "/") == 0)
		return serve_text(connection, 200,
		    "GET /process stores a request, GET /stats tells how many are kept.\n"
		    "Profiles are at /debug/pprof/\n");
	if (strcmp(url, "/stats") == 0) {
		table_stats(&entries, &bytes);
		return serve_text(connection, 200, "entries=%zu bytes=%zu\n", entries, bytes);
	}
	return serve_text(connection, 404, "no such page: %.200s\n", url);
}

int serve_until_signal(int port, MHD_AccessHandlerCallback handler)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const union MHD_DaemonInfo *info;
	struct MHD_Daemon *daemon;
	sigset_t ending;
	int got;

	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ending, NULL);
	daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION,
	    (uint16_t)port, NULL, NULL, handler, NULL, MHD_OPTION_SOCK_ADDR, &address,
	    MHD_OPTION_CONNECTION_TIMEOUT, 330u, MHD_OPTION_END);
	info = daemon ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	if (!info) {
		fprintf(stderr, "%s: cannot listen on 127.0.0.1:%d: %s\n",
		    program_invocation_short_name, port, strerror(errno));
		return 2;
	}
	printf("listening on http://127.0.0.1:%d/\n", info->port);
	fflush(stdout);
	sigwait(&ending, &got);
	MHD_stop_daemon(daemon);
	return 0;
}
