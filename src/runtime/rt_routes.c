/*
 * /debug/pprof/ as answers; see rt_routes.h. Called by endpoint.c and api.c. Paths, parameters,
 * statuses, headers and error texts are those of Go's net/http/pprof, as its scrapers expect them.
 */
#include "runtime/rt_routes.h"

#include <string.h>
#include <time.h>

#include "core/http1.h"
#include "runtime/ages.h"
#include "runtime/capture.h"
#include "runtime/modules.h"
#include "runtime/rt_cpu.h"
#include "runtime/pages.h"
#include "runtime/peak.h"
#include "runtime/retain.h"
#include "runtime/rt.h"

#define PREFIX      "/debug/pprof/"
/* Of a CPU profile that does not say. */
#define CPU_SECONDS 30
#define TEXT_PLAIN  "text/plain; charset=utf-8"
#define NO_TRACE                                                                                   \
	"trace is not supported: execution traces are of Go's scheduler; use profile, block, "     \
	"mutex and threads"

/* Pages that are not profiles. */
static const struct page {
	const char *name;
	const char *content_type;
	void (*write)(const struct rt_request *, struct rt_bytes *);
} pages[] = {
	{ "", "text/html; charset=utf-8", rt_pages_index },
	{ "cmdline", TEXT_PLAIN, rt_pages_cmdline },
	{ "self", TEXT_PLAIN, rt_pages_self },
	{ "symbol", TEXT_PLAIN, rt_pages_symbol },
};

#define PAGES (sizeof(pages) / sizeof(pages[0]))

const char *rt_routes_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 200, "OK" },
		{ 301, "Moved Permanently" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 413, "Request Entity Too Large" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Error";
}

uint64_t rt_routes_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void rt_routes_error(struct rt_reply *reply, int status, const char *text)
{
	rt_bytes_release(&reply->body);
	reply->status = status;
	reply->content_type = TEXT_PLAIN;
	reply->disposition[0] = '\0';
	reply->is_error = true;
	rt_bytes_add(&reply->body, text, strlen(text));
	rt_bytes_add(&reply->body, "\n", 1);
}

static void set_disposition(struct rt_reply *reply, const char *name, const char *suffix)
{
	struct fmt_buf b = fmt_buf_of(reply->disposition, sizeof(reply->disposition));

	fmt_c(&b, "attachment; filename=\"");
	fmt_c(&b, name);
	fmt_c(&b, suffix);
	fmt_c(&b, "\"");
	fmt_end(&b);
}

/* What a query asks for besides the profile as it is. */
struct view {
	int debug;       /* debug=1, debug=2 */
	bool peak;       /* peak=1 */
	unsigned labels; /* age=1, born=1 */
};

static bool take_snapshot(
    const struct rt_profile_kind *kind, const struct view *view, struct rt_snapshot *s)
{
	if (view->peak)
		return rt_peak_snapshot(s);
	return view->labels ? rt_ages_snapshot(s, view->labels)
			    : rt_profiles_take(kind, view->debug, s);
}

static bool write_view(
    const struct rt_profile_kind *kind, const struct view *view, struct rt_bytes *out)
{
	struct rt_snapshot s;

	return take_snapshot(kind, view, &s) && rt_profiles_render(kind, &s, view->debug, out);
}

static bool parameter(const struct rt_request *req, const char *name, char *out, size_t cap)
{
	return http1_query(req->query, name, out, cap) && out[0] != '\0';
}

/* A parameter's whole number; 0 when absent or malformed, as Go's Atoi with its error ignored. */
static int64_t number(const struct rt_request *req, const char *name)
{
	char text[32];
	int64_t v;

	return parameter(req, name, text, sizeof(text)) && str_to_i64(str_c(text), &v) ? v : 0;
}

static int debug_level(const struct rt_request *req)
{
	int64_t debug = number(req, "debug");

	return debug > 1 ? 2 : debug != 0;
}

