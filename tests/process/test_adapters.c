/* The adapters of the examples, each behind a server of its kind on a free port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <event2/thread.h>
#include <netinet/in.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "adapters/pprof_libevent.h"
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
	body = get(address, "/debug/pprof/block?seconds=1", 200);
	assert_non_null(strstr(text, "filename=\"block-delta\""));
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

/* A client that does not wait for its answer. */
static void leave_early(const char *address)
{
	static const char request[] = "GET /debug/pprof/heap?seconds=1 HTTP/1.1\r\n\r\n";
	int fd = client_connect(address);

	assert_true(send(fd, request, sizeof(request) - 1, 0) > 0);
	usleep(100000);
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
	leave_early(address);
	/* The loop serves others while somebody waits for a difference. */
	pthread_create(&slow, NULL, slow_request, address);
	usleep(200000);
	assert_memory_equal(get(address, "/", 200), "own", 3);
	pthread_join(slow, &status);
	assert_int_equal((intptr_t)status, 200);
	assert_int_equal(__atomic_load_n(&loops, __ATOMIC_RELAXED), 1);
	usleep(1200000); /* the early leaver's answer has come up by then */
	event_base_loopbreak(base);
	pthread_join(thread, NULL);
	evhttp_free(http);
	event_base_free(base);
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
		cmocka_unit_test(plain_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
