/*
 * The public functions; see include/pprof/pprof.h for what they promise. Thin: arguments are
 * checked here, work is done elsewhere.
 */
#include "pprof/pprof.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/api.h"
#include "runtime/contend.h"
#include "runtime/custom.h"
#include "runtime/dump.h"
#include "runtime/endpoint.h"
#include "runtime/glibc_only.h"
#include "runtime/heap_sample.h"
#include "runtime/init.h"
#include "runtime/rt.h"
#include "runtime/rt_routes.h"
#include "runtime/busy.h"
#include "runtime/weight.h"

#define BODY_CHUNK      ((size_t)64 << 10)
/* How often a waiting answer looks whether its client is still there. */
#define LOOK_NS         200000000u
#define DEFAULT_ADDRESS "127.0.0.1:6060"
#define PAGE_PATH       128

/* Guarded by rt_init_lock; read without it, as documented. */
static char error_text[512];

int rt_api_fail(const char *text)
{
	struct fmt_buf b = fmt_buf_of(error_text, sizeof(error_text));

	rt_init_lock();
	fmt_c(&b, text);
	fmt_end(&b);
	rt_init_unlock();
	return -1;
}

const char *pprof_version(void)
{
	return PPROF_VERSION;
}

const char *pprof_error(void)
{
	return error_text;
}

int pprof_start(const char *address)
{
	char why[sizeof(error_text)] = "";
	struct fmt_buf b = fmt_buf_of(why, sizeof(why));
	bool good;

	rt_init();
	if (rt.why_dormant)
		return rt_api_fail(rt.why_dormant);
	if (!address)
		address = rt.options.addr[0] ? rt.options.addr : DEFAULT_ADDRESS;
	rt_init_lock();
	good = rt_endpoint_start(address, &b);
	rt_init_unlock();
	fmt_end(&b);
	return good ? 0 : rt_api_fail(why);
}

void pprof_stop(void)
{
	rt_init_lock();
	rt_endpoint_stop();
	rt_init_unlock();
}

const char *pprof_address(void)
{
	return rt_endpoint_address();
}

/* The header's opaque type is our table's row. */
static const struct pprof_profile *to_public(const struct rt_profile_kind *kind)
{
	return (const struct pprof_profile *)(const void *)kind;
}

static const struct rt_profile_kind *from_public(const struct pprof_profile *profile)
{
	return (const struct rt_profile_kind *)(const void *)profile;
}

const struct pprof_profile *pprof_lookup(const char *name)
{
	return to_public(name ? rt_profiles_find(str_c(name)) : NULL);
}

size_t pprof_profiles(const struct pprof_profile **out, size_t max)
{
	const struct rt_profile_kind *kinds[RT_PROFILES_MAX];
	size_t n = rt_profiles_list(kinds);

	for (size_t i = 0; i < n && i < max; i++)
		out[i] = to_public(kinds[i]);
	return n;
}

const struct pprof_profile *pprof_new_profile(const char *name)
{
	const struct rt_profile_kind *kind;
	const char *why;

	rt_init();
	kind = rt_custom_new(name, &why);
	if (!kind)
		rt_api_fail(why);
	return to_public(kind);
}

/* NULL, or why the program may not change this profile. */
static const char *not_its_own(const struct pprof_profile *profile)
{
	if (!profile)
		return "no such profile";
	return rt_custom_is(from_public(profile)) ? NULL : "change of a built-in profile";
}

int pprof_profile_add(const struct pprof_profile *profile, const void *value, unsigned skip)
{
	const char *wrong = not_its_own(profile);

	if (!wrong)
		wrong =
		    rt_custom_add(from_public(profile), value, __builtin_return_address(0), skip);
	return wrong ? rt_api_fail(wrong) : 0;
}

int pprof_profile_remove(const struct pprof_profile *profile, const void *value)
{
	const char *wrong = not_its_own(profile);

	if (!wrong)
		rt_custom_remove(from_public(profile), value);
	return wrong ? rt_api_fail(wrong) : 0;
}

const char *pprof_profile_name(const struct pprof_profile *profile)
{
	return profile ? from_public(profile)->name : "";
}

size_t pprof_profile_count(const struct pprof_profile *profile)
{
	return profile ? from_public(profile)->count(from_public(profile)) : 0;
}

int pprof_write_to(const struct pprof_profile *profile, int fd, int debug)
{
	struct rt_bytes out = { 0 };
	int saved = errno;
	int result = 0;

	rt_init();
	if (!profile)
		return rt_api_fail("no such profile");
	if (!rt_profiles_write(from_public(profile), debug, &out))
		result = rt_api_fail("not enough memory for the profile");
	else if (!rt_dump_bytes(fd, out.p, out.n))
		result = rt_api_fail(rt_error_text(errno));
	rt_bytes_release(&out);
	errno = saved;
	return result;
}

int pprof_write_heap_profile(int fd)
{
	return pprof_write_to(pprof_lookup("heap"), fd, 0);
}