/* NULL, or why the parameters do not go together. */
static const char *read_view(
    const struct rt_request *req, const struct rt_profile_kind *kind, struct view *view)
{
	char seconds[32];
	bool delta = parameter(req, "seconds", seconds, sizeof(seconds));

	*view = (struct view){ .debug = debug_level(req), .peak = number(req, "peak") != 0 };
	view->labels |= number(req, "age") != 0 ? RT_LABEL_AGE : 0;
	view->labels |= number(req, "born") != 0 ? RT_LABEL_BORN : 0;
	if (view->labels && (view->debug || view->peak || delta))
		return "age and born do not go together with debug, peak and seconds";
	if ((view->labels || view->peak) && !kind->is_heap)
		return "age, born and peak are parameters of the heap's profiles";
	if (view->peak && delta)
		return "peak and seconds params are incompatible";
	return NULL;
}

/* A difference over `seconds`: checked in Go's order. False when it waits. */
static bool begin_delta(const struct rt_request *req, const struct rt_profile_kind *kind,
    struct rt_job *job, struct rt_reply *reply)
{
	int64_t seconds = number(req, "seconds");
	const char *wrong = NULL;

	if (seconds <= 0)
		wrong = "invalid value for \"seconds\" - must be a positive integer";
	else if (!kind->is_delta_able)
		wrong = "\"seconds\" parameter is not supported for this profile type";
	else if (seconds > RT_SECONDS_MAX)
		wrong = "profile duration exceeds server's WriteTimeout";
	else if (number(req, "debug") != 0)
		wrong = "seconds and debug params are incompatible";
	if (wrong) {
		rt_routes_error(reply, 400, wrong);
		return true;
	}
	if (!kind->take(kind, &job->before)) {
		rt_routes_error(reply, 500, "failed to collect profile");
		return true;
	}
	job->kind = kind;
	job->ready_ns = rt_routes_now() + (uint64_t)seconds * 1000000000u;
	return false;
}

static bool begin_profile(
    const struct rt_request *req, struct str name, struct rt_job *job, struct rt_reply *reply)
{
	const struct rt_profile_kind *kind = rt_profiles_find(name);
	char seconds[32];
	const char *wrong;
	struct view view;

	if (!kind) {
		rt_routes_error(reply, 404, "Unknown profile");
		return true;
	}
	wrong = read_view(req, kind, &view);
	if (wrong) {
		rt_routes_error(reply, 400, wrong);
		return true;
	}
	if (parameter(req, "seconds", seconds, sizeof(seconds)))
		return begin_delta(req, kind, job, reply);
	reply->content_type = view.debug ? TEXT_PLAIN : "application/octet-stream";
	if (!view.debug)
		set_disposition(reply, kind->name, view.peak ? "-peak" : "");
	if (!write_view(kind, &view, &reply->body))
		rt_routes_error(reply, 500, "failed to collect profile");
	return true;
}

bool rt_routes_is_page(struct str name)
{
	if (str_is(name, "profile") || str_is(name, "retained") || str_is(name, "trace"))
		return true;
	for (size_t i = 0; i < PAGES; i++)
		if (str_is(name, pages[i].name))
			return true;
	return false;
}

/* The CPU profile is not in the table: it takes time, and runs once at a time. */
static const struct rt_profile_kind cpu_kind = { .name = "profile", .shape = &rt_cpu_shape };

/* The duration as Go reads it: 30 unless it is a positive number. False when it waits. */
static bool begin_cpu(const struct rt_request *req, struct rt_job *job, struct rt_reply *reply)
{
	int64_t seconds = number(req, "seconds"), hz = number(req, "hz");
	char text[128] = "Could not enable CPU profiling: ";
	struct fmt_buf b = { text, strlen(text), sizeof(text), false };
	const char *why;

	seconds = seconds > 0 ? seconds : CPU_SECONDS;
	if (seconds > RT_SECONDS_MAX) {
		rt_routes_error(reply, 400, "profile duration exceeds server's WriteTimeout");
		return true;
	}
	if (hz < 0 || hz > RT_CPU_HZ_MAX) {
		rt_routes_error(reply, 400, "hz must be 1 to 10000");
		return true;
	}
	why = rt_cpu_start(hz ? (uint32_t)hz : (uint32_t)rt.options.cpu_hz);
	if (why) {
		fmt_c(&b, why);
		rt_routes_error(reply, 500, fmt_end(&b));
		return true;
	}
	job->kind = &cpu_kind;
	job->may_end_early = true;
	job->ready_ns = rt_routes_now() + (uint64_t)seconds * 1000000000u;
	return false;
}

