#include "web/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netdb.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/latelib.h"
#include "web/web_routes.h"

#define IDLE_SECONDS    60u
#define MAX_CONNECTIONS 256u

/* The first address that the host name stands for. */
static enum err_code resolve(
    struct str host, uint16_t port, struct sockaddr_storage *out, socklen_t *size, struct err *e)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	struct buf name = { 0 }, service = { 0 };
	int failed;

	if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
		host = (struct str){ host.p + 1, host.n - 2 };
	buf_add_str(&name, str_is(host, "localhost") ? STR("127.0.0.1") : host);
	buf_u64(&service, port);
	failed = getaddrinfo(buf_c(&name), buf_c(&service), &hints, &found);
	buf_release(&name);
	buf_release(&service);
	if (failed)
		return FAIL(e, ERR_USAGE, "listen tcp: lookup %.*s: %s", STR_ARG(host),
		    gai_strerror(failed));
	memcpy(out, found->ai_addr, found->ai_addrlen);
	*size = found->ai_addrlen;
	freeaddrinfo(found);
	return OK;
}

static enum err_code listen_on(
    struct str host, uint16_t port, int *out, uint16_t *bound, struct err *e)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = 0;
	int one = 1, fd;

	TRY(resolve(host, port, &address, &size, e));
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
		int sys = errno;

		if (fd >= 0)
			close(fd);
		return FAIL_SYS(e, sys, "listen tcp %.*s:%u: bind", STR_ARG(host), port);
	}
	*bound = ntohs(address.ss_family == AF_INET6
			   ? ((struct sockaddr_in6 *)(void *)&address)->sin6_port
			   : ((struct sockaddr_in *)(void *)&address)->sin_port);
	*out = fd;
	return OK;
}

/* A thread a connection: one that computes a view keeps nobody else waiting. */
static struct MHD_Daemon *start_daemon(struct web *web, int fd)
{
	return MHD_start_daemon(
	    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL,
	    NULL, web_route, web, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_TIMEOUT,
	    IDLE_SECONDS, MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS, MHD_OPTION_END);
}

static bool spawn_browser(const char *program, const char *url)
{
	char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)url, NULL };
	pid_t pid;

	return posix_spawnp(&pid, program, NULL, NULL, argv, environ) == 0;
}

/* The page opens when a person sits in front: standard output is a terminal. */
static void open_browser(const struct driver *d, const char *url)
{
	static const char *const programs[] = { "chrome", "google-chrome", "chromium", "firefox",
		"sensible-browser" };
	const char *wanted = getenv("BROWSER");

	if (d->request.no_browser || !isatty(STDOUT_FILENO))
		return;
	if (wanted && *wanted && spawn_browser(wanted, url))
		return;
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
		if (spawn_browser(programs[i], url))
			return;
	if (getenv("DISPLAY") && spawn_browser("xdg-open", url))
		return;
	ui_error(&d->ui, "%s", url);
}

static void announce(struct driver *d, struct str host, uint16_t port)
{
	struct buf url = { 0 }, query = { 0 };

	buf_printf(&url, "http://%.*s:%u", STR_ARG(host), port);
	ui_print(&d->ui, "Serving web UI on %s", buf_c(&url));
	config_print_query(&d->config, &query);
	BUF_LIT(&url, "/ui/");
	if (query.n)
		buf_printf(&url, "?%.*s", STR_ARG(buf_str(&query)));
	open_browser(d, buf_c(&url));
	buf_release(&url);
	buf_release(&query);
}

static void wait_for_end(void)
{
	sigset_t ending;
	int got;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigwait(&ending, &got);
}

/* Blocked before the daemon's threads exist, so that only wait_for_end sees them. */
static void block_ending_signals(void)
{
	sigset_t ending;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ending, NULL);
}

/* Takes fd over. */
static MUST_USE enum err_code serve(struct web *web, int fd, uint16_t port, struct err *e)
{
	struct MHD_Daemon *daemon = start_daemon(web, fd);

	if (!daemon) {
		close(fd);
		return FAIL(e, ERR_IO, "cannot start the web server");
	}
	announce(web->driver, web->host, port);
	wait_for_end();
	MHD_stop_daemon(daemon);
	return OK;
}

extern const struct latelib latelib_microhttpd;

enum err_code web_run(struct driver *d, struct err *e)
{
	struct web web = { .driver = d, .settings_lock = PTHREAD_MUTEX_INITIALIZER };
	uint16_t port = 0;
	enum err_code code;
	int fd = -1;

	/* By default every few threads get a heap of their own, which keep what was freed. */
	mallopt(M_ARENA_MAX, WEB_GATE_WIDTH);
	TRY(driver_http_address(d->request.http, &d->arena, &web.host, &port, e));
	TRY(latelib_load(&latelib_microhttpd, e));
	TRY(listen_on(web.host, port, &fd, &port, e));
	block_ending_signals();
	web_gate_init(&web.gate);
	code = web_profiles_init(&web.profiles, d, e);
	if (code == OK)
		code = serve(&web, fd, port, e);
	web_profiles_release(&web.profiles);
	web_gate_release(&web.gate);
	return code;
}