void pprof_set_heap_rate(uint64_t bytes)
{
	atomic_store(&rt.heap_rate, bytes < RT_RATE_MAX ? bytes : RT_RATE_MAX);
	atomic_fetch_add(&rt.heap_rate_gen, 1);
	if (rt_is_ready())
		atomic_store(&rt.state.head->rate, pprof_heap_rate());
	rt_heap_redraw();
}

uint64_t pprof_heap_rate(void)
{
	return atomic_load(&rt.heap_rate);
}

int pprof_set_block_rate(uint64_t ns)
{
	bool good;

	rt_init();
	rt_init_lock();
	good = rt_contend_set_block_rate(ns);
	rt_init_unlock();
	return good ? 0 : rt_api_fail("no memory for the block profile");
}

uint64_t pprof_block_rate(void)
{
	return rt_contend_block_rate();
}

int pprof_set_mutex_fraction(int n)
{
	int before;
	bool good;

	rt_init();
	rt_init_lock();
	before = (int)rt_contend_mutex_fraction();
	good = n < 0 || rt_contend_set_mutex_fraction((uint64_t)n);
	rt_init_unlock();
	return good ? before : rt_api_fail("no memory for the mutex profile");
}

int pprof_enabled(void)
{
	return rt_is_ready();
}

static struct str text_of(const char *s)
{
	return s ? str_c(s) : (struct str){ "", 0 };
}

static void sleep_until(uint64_t ns)
{
	struct timespec at = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
	uintptr_t was_busy = rt_busy_begin(); /* no wait of the program's */

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		continue;
	rt_busy_end(was_busy);
}

/* False when the client went away meanwhile. */
static bool wait_until(uint64_t ready_ns, const struct pprof_response *to)
{
	for (;;) {
		uint64_t look = to->is_gone ? rt_routes_now() + LOOK_NS : ready_ns;

		sleep_until(look < ready_ns ? look : ready_ns);
		if (to->is_gone && to->is_gone(to->ctx) != 0)
			return false;
		if (rt_routes_now() >= ready_ns)
			return true;
	}
}

static void send_head(const struct pprof_response *to, const struct rt_reply *reply)
{
	char length[24];
	struct fmt_buf b = fmt_buf_of(length, sizeof(length));

	fmt_u64(&b, reply->body.n);
	to->status(to->ctx, reply->status);
	to->header(to->ctx, "X-Content-Type-Options", "nosniff");
	to->header(to->ctx, "Content-Type", reply->content_type);
	if (reply->disposition[0])
		to->header(to->ctx, "Content-Disposition", reply->disposition);
	if (reply->is_error)
		to->header(to->ctx, "X-Go-Pprof", "1");
	if (reply->location[0])
		to->header(to->ctx, "Location", reply->location);
	if (reply->allow)
		to->header(to->ctx, "Allow", reply->allow);
	to->header(to->ctx, "Cache-Control", "no-store");
	to->header(to->ctx, "Content-Length", fmt_end(&b));
}

static int send_reply(const struct pprof_response *to, const struct rt_reply *reply)
{
	size_t n = reply->head_only ? 0 : reply->body.n;

	send_head(to, reply);
	for (size_t at = 0; at < n; at += BODY_CHUNK) {
		size_t chunk = n - at < BODY_CHUNK ? n - at : BODY_CHUNK;

		if (to->body(to->ctx, reply->body.p + at, chunk) != 0)
			return rt_api_fail("the response was given up");
	}
	return 0;
}

static int handle(
    const struct pprof_request *request, struct str path, const struct pprof_response *response)
{
	struct rt_request req = { text_of(request->method), path, text_of(request->query),
		{ request->body, request->body ? request->body_size : 0 } };
	struct rt_reply reply;
	struct rt_job job;
	int result;

	rt_init();
	if (!rt_routes_is_ours(req.path))
		return rt_api_fail("not a path under /debug/pprof/");
	if (!rt_routes_begin(&req, &job, &reply)) {
		do
			if (!wait_until(job.ready_ns, response)) {
				rt_routes_cancel(&job);
				return rt_api_fail("the client is gone");
			}
		while (rt_routes_postpone(&job));
		rt_routes_finish(&job, &reply);
	}
	result = send_reply(response, &reply);
	rt_bytes_release(&reply.body);
	return result;
}

int pprof_handle(const struct pprof_request *request, const struct pprof_response *response)
{
	return handle(request, text_of(request->path), response);
}

int pprof_handle_page(
    const char *name, const struct pprof_request *request, const struct pprof_response *response)
{
	char path[PAGE_PATH];
	struct fmt_buf b = fmt_buf_of(path, sizeof(path));

	fmt_c(&b, "/debug/pprof/");
	fmt_c(&b, name ? name : "");
	return b.failed ? rt_api_fail("no such page") : handle(request, fmt_text(&b), response);
}
