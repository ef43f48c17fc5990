/* A listening socket from text; see listener.h. Called by endpoint.c. */
#include "runtime/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/http1.h"
#include "runtime/glibc_only.h"

#define BACKLOG 64

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static bool refuse(struct fmt_buf *why, const char *address, const char *reason)
{
	fmt_c(why, "cannot listen at ");
	fmt_c(why, address);
	fmt_c(why, ": ");
	fmt_c(why, reason);
	return false;
}

static bool refuse_errno(struct fmt_buf *why, const char *address)
{
	const char *text = rt_error_text(errno);

	return refuse(why, address, text ? text : "unknown error");
}

/* "host:port" into *a; *n is the length for bind. */
static bool parse_tcp(struct str text, union address *a, socklen_t *n)
{
	struct str name = http1_host_name(text);
	size_t colon = str_rfind_char(text, ':');
	char host[INET6_ADDRSTRLEN];
	uint64_t port;

	if (colon == STR_NPOS || !str_to_u64(str_skip(text, colon + 1), 10, &port) ||
	    port > UINT16_MAX || name.n >= sizeof(host))
		return false;
	if (name.n == 0 && colon != 0)
		return false;
	if (name.n == 0 || str_is(name, "localhost"))
		name = STR("127.0.0.1");
	memcpy(host, name.p, name.n);
	host[name.n] = '\0';
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, host, &a->in.sin_addr) == 1) {
		a->in.sin_family = AF_INET;
		a->in.sin_port = htons((uint16_t)port);
		*n = sizeof(a->in);
		return true;
	}
	a->in6.sin6_family = AF_INET6;
	a->in6.sin6_port = htons((uint16_t)port);
	*n = sizeof(a->in6);
	return inet_pton(AF_INET6, host, &a->in6.sin6_addr) == 1;
}

static bool parse_unix(const char *path, union address *a, socklen_t *n)
{
	size_t length = strlen(path);

	memset(a, 0, sizeof(*a));
	if (length == 0 || length >= sizeof(a->un.sun_path))
		return false;
	a->un.sun_family = AF_UNIX;
	memcpy(a->un.sun_path, path, length);
	*n = sizeof(a->un);
	return true;
}

static bool is_loopback(const union address *a)
{
	if (a->any.sa_family == AF_INET)
		return ntohl(a->in.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
}

/* A socket's file that nobody listens at is left over from a run that did not end well. */
static bool is_stale(const union address *a, socklen_t n)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused = fd >= 0 && connect(fd, &a->any, n) != 0 && errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return refused;
}

static bool bind_unix(int fd, const union address *a, socklen_t n)
{
	/* On Linux the file gets the socket's mode: it is never open to others. */
	if (fchmod(fd, 0600) != 0)
		return false;
	if (bind(fd, &a->any, n) == 0)
		return true;
	if (errno != EADDRINUSE || !is_stale(a, n)) {
		errno = EADDRINUSE;
		return false;
	}
	return unlink(a->un.sun_path) == 0 && bind(fd, &a->any, n) == 0;
}

/* The address that was really bound, in the form of pprof_address. */
static void set_text(struct rt_listener *l, const char *unix_path)
{
	struct fmt_buf b = fmt_buf_of(l->text, sizeof(l->text));
	char host[INET6_ADDRSTRLEN] = "";
	union address a;
	socklen_t n = sizeof(a);

	memset(&a, 0, sizeof(a));
	if (l->is_unix) {
		fmt_c(&b, "unix:");
		fmt_c(&b, unix_path);
	} else if (getsockname(l->fd, &a.any, &n) == 0 && a.any.sa_family == AF_INET) {
		fmt_c(&b, inet_ntop(AF_INET, &a.in.sin_addr, host, sizeof(host)));
		fmt_char(&b, ':');
		fmt_u64(&b, ntohs(a.in.sin_port));
	} else {
		fmt_char(&b, '[');
		fmt_c(&b, inet_ntop(AF_INET6, &a.in6.sin6_addr, host, sizeof(host)));
		fmt_c(&b, "]:");
		fmt_u64(&b, ntohs(a.in6.sin6_port));
	}
	fmt_end(&b);
}

static bool open_socket(struct rt_listener *l, const union address *a, socklen_t n)
{
	int one = 1;
	bool bound;

	l->fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return false;
	if (l->is_unix) {
		bound = bind_unix(l->fd, a, n);
	} else {
		setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		bound = bind(l->fd, &a->any, n) == 0;
	}
	return bound && listen(l->fd, BACKLOG) == 0;
}

bool rt_listener_open(
    struct rt_listener *l, const char *address, bool allow_any, struct fmt_buf *why)
{
	struct str text = str_c(address);
	struct str scheme = STR("unix:");
	union address a;
	socklen_t n = 0;
	bool parsed;

	*l = (struct rt_listener){ .fd = -1, .is_unix = str_starts(text, scheme) };
	parsed = l->is_unix ? parse_unix(address + scheme.n, &a, &n) : parse_tcp(text, &a, &n);
	if (!parsed)
		return refuse(why, address,
		    "not an address (want 127.0.0.1:PORT, [::1]:PORT, :PORT or unix:/path)");
	l->is_loopback = !l->is_unix && is_loopback(&a);
	if (!l->is_unix && !l->is_loopback && !allow_any)
		return refuse(why, address,
		    "other machines could reach it; set PPROF_TOKEN_FILE "
		    "or PPROF_INSECURE=1 to allow that");
	if (!open_socket(l, &a, n)) {
		refuse_errno(why, address);
		if (l->fd >= 0)
			close(l->fd);
		l->fd = -1;
		return false;
	}
	set_text(l, l->is_unix ? address + scheme.n : "");
	return true;
}

void rt_listener_close(struct rt_listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	if (l->is_unix && l->text[0])
		unlink(l->text + strlen("unix:"));
	l->text[0] = '\0';
}

bool rt_listener_is_own_name(struct str host)
{
	struct str name = http1_host_name(host);

	return str_is(name, "localhost") || str_is(name, "::1") ||
	       str_ends(name, STR(".localhost")) ||
	       (str_starts(name, STR("127.")) && name.n <= 15 &&
		   str_find(name, STR("..")) == STR_NPOS && name.p[name.n - 1] >= '0' &&
		   name.p[name.n - 1] <= '9');
}
