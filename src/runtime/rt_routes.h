/*
 * What /debug/pprof/ answers, whatever brought the request: the endpoint's sockets or the
 * program's own server through pprof_handle.
 *
 *	rt_routes_begin -> done, or: wait until job.ready_ns -> rt_routes_finish -> done
 *
 * The wait is the caller's, so that the endpoint's one thread can serve others meanwhile.
 */
#ifndef RUNTIME_RT_ROUTES_H
#define RUNTIME_RT_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/str.h"
#include "runtime/mem.h"
#include "runtime/profiles.h"
#include "runtime/snapshot.h"

#define RT_SECONDS_MAX 300

/* Texts are borrowed until the request is done. */
struct rt_request {
	struct str method;
	struct str path;  /* percent-decoded */
	struct str query; /* percent-encoded */
	struct str body;
};

struct rt_reply {
	int status;
	const char *content_type; /* static */
	char location[256];       /* "" unless a redirect; no character that a header cannot have */
	const char *allow;     /* static; the methods that may be used, when one was that may not */
	char disposition[128]; /* "" when none */
	bool is_error;         /* gets X-Go-Pprof: 1 */
	bool head_only;        /* HEAD: headers as for GET, no body */
	struct rt_bytes body;
};

/* A request that is under way: a difference profile between its two snapshots, or a CPU profile.
 * At most one of those runs, so a job must be finished or cancelled. */
struct rt_job {
	const struct rt_profile_kind *kind;
	struct rt_snapshot before;
	uint64_t ready_ns; /* CLOCK_MONOTONIC */
	int debug;
	bool head_only;
	bool may_end_early; /* a client that leaves ends it, with what there is so far */
	bool has_child;     /* retained: the one that is under way is this job's */
	char refusal[256];  /* retained: why there is none */
};

/* True when `name` under /debug/pprof/ is, or is kept for, something that is no profile. */
bool rt_routes_is_page(struct str name);

/* True when path is /debug/pprof or under it. */
bool rt_routes_is_ours(struct str path);

/*
 * Answers, or begins to: true when *reply is complete; false when *job waits for its time. The
 * reply's body is the caller's to release. RT_ANY
 */
bool rt_routes_begin(const struct rt_request *req, struct rt_job *job, struct rt_reply *reply);
/* Its time has come: true when it needs more, until the new job.ready_ns. RT_ANY */
bool rt_routes_postpone(struct rt_job *job);
/* Completes a job whose time has come and releases it. */
void rt_routes_finish(struct rt_job *job, struct rt_reply *reply);
/* Releases a job whose client has gone. */
void rt_routes_cancel(struct rt_job *job);

/* A plain text reply with an error status. */
void rt_routes_error(struct rt_reply *reply, int status, const char *text);

/* The standard phrase of a status, "Not Found". */
const char *rt_routes_phrase(int status);

/* Now, CLOCK_MONOTONIC, in nanoseconds. */
uint64_t rt_routes_now(void);

#endif
