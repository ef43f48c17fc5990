/* The serving thread; see endpoint.h. Called by api.c, preload.c and init.c (fork). */
#include "runtime/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/busy.h"
#include "runtime/conn.h"
#include "runtime/listener.h"
#include "runtime/mem.h"
#include "runtime/own_files.h"
#include "runtime/ownthread.h"
#include "runtime/rt.h"
#include "runtime/rt_cpu.h"

#define CONNS       8
#define TOKEN_MAX   256
/*
 * Sent to the serving thread alone, which blocks it and finds it by signalfd: no descriptor of ours
 * is needed in the program's table. By default it is ignored.
 */
#define WAKE_SIGNAL SIGURG
#define LOOK_MS     100

/* Guarded by the API lock; the thread reads what is set before it starts. */
static struct {
	bool running;
	bool own_files; /* descriptors below are in the thread's own table; set by the thread */
	bool failed;    /* the thread could not start serving; set by it */
	sem_t started;
	_Atomic bool stop;
	pthread_t thread;
	struct rt_listener listener;
	int wake;              /* signalfd: look at stop */
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

/*
 * Milliseconds until the next deadline, rounded up; -1 when there is none. `deaf`: without a wake
 * descriptor.
 */
static int poll_timeout(bool deaf)
{
	uint64_t now = rt_routes_now();
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < CONNS; i++) {
		const struct rt_conn *c = &endpoint.conns[i];
		uint64_t left = c->deadline_ns > now ? c->deadline_ns - now : 0;

		if (c->state != RT_CONN_FREE && left < least)
			least = left;
	}
	if (deaf && least > LOOK_MS * (uint64_t)1000000)
		return LOOK_MS;
	return least == UINT64_MAX ? -1 : (int)(least / 1000000 + 1);
}

/*
 * Who listens to signals by a descriptor is woken by the kernel at each signal to any thread, so
 * not while a CPU profile that somebody fetches makes them. Nor is a signal of that number ours to
 * take which is pending for the whole process, as all threads block it. Instead we look at `stop`
 * now and then.
 */
static void serve(void)
{
	struct pollfd fds[2 + CONNS];
	bool taken = false, deaf;

	while (!endpoint.stop) {
		deaf = taken || rt_cpu_is_on();
		fds[0] = (struct pollfd){ deaf ? -1 : endpoint.wake, POLLIN, 0 };
		fds[1] = (struct pollfd){ endpoint.listener.fd, POLLIN, 0 };
		for (unsigned i = 0; i < CONNS; i++) {
			const struct rt_conn *c = &endpoint.conns[i];
			int fd = c->state == RT_CONN_FREE ? -1 : c->fd; /* -1 is left out */

			fds[2 + i] = (struct pollfd){ fd, rt_conn_events(c), 0 };
		}
		if (poll(fds, 2 + CONNS, poll_timeout(deaf)) < 0 && errno != EINTR)
			return;
		taken = fds[0].revents != 0;
		for (unsigned i = 0; i < CONNS; i++)
			rt_conn_run(&endpoint.conns[i], &endpoint.rules, fds[2 + i].revents);
		if (fds[1].revents)
			accept_one();
	}
}

static int open_wake(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, WAKE_SIGNAL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The kernel closes a thread's table after it is joined: until then the port would be taken. */
static void close_own(void)
{
	close(endpoint.listener.fd);
	if (endpoint.wake >= 0)
		close(endpoint.wake);
}

static void *thread_main(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "pprof");
	rt_busy_for_ever(); /* nothing on this thread is the program's */
	endpoint.own_files = rt_own_files(endpoint.listener.fd);
	endpoint.wake = open_wake();
	endpoint.failed = endpoint.wake < 0;
	sem_post(&endpoint.started);
	if (!endpoint.failed)
		serve();
	for (unsigned i = 0; i < CONNS; i++)
		rt_conn_drop(&endpoint.conns[i]);
	if (endpoint.own_files)
		close_own();
	return NULL;
}

static bool start_thread(void)
{
	sem_init(&endpoint.started, 0, 0);
	endpoint.stop = false;
	if (!rt_ownthread_start(&endpoint.thread, thread_main))
		return false;
	while (sem_wait(&endpoint.started) != 0 && errno == EINTR)
		continue;
	if (!endpoint.failed)
		return true;
	pthread_join(endpoint.thread, NULL);
	return false;
}

/* Forgets descriptors that the thread has closed in its own table; closes others. */
static void close_all(void)
{
	if (endpoint.own_files)
		endpoint.listener.fd = -1;
	else if (endpoint.wake >= 0)
		close(endpoint.wake);
	rt_listener_close(&endpoint.listener);
	endpoint.wake = -1;
	endpoint.own_files = false;
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
	endpoint.wake = -1;
	endpoint.own_files = false;
	endpoint.conns = rt_mem_map(CONNS * sizeof(struct rt_conn));
	return true;
}

bool rt_endpoint_start(const char *address, struct fmt_buf *why)
{
	size_t n = strlen(address);
	bool started;

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
	started = endpoint.conns && start_thread();
	if (endpoint.own_files)
		close(endpoint.listener.fd); /* the number is the program's again */
	if (!started) {
		fmt_c(why, "cannot start the serving thread: no memory, descriptor or thread left");
		close_all();
		return false;
	}
	endpoint.running = true;
	return true;
}

void rt_endpoint_stop(void)
{
	if (!endpoint.running)
		return;
	/* A child that was forked past the C library: the thread, the socket are the parent's. */
	if (getpid() != rt.pid) {
		rt_endpoint_after_fork();
		return;
	}
	endpoint.stop = true;
	if (pthread_kill(endpoint.thread, WAKE_SIGNAL) == 0)
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
	for (unsigned i = 0; i < CONNS && !endpoint.own_files; i++)
		rt_conn_drop(&endpoint.conns[i]);
	endpoint.listener.is_unix = false; /* the file is the parent's */
	close_all();
}
