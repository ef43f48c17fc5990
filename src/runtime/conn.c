/* One connection; see conn.h. Called by endpoint.c on the endpoint's thread only. */
#include "runtime/conn.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/listener.h"
#include "runtime/rt.h"

#define SECOND      ((uint64_t)1000000000)
#define READ_TIME   (10 * SECOND)
#define WRITE_TIME  (60 * SECOND)
#define LINGER_TIME SECOND

void rt_conn_start(struct rt_conn *c, int fd)
{
	c->fd = fd;
	c->state = RT_CONN_READ;
	c->deadline_ns = rt_routes_now() + READ_TIME;
	c->in_n = 0;
	c->head_done = false;
	c->out_head_n = 0;
	c->sent = 0;
	c->job = (struct rt_job){ 0 };
	c->reply = (struct rt_reply){ 0 };
}

void rt_conn_drop(struct rt_conn *c)
{
	if (c->state == RT_CONN_FREE)
		return;
	close(c->fd);
	rt_routes_cancel(&c->job);
	rt_bytes_release(&c->reply.body);
	c->state = RT_CONN_FREE;
}

short rt_conn_events(const struct rt_conn *c)
{
	if (c->state == RT_CONN_WRITE)
		return POLLOUT;
	if (c->state == RT_CONN_WAIT)
		return POLLRDHUP;
	return POLLIN;
}

static void put_field(struct fmt_buf *b, const char *name, const char *value)
{
	fmt_c(b, name);
	fmt_c(b, ": ");
	fmt_c(b, value);
	fmt_c(b, "\r\n");
}

static void put_head(struct rt_conn *c)
{
	const struct rt_reply *r = &c->reply;
	struct fmt_buf b = fmt_buf_of(c->out_head, sizeof(c->out_head));

	fmt_c(&b, "HTTP/1.1 ");
	fmt_u64(&b, (uint64_t)r->status);
	fmt_char(&b, ' ');
	fmt_c(&b, rt_routes_phrase(r->status));
	fmt_c(&b, "\r\n");
	put_field(&b, "X-Content-Type-Options", "nosniff");
	put_field(&b, "Content-Type", r->content_type);
	if (r->disposition[0])
		put_field(&b, "Content-Disposition", r->disposition);
	if (r->is_error)
		put_field(&b, "X-Go-Pprof", "1");
	if (r->location[0])
		put_field(&b, "Location", r->location);
	if (r->allow)
		put_field(&b, "Allow", r->allow);
	if (r->status == 401)
		put_field(&b, "WWW-Authenticate", "Bearer");
	put_field(&b, "Cache-Control", "no-store");
	put_field(&b, "Connection", "close");
	fmt_c(&b, "Content-Length: ");
	fmt_u64(&b, r->body.n);
	fmt_c(&b, "\r\n\r\n");
	c->out_head_n = b.n;
}

static void start_write(struct rt_conn *c)
{
	put_head(c);
	c->sent = 0;
	c->state = RT_CONN_WRITE;
	c->deadline_ns = rt_routes_now() + WRITE_TIME;
}

static void fail(struct rt_conn *c, int status, const char *text)
{
	rt_stats_add(RT_STAT_HTTP_REFUSED, 1);
	rt_routes_error(&c->reply, status, text);
	start_write(c);
}

/* In time that depends on lengths only. */
static bool same_secret(struct str a, struct str b)
{
	unsigned char different = a.n != b.n;

	for (size_t i = 0; i < a.n && b.n > 0; i++)
		different |= (unsigned char)(a.p[i] ^ b.p[i % b.n]);
	return !different;
}

static bool origin_is_own(struct str origin)
{
	size_t slashes = str_find(origin, STR("://"));

	return slashes != STR_NPOS && rt_listener_is_own_name(str_skip(origin, slashes + 3));
}

/*
 * A browser that some web page has sent here is turned away, whatever name it used. It always says
 * one: what has none is HTTP/1.0, from a script.
 */
static bool is_allowed(const struct rt_conn_rules *rules, const struct http1_request *head)
{
	bool nameless = head->is_1_0 && !head->has_host && head->host.n == 0;

	if (!rules->check_host)
		return true;
	if (!nameless && !rt_listener_is_own_name(head->host))
		return false;
	if (str_is(head->fetch_site, "cross-site"))
		return false;
	return head->origin.n == 0 || origin_is_own(head->origin);
}

static bool has_token(const struct rt_conn_rules *rules, const struct http1_request *head)
{
	return rules->token.n == 0 || same_secret(http1_bearer(head->authorization), rules->token);
}

static void answer(struct rt_conn *c, const struct rt_conn_rules *rules)
{
	char path[1024];
	size_t n;
	struct rt_request req;

	if (!c->head.has_host && !c->head.is_1_0 && rules->check_host) {
		fail(c, 400, "missing required Host header");
		return;
	}
	if (!is_allowed(rules, &c->head)) {
		fail(c, 403, "Host or Origin is not this machine");
		return;
	}
	if (!has_token(rules, &c->head)) {
		fail(c, 401, "bearer token required");
		return;
	}
	if (!http1_unescape(c->head.path, false, path, sizeof(path), &n)) {
		fail(c, 400, "malformed path");
		return;
	}
	req = (struct rt_request){ c->head.method, { path, n }, c->head.query,
		{ c->in + c->head.head_bytes, (size_t)c->head.content_length } };
	rt_stats_add(RT_STAT_HTTP_REQUESTS, 1);
	if (rt_routes_begin(&req, &c->job, &c->reply)) {
		start_write(c);
		return;
	}
	c->state = RT_CONN_WAIT;
	c->deadline_ns = c->job.ready_ns;
}

