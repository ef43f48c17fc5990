/* The adapters of the examples, each behind a server of its kind on a free port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "adapters/pprof_libevent.h"
#include "adapters/pprof_microhttpd.h"
#include "adapters/pprof_sockets.h"
#include "process/http_client.h"

static char text[4 << 20];

/* These servers would wait for another request. */
static void ask(const char *address, const char *path, char *out, size_t cap)
{
	char request[256];

	snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
	client_exchange(address, request, out, cap);
}

static const char *get(const char *address, const char *path, int status)
{
	ask(address, path, text, sizeof(text));
	assert_int_equal(client_status(text), status);
	return client_body(text);
}

/* The head of an answer to HEAD says how long the answer to GET is. */
static void head_of(const char *address)
{
	char field[64];

	snprintf(field, sizeof(field), "Content-Length: %zu\r\n",
	    strlen(get(address, "/debug/pprof/cmdline", 200)));
	client_exchange(address,
	    "HEAD /debug/pprof/cmdline HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", text,
	    sizeof(text));
	assert_int_equal(client_status(text), 200);
	assert_non_null(strcasestr(text, field));
	assert_string_equal(client_body(text), "");
}

/* A client that does not wait for its answer. */
static void leave_early(const char *address, const char *page)
{
	char request[128];
	int fd = client_connect(address);

	snprintf(request, sizeof(request), "GET /debug/pprof/%s HTTP/1.1\r\nHost: x\r\n\r\n", page);
	assert_true(send(fd, request, strlen(request), 0) > 0);
	usleep(100000);
	close(fd);
}

/* What nobody waits for any more is in nobody's way. */
static void gone_from(const char *address)
{
	int none = open("/dev/null", O_WRONLY | O_CLOEXEC);
	time_t start = time(NULL);

	leave_early(address, "profile?seconds=300");
	while (pprof_start_cpu_profile(none) != 0) {
		assert_true(time(NULL) - start < 100);
		usleep(10000);
	}
	assert_int_equal(pprof_stop_cpu_profile(), 0);
	close(none);
}

/* What every adapter must do. */
static void pages_of(const char *address)
{
	char request[512];
	const char *body;

	body = get(address, "/debug/pprof/", 200);
	assert_non_null(strstr(body, "<title>/debug/pprof/</title>"));
	body = get(address, "/debug/pprof/heap?debug=1", 200);
	assert_memory_equal(body, "heap profile: ", 14);
	assert_non_null(strstr(text, "Content-Type: text/plain; charset=utf-8\r\n"));
	body = get(address, "/debug/pprof/mutex", 200);
	assert_memory_equal(body, "\x1f\x8b", 2);
	assert_non_null(strstr(text, "filename=\"mutex\""));
	body = get(address, "/debug/pprof/%68eap?seconds=x", 400);
	assert_non_null(strstr(text, "X-Go-Pprof: 1\r\n"));
	get(address, "/debug/pprof/nope", 404);
	snprintf(request, sizeof(request),
	    "POST /debug/pprof/symbol HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	    "Content-Length: %zu\r\n\r\n%p+0x1",
	    (size_t)(snprintf(NULL, 0, "%p", (void *)(uintptr_t)getenv) + 4),
	    (void *)(uintptr_t)getenv);
	client_exchange(address, request, text, sizeof(text));
	assert_int_equal(client_status(text), 200);
	assert_memory_equal(client_body(text), "num_symbols: 1\n0x", 17);
	assert_non_null(strstr(client_body(text), "getenv"));
}

static struct event_base *base;
static int loops; /* requests of the server's own that were answered */

static void on_request(struct evhttp_request *request, void *arg)
{
	struct evbuffer *answer;

	if (pprof_evhttp_answer(request, arg))
		return;
	__atomic_fetch_add(&loops, 1, __ATOMIC_RELAXED);
	answer = evbuffer_new();
	evbuffer_add(answer, "own", 3);
	evhttp_send_reply(request, 200, "OK", answer);
	evbuffer_free(answer);
}

static void *loop(void *arg)
{
	event_base_dispatch(arg);
	return NULL;
}

static void *slow_request(void *address)
{
	static char out[1 << 20];

	ask(address, "/debug/pprof/heap?seconds=2", out, sizeof(out));
	return (void *)(intptr_t)client_status(out);
}