static void finish_cpu(struct rt_reply *reply)
{
	struct rt_snapshot s;

	set_disposition(reply, cpu_kind.name, "");
	if (!rt_cpu_stop(&s) || !rt_profiles_render(&cpu_kind, &s, 0, &reply->body))
		rt_routes_error(reply, 500, "failed to collect profile");
}

/* Neither is this one: another process makes it. */
static const struct rt_profile_kind retain_kind = { .name = "retained", .shape = &rt_retain_shape };

#define RETAIN_LOOK_NS 10000000u

/* One at a time: who comes later waits for its turn. All that follows is rt_routes_postpone's. */
static bool begin_retain(const struct rt_request *req, struct rt_job *job, struct rt_reply *reply)
{
	struct view view;
	const char *wrong = read_view(req, &retain_kind, &view);
	char seconds[32];

	if (wrong) {
		rt_routes_error(reply, 400, wrong);
		return true;
	}
	/* It has no differences, so this only finds out which answer that is. */
	if (parameter(req, "seconds", seconds, sizeof(seconds)))
		return begin_delta(req, &retain_kind, job, reply);
	job->kind = &retain_kind;
	job->debug = debug_level(req);
	job->ready_ns = rt_routes_now();
	return false;
}

static bool start_retain(struct rt_job *job)
{
	struct fmt_buf why = fmt_buf_of(job->refusal, sizeof(job->refusal));

	fmt_c(&why, "no retained profile: ");
	job->has_child = rt_retain_start(&why);
	fmt_end(&why);
	return job->has_child;
}

static bool render_retain(struct rt_snapshot *s, int debug, struct rt_reply *reply)
{
	if (!debug) {
		set_disposition(reply, retain_kind.name, "");
		return rt_profiles_render(&retain_kind, s, 0, &reply->body);
	}
	reply->content_type = TEXT_PLAIN;
	rt_retain_text(s, &reply->body);
	rt_snapshot_release(s);
	return !reply->body.failed;
}

static void finish_retain(struct rt_job *job, struct rt_reply *reply)
{
	struct fmt_buf why = fmt_buf_of(job->refusal, sizeof(job->refusal));
	struct rt_snapshot s;

	if (!job->has_child) {
		rt_routes_error(reply, 503, job->refusal);
		return;
	}
	job->has_child = false;
	fmt_c(&why, "no retained profile: ");
	if (!rt_retain_finish(&s, &why))
		rt_routes_error(reply, 503, fmt_end(&why));
	else if (!render_retain(&s, job->debug, reply))
		rt_routes_error(reply, 500, "failed to collect profile");
}

bool rt_routes_postpone(struct rt_job *job)
{
	bool waits;

	if (job->kind != &retain_kind)
		return false;
	waits = job->has_child ? !rt_retain_is_over() : rt_retain_is_busy() || start_retain(job);
	job->ready_ns = rt_routes_now() + RETAIN_LOOK_NS;
	return waits;
}

static bool begin_path(const struct rt_request *req, struct rt_job *job, struct rt_reply *reply)
{
	struct str name = str_skip(req->path, strlen(PREFIX));

	for (size_t i = 0; i < PAGES; i++) {
		if (!str_is(name, pages[i].name))
			continue;
		reply->content_type = pages[i].content_type;
		pages[i].write(req, &reply->body);
		if (reply->body.failed)
			rt_routes_error(reply, 500, "out of memory");
		return true;
	}
	if (str_is(name, "trace")) {
		rt_routes_error(reply, 501, NO_TRACE);
		return true;
	}
	if (str_is(name, cpu_kind.name))
		return begin_cpu(req, job, reply);
	if (str_is(name, retain_kind.name))
		return begin_retain(req, job, reply);
	return begin_profile(req, name, job, reply);
}