/* After the head: is the body wanted, small enough, and there? */
static void check_body(struct rt_conn *c, const struct rt_conn_rules *rules)
{
	if (!str_is(c->head.method, "POST"))
		c->head.content_length = 0; /* not looked at; the connection closes anyway */
	if (c->head.content_length > RT_CONN_BODY_MAX)
		fail(c, 413, "request body too large");
	else if (c->in_n - c->head.head_bytes >= c->head.content_length)
		answer(c, rules);
}

static void got_bytes(struct rt_conn *c, const struct rt_conn_rules *rules)
{
	struct str in = { c->in, c->in_n };
	enum http1_status status = HTTP1_DONE;

	if (!c->head_done)
		status = http1_parse(in, &c->head);
	if (status == HTTP1_MORE && c->in_n >= RT_CONN_HEAD_MAX)
		fail(c, 431, "request head too large");
	else if (status == HTTP1_BAD)
		fail(c, 400, "malformed request");
	else if (status == HTTP1_UNSUPPORTED)
		fail(c, 501, "transfer coding not supported");
	else if (status == HTTP1_VERSION)
		fail(c, 505, "unsupported protocol version");
	if (status != HTTP1_DONE)
		return;
	c->head_done = true;
	check_body(c, rules);
}

static void run_read(struct rt_conn *c, const struct rt_conn_rules *rules)
{
	size_t limit = c->head_done ? sizeof(c->in) : RT_CONN_HEAD_MAX;
	ssize_t got = recv(c->fd, c->in + c->in_n, limit - c->in_n, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		rt_conn_drop(c);
		return;
	}
	c->in_n += (size_t)got;
	got_bytes(c, rules);
}

/* Sends from one buffer; true when all of it is gone. *sent counts within it. */
static bool send_part(struct rt_conn *c, const void *data, size_t n, size_t sent)
{
	ssize_t put = send(c->fd, (const char *)data + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (put < 0) {
		rt_conn_drop(c);
		return false;
	}
	c->sent += (size_t)put;
	return sent + (size_t)put == n;
}

static void run_write(struct rt_conn *c)
{
	size_t body = c->reply.head_only ? 0 : c->reply.body.n;

	if (c->sent < c->out_head_n && !send_part(c, c->out_head, c->out_head_n, c->sent))
		return;
	if (c->sent < c->out_head_n + body &&
	    !send_part(c, c->reply.body.p, body, c->sent - c->out_head_n))
		return;
	shutdown(c->fd, SHUT_WR);
	rt_bytes_release(&c->reply.body);
	c->state = RT_CONN_LINGER;
	c->deadline_ns = rt_routes_now() + LINGER_TIME;
}

static void run_linger(struct rt_conn *c)
{
	ssize_t got = recv(c->fd, c->in, sizeof(c->in), MSG_DONTWAIT);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		rt_conn_drop(c);
}

static void run_deadline(struct rt_conn *c)
{
	switch (c->state) {
	case RT_CONN_WAIT:
		if (rt_routes_postpone(&c->job)) {
			c->deadline_ns = c->job.ready_ns;
			return;
		}
		rt_routes_finish(&c->job, &c->reply);
		start_write(c);
		return;
	case RT_CONN_READ:
		fail(c, 408, "request took too long");
		return;
	case RT_CONN_FREE:
	case RT_CONN_WRITE:
	case RT_CONN_LINGER:
		rt_conn_drop(c);
	}
}

/*
 * The client has gone, or at least says no more: a CPU profile ends with what there is, as in Go. A
 * difference is given up, so that its connection is free for others.
 */
static void run_hangup(struct rt_conn *c)
{
	if (c->job.may_end_early) {
		run_deadline(c);
		return;
	}
	rt_routes_cancel(&c->job);
	fail(c, 500, "context canceled");
}

void rt_conn_run(struct rt_conn *c, const struct rt_conn_rules *rules, short events)
{
	if (c->state == RT_CONN_FREE)
		return;
	if (rt_routes_now() >= c->deadline_ns)
		run_deadline(c);
	else if (events & (POLLERR | POLLNVAL) || (c->state == RT_CONN_WAIT && events & POLLHUP))
		rt_conn_drop(c);
	else if (c->state == RT_CONN_WAIT && events & POLLRDHUP)
		run_hangup(c);
	else if (c->state == RT_CONN_READ && events)
		run_read(c, rules);
	else if (c->state == RT_CONN_LINGER && events)
		run_linger(c);
	/* Straight on after reading: the socket is nearly always writable. */
	if (c->state == RT_CONN_WRITE)
		run_write(c);
}