/* Ends the server while somebody waits, which is not for the base that is freed. */
static void stop_early(const char *address, struct evhttp *http, pthread_t thread)
{
	static const char request[] = "GET /debug/pprof/heap?seconds=1 HTTP/1.1\r\n\r\n";
	int fd = client_connect(address);

	assert_true(send(fd, request, sizeof(request) - 1, 0) > 0);
	usleep(100000);
	event_base_loopbreak(base);
	pthread_join(thread, NULL);
	evhttp_free(http);
	event_base_free(base);
	usleep(1200000); /* the thread that waits has come up by then */
	close(fd);
}

static void libevent(void **state)
{
	struct evhttp *http;
	struct evhttp_bound_socket *bound;
	struct sockaddr_in name;
	socklen_t n = sizeof(name);
	pthread_t thread, slow;
	char address[64];
	void *status;

	(void)state;
	assert_int_equal(evthread_use_pthreads(), 0);
	base = event_base_new();
	http = evhttp_new(base);
	evhttp_set_gencb(http, on_request, base);
	bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
	assert_non_null(bound);
	getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&name, &n);
	snprintf(address, sizeof(address), "127.0.0.1:%d", ntohs(name.sin_port));
	pthread_create(&thread, NULL, loop, base);
	pages_of(address);
	head_of(address);
	gone_from(address);
	/* The loop serves others while somebody waits for a difference. */
	pthread_create(&slow, NULL, slow_request, address);
	usleep(200000);
	assert_memory_equal(get(address, "/", 200), "own", 3);
	pthread_join(slow, &status);
	assert_int_equal((intptr_t)status, 200);
	assert_int_equal(__atomic_load_n(&loops, __ATOMIC_RELAXED), 1);
	stop_early(address, http, thread);
}

static enum MHD_Result on_mhd(void *arg, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *size, void **request)
{
	enum MHD_Result answer;

	(void)arg;
	(void)version;
	return pprof_mhd_answer(connection, url, method, upload, size, request, &answer) ? answer
											 : MHD_NO;
}

static void microhttpd(void **state)
{
	struct MHD_Daemon *daemon =
	    MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0,
		NULL, NULL, on_mhd, NULL, MHD_OPTION_END);
	time_t start;
	char address[64];
	int fd;

	(void)state;
	assert_non_null(daemon);
	snprintf(address, sizeof(address), "127.0.0.1:%d",
	    MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	pages_of(address);
	head_of(address);
	gone_from(address);
	/* Nor does it wait for the answer when it is stopped. */
	fd = client_connect(address);
	assert_true(
	    dprintf(fd, "GET /debug/pprof/heap?seconds=300 HTTP/1.1\r\nHost: x\r\n\r\n") > 0);
	usleep(100000);
	start = time(NULL);
	MHD_stop_daemon(daemon);
	assert_true(time(NULL) - start < 100);
	close(fd);
}

static int stop;

static void *accept_some(void *arg)
{
	int listener = *(int *)arg, fd;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			break;
		pprof_socket_answer(fd);
		close(fd);
	}
	return NULL;
}

static void plain_sockets(void **state)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	socklen_t n = sizeof(name);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_t thread;
	char address[64];

	(void)state;
	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(listener, 8), 0);
	getsockname(listener, (struct sockaddr *)&name, &n);
	snprintf(address, sizeof(address), "127.0.0.1:%d", ntohs(name.sin_port));
	pthread_create(&thread, NULL, accept_some, &listener);
	pages_of(address);
	assert_non_null(strstr(text, "HTTP/1.1 200 OK\r\n"));
	head_of(address);
	gone_from(address);
	get(address, "/debug/pprof/nope", 404);
	assert_non_null(strstr(text, "HTTP/1.1 404 Not Found\r\n"));
	get(address, "/debug/pprof/block?seconds=1", 200);
	assert_non_null(strstr(text, "filename=\"block-delta\""));
	assert_int_equal(client_exchange(address, "junk\r\n\r\n", text, sizeof(text)), 0);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	close(client_connect(address));
	pthread_join(thread, NULL);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libevent),
		cmocka_unit_test(microhttpd),
		cmocka_unit_test(plain_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
