/* The serving thread; see endpoint.h. Called by api.c, preload.c and init.c (fork). */
#include "runtime/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/conn.h"
#include "runtime/listener.h"
#include "runtime/mem.h"
#include "runtime/ownthread.h"
#include "runtime/rt.h"
#include "runtime/tls.h"

#define CONNS     8
#define TOKEN_MAX 256

/* Guarded by the API lock; the thread reads what is set before it starts. */
static struct {
	bool running;
	pthread_t thread;
	struct rt_listener listener;
	int wake;              /* eventfd: stop */
	struct rt_conn *conns; /* CONNS of them; the thread's */
	char asked[RT_OPTION_PATH];
	char token[TOKEN_MAX];
	struct rt_conn_rules rules;
} endpoint;

/* First line of PPROF_TOKEN_FILE into endpoint.token. */
static bool read_token(struct fmt_buf *why)
{
	int fd = open(rt.options.token_file, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, endpoint.token, TOKEN_MAX);
	struct str rest = { endpoint.token, got > 0 ? (size_t)got : 0 };

	if (fd >= 0)
		close(fd);
	if (got > 0 && got < TOKEN_MAX)
		str_split(&rest, '\n', &endpoint.rules.token);
	endpoint.rules.token = str_trim(endpoint.rules.token);
	if (endpoint.rules.token.n > 0)
		return true;
	fmt_c(why, "cannot read a token from ");
	fmt_c(why, rt.options.token_file);
	return false;
}

static void refuse_busy(int fd)
{
	static const char text[] = "HTTP/1.1 503 Service Unavailable\r\n"
				   "Content-Type: text/plain; charset=utf-8\r\n"
				   "X-Go-Pprof: 1\r\nConnection: close\r\n"
				   "Content-Length: 21\r\n\r\ntoo many connections\n";

	rt_stats_add(RT_STAT_HTTP_BUSY, 1);
	/* An answer that does not fit into an empty socket buffer is no loss. */
	if (send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		shutdown(fd, SHUT_WR);
	close(fd);
}

static void accept_one(void)
{
	int fd = accept4(endpoint.listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (unsigned i = 0; i < CONNS; i++) {
		if (endpoint.conns[i].state == RT_CONN_FREE) {
			rt_conn_start(&endpoint.conns[i], fd);
			return;
		}
	}
	refuse_busy(fd);
}

/* Milliseconds until the next deadline, rounded up; -1 when there is none. */
static int poll_timeout(void)
{
	uint64_t now = rt_routes_now();
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < CONNS; i++) {
		const struct rt_conn *c = &endpoint.conns[i];
		uint64_t left = c->deadline_ns > now ? c->deadline_ns - now : 0;

		if (c->state != RT_CONN_FREE && left < least)
			least = left;
	}
	return least == UINT64_MAX ? -1 : (int)(least / 1000000 + 1);
}

static void serve(void)
{
	struct pollfd fds[2 + CONNS];

	for (;;) {
		fds[0] = (struct pollfd){ endpoint.wake, POLLIN, 0 };
		fds[1] = (struct pollfd){ endpoint.listener.fd, POLLIN, 0 };
		for (unsigned i = 0; i < CONNS; i++) {
			const struct rt_conn *c = &endpoint.conns[i];
			int fd = c->state == RT_CONN_FREE ? -1 : c->fd; /* -1 is left out */

			fds[2 + i] = (struct pollfd){ fd, rt_conn_events(c), 0 };
		}
		if (poll(fds, 2 + CONNS, poll_timeout()) < 0 && errno != EINTR)
			return;
		if (fds[0].revents)
			return;
		for (unsigned i = 0; i < CONNS; i++)
			rt_conn_run(&endpoint.conns[i], &endpoint.rules, fds[2 + i].revents);
		if (fds[1].revents)
			accept_one();
	}
}

static void *thread_main(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "pprof");
	rt_tls.busy = true; /* nothing that happens on this thread is the program's */
	serve();
	for (unsigned i = 0; i < CONNS; i++)
		rt_conn_drop(&endpoint.conns[i]);
	return NULL;
}

static void close_all(void)
{
	rt_listener_close(&endpoint.listener);
	if (endpoint.wake >= 0)
		close(endpoint.wake);
	endpoint.wake = -1;
	rt_mem_unmap(endpoint.conns, CONNS * sizeof(struct rt_conn));
	endpoint.conns = NULL;
	endpoint.running = false;
}

static bool prepare(const char *address, struct fmt_buf *why)
{
	bool token = rt.options.token_file[0] != '\0';

	endpoint.rules = (struct rt_conn_rules){ 0 };
	if (token && !read_token(why))
		return false;
	if (!rt_listener_open(&endpoint.listener, address, token || rt.options.insecure == 1, why))
		return false;
	endpoint.rules.check_host = endpoint.listener.is_loopback && !token;
	endpoint.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	endpoint.conns = rt_mem_map(CONNS * sizeof(struct rt_conn));
	return true;
}

bool rt_endpoint_start(const char *address, struct fmt_buf *why)
{
	size_t n = strlen(address);

	if (endpoint.running) {
		if (strcmp(address, endpoint.asked) == 0 ||
		    strcmp(address, endpoint.listener.text) == 0)
			return true;
		fmt_c(why, "already serving at ");
		fmt_c(why, endpoint.listener.text);
		return false;
	}
	if (n >= sizeof(endpoint.asked)) {
		fmt_c(why, "address too long");
		return false;
	}
	if (!prepare(address, why))
		return false;
	memcpy(endpoint.asked, address, n + 1);
	if (endpoint.wake < 0 || !endpoint.conns ||
	    !rt_ownthread_start(&endpoint.thread, thread_main)) {
		fmt_c(why, "cannot start the serving thread: no memory, descriptor or thread left");
		close_all();
		return false;
	}
	endpoint.running = true;
	return true;
}

void rt_endpoint_stop(void)
{
	uint64_t one = 1;

	if (!endpoint.running)
		return;
	if (write(endpoint.wake, &one, sizeof(one)) == sizeof(one))
		pthread_join(endpoint.thread, NULL);
	close_all();
}

const char *rt_endpoint_address(void)
{
	return endpoint.running ? endpoint.listener.text : "";
}

void rt_endpoint_after_fork(void)
{
	if (!endpoint.running)
		return;
	for (unsigned i = 0; i < CONNS; i++)
		rt_conn_drop(&endpoint.conns[i]);
	endpoint.listener.is_unix = false; /* the file is the parent's */
	close_all();
}