bool rt_routes_is_ours(struct str path)
{
	return str_starts(path, STR(PREFIX)) || str_is(path, "/debug/pprof");
}

/* NULL, or the methods that there are, as this one is none of them. */
static const char *allowed_instead(const struct rt_request *req)
{
	bool is_symbol = str_is(req->path, PREFIX "symbol");

	if (req->method.n == 0 || str_is(req->method, "GET") || str_is(req->method, "HEAD") ||
	    (is_symbol && str_is(req->method, "POST")))
		return NULL;
	return is_symbol ? "GET, HEAD, POST" : "GET, HEAD";
}

/* Text of a request into a header: what could end that is escaped. */
static void put_escaped(struct fmt_buf *b, struct str text, const char *also)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c > ' ' && c < 127 && !strchr(also, c)) {
			fmt_char(b, (char)c);
			continue;
		}
		fmt_char(b, '%');
		fmt_hex(b, c, 2);
	}
}

/* Paths that are not in their canonical form are sent to it, as by Go's ServeMux. */
static bool redirect(const struct rt_request *req, struct rt_reply *reply)
{
	struct fmt_buf b = fmt_buf_of(reply->location, sizeof(reply->location));
	char clean[sizeof(reply->location)];

	if (!http1_clean_path(req->path, clean, sizeof(clean)))
		return false;
	if (strcmp(clean, "/debug/pprof") == 0)
		fmt_c(&b, PREFIX);
	else if (!str_is(req->path, clean))
		put_escaped(&b, str_c(clean), "%?#\"<>\\");
	else
		return false;
	if (req->query.n) {
		fmt_char(&b, '?');
		put_escaped(&b, req->query, "");
	}
	if (b.failed) {
		reply->location[0] = '\0';
		return false;
	}
	fmt_end(&b);
	reply->status = 301;
	return true;
}

bool rt_routes_begin(const struct rt_request *req, struct rt_job *job, struct rt_reply *reply)
{
	/* For the stacks to come: what dlopen brought where it cannot be looked up. */
	if (rt_modules_catch_up())
		rt_capture_flush();
	*reply = (struct rt_reply){ .status = 200, .content_type = TEXT_PLAIN };
	*job = (struct rt_job){ .head_only = str_is(req->method, "HEAD") };
	reply->head_only = job->head_only;
	reply->allow = allowed_instead(req);
	if (reply->allow) {
		rt_routes_error(reply, 405, "Method Not Allowed");
		return true;
	}
	if (redirect(req, reply))
		return true;
	if (!rt_routes_is_ours(req->path)) {
		rt_routes_error(reply, 404, "404 page not found");
		reply->is_error = false;
		return true;
	}
	return begin_path(req, job, reply);
}

void rt_routes_finish(struct rt_job *job, struct rt_reply *reply)
{
	struct rt_snapshot after;
	bool good;

	*reply = (struct rt_reply){ .status = 200,
		.content_type = "application/octet-stream",
		.head_only = job->head_only };
	if (job->kind == &cpu_kind) {
		job->kind = NULL;
		finish_cpu(reply);
		return;
	}
	if (job->kind == &retain_kind) {
		job->kind = NULL;
		finish_retain(job, reply);
		return;
	}
	if (!job->kind->take(job->kind, &after)) {
		rt_routes_error(reply, 500, "failed to collect profile");
		rt_routes_cancel(job);
		return;
	}
	good = rt_snapshot_subtract(&after, &job->before) &&
	       rt_profiles_render(job->kind, &after, 0, &reply->body);
	set_disposition(reply, job->kind->name, "-delta");
	rt_routes_cancel(job);
	if (!good)
		rt_routes_error(reply, 500, "failed to compute delta");
}

void rt_routes_cancel(struct rt_job *job)
{
	if (job->kind == &cpu_kind)
		rt_cpu_stop(NULL);
	if (job->has_child)
		rt_retain_cancel();
	job->has_child = false;
	job->kind = NULL;
	rt_snapshot_release(&job->before);
}
