/*
 * libpprof: profiles of a running C program, in the format and at the paths that Go programs use,
 * so that pprof, `go tool pprof`, Parca, Pyroscope and Grafana Alloy read them.
 *
 *	#include <pprof/pprof.h>
 *
 *	int main(void)
 *	{
 *		pprof_start("127.0.0.1:6060");
 *		...
 *	}
 *
 *	pprof http://localhost:6060/debug/pprof/heap
 *
 * Linking the library (or preloading it) is enough for heap sampling to run, at a mean of one
 * sample for each 512 KiB allocated. Nothing listens until pprof_start is called, or until
 * `pprof run` or the environment asks for it. A program that has an HTTP server of its own can
 * mount the same pages on it with pprof_handle.
 *
 * Threads: every function may be called from any thread, at any time after the program's
 * constructors have begun, unless its comment says otherwise.
 * Signals: only pprof_set_heap_rate, pprof_heap_rate, pprof_enabled, pprof_version and the
 * functions of labels may be called from a signal handler.
 * Fork: a child goes on profiling with a copy of its parent's data. It serves nothing until it
 * calls pprof_start itself.
 * The library never prints, never exits or aborts, and never calls malloc for itself.
 *
 * Link with -lpprof, before other allocators; a program linked with -static or -static-pie cannot
 * use it, as only the dynamic linker can tell what malloc was interposed.
 *
 * C99 and C++98. Functions returning int return 0 for success and -1 for failure; pprof_error
 * then has the reason.
 */
#ifndef PPROF_PPROF_H
#define PPROF_PPROF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PPROF_API __attribute__((visibility("default")))
#else
#define PPROF_API
#endif

/* "MAJOR.MINOR.PATCH" of the library that runs, which may be newer than this header. */
PPROF_API const char *pprof_version(void);

/*
 * Why the last failed call of any function below failed: one line, no newline, never NULL ("" when
 * none has failed). The text belongs to the library and is replaced by the next failing call of
 * any thread.
 */
PPROF_API const char *pprof_error(void);

/* ---- the endpoint ---- */

/*
 * Starts a thread that serves /debug/pprof/ at `address`:
 *
 *	"127.0.0.1:6060", "[::1]:6060", "localhost:6060"   TCP; port 0 picks a free one
 *	":6060"                                            the same as 127.0.0.1:6060
 *	"unix:/run/app/pprof.sock"                         a Unix socket, mode 0600; it is read
 *	                                                   from unix:/run/app/pprof.sock:/debug/…
 *	NULL                                               what PPROF_ADDR says, else 127.0.0.1:6060
 *
 * Other addresses are refused unless PPROF_TOKEN_FILE names a file whose contents clients must
 * send as a bearer token, or PPROF_INSECURE=1 is set. `address` is only read during the call.
 *
 * 0: the socket listens when the call returns (already serving at the same address is also 0).
 * -1: bad or refused address, address in use, already serving elsewhere, no thread, or the library
 * cannot work in this process: pprof_enabled is 0 then.
 * The thread blocks all signals.
 */
PPROF_API int pprof_start(const char *address);

/*
 * Ends the endpoint: open connections are closed, the thread is joined, a Unix socket's file is
 * removed. Does nothing when not serving. Sampling goes on.
 */
PPROF_API void pprof_stop(void);

/*
 * Where the endpoint really listens: "127.0.0.1:43210" or "unix:/path", or "" when it does not.
 * The text belongs to the library and is valid until the next pprof_start or pprof_stop.
 */
PPROF_API const char *pprof_address(void);

/* ---- profiles ---- */

/* A named profile. Belongs to the library, lives as long as the process. */
struct pprof_profile;

/*
 * The profile called `name` ("heap", "allocs", "block", "mutex", one of the program's own), or NULL
 * when there is none.
 */
PPROF_API const struct pprof_profile *pprof_lookup(const char *name);

/*
 * Stores the first `max` profiles, sorted by name, in out[] and returns how many exist. out may be
 * NULL when max is 0.
 */
PPROF_API size_t pprof_profiles(const struct pprof_profile **out, size_t max);

/* The profile's name; belongs to the library. */
PPROF_API const char *pprof_profile_name(const struct pprof_profile *profile);

/* Number of records (distinct stack and size class) that the profile has now; of values, when it
 * is one of the program's own, and of open descriptors of "fd". */
PPROF_API size_t pprof_profile_count(const struct pprof_profile *profile);

/*
 * Writes the profile to the file descriptor fd, which stays open.
 *	debug 0   gzip-compressed profile.proto, for tools
 *	debug 1   text, with the names that the dynamic linker knows
 *	debug 2   of the profiles of threads, a paragraph for each; of others as 1
 * More than 2 is taken as 2. Each record is as of one moment. The write goes on over
 * EINTR and short writes; on a non-blocking descriptor that is full it fails with what is written
 * so far. -1: no such profile (NULL), no memory, write error. errno is left as it was.
 */
PPROF_API int pprof_write_to(const struct pprof_profile *profile, int fd, int debug);

/* pprof_write_to(pprof_lookup("heap"), fd, 0). */
PPROF_API int pprof_write_heap_profile(int fd);

/*
 * Makes a profile of the program's own: a list of things that are there now (connections, handles,
 * jobs), each with the stack that added it. It is served at /debug/pprof/NAME and listed on the
 * index; its sample type is NAME/count. A name with the library's or module's own in front
 * ("my.lib/connections") keeps out of others' way; it has 1 to 63 characters from '!' to '~'
 * without " \ ? # %, and is a path: no part of it between slashes is empty, "." or "..". At most 64
 * profiles can be made, and they are for ever. NULL: the name is bad or in use, there are too many,
 * no memory. Not from a signal handler (nor are the next two).
 */
PPROF_API const struct pprof_profile *pprof_new_profile(const char *name);

/*
 * Adds `value`, which is only compared, never looked at. The stack begins with the function that
 * calls this, or `skip` frames further out. A profile keeps up to 1,048,576 values.
 * -1: the value is in the profile already, the profile is not of the program's making, no room.
 */
PPROF_API int pprof_profile_add(
    const struct pprof_profile *profile, const void *value, unsigned skip);

/*
 * Takes `value` out; nothing happens when it is not there. -1: the profile is not of the program's
 * making.
 */
PPROF_API int pprof_profile_remove(const struct pprof_profile *profile, const void *value);

/* ---- heap sampling ---- */

/*
 * Mean number of allocated bytes between samples: 524288 unless PPROF_HEAP_RATE says otherwise,
 * 1 records every allocation, 0 none. At most 2^40 (larger values are taken as that).
 *
 * May be changed at any time: each sample carries the weight of the rate it was taken at, so that
 * totals stay right. A thread notices a change by the end of its present interval, at the latest
 * after allocating 4 MiB more; the calling thread at once.
 */
PPROF_API void pprof_set_heap_rate(uint64_t bytes);
PPROF_API uint64_t pprof_heap_rate(void);

/*
 * 1 when the heap profiler works in this process: malloc is interposed and its tables could be
 * mapped. 0 otherwise (for instance under an address space limit); the program runs normally then
 * and profiles are empty.
 */
PPROF_API int pprof_enabled(void);

/* ---- contention ---- */

/*
 * The block profile: time that threads waited for locks, conditions, semaphores, barriers, other
 * threads and sleeps, by the stack that waited. Waits of `ns` nanoseconds or more are all
 * recorded, a shorter one of d nanoseconds with probability d / ns, and then for ns / d waits of
 * together ns: so totals are right at any rate. 1 records every wait, 0 (the start value unless
 * PPROF_BLOCK_RATE is set) none. At most 10^12.
 *
 * May be changed at any time; what was recorded stays. 0, or -1: no memory for the table.
 */
PPROF_API int pprof_set_block_rate(uint64_t ns);
PPROF_API uint64_t pprof_block_rate(void);

/*
 * The mutex profile: time that others waited for a mutex, read-write lock or spin lock, by the
 * stack that unlocked it. On average one in n unlocks that others waited for is recorded, and
 * counts n-fold. 1 records all, 0 (the start value unless PPROF_MUTEX_FRACTION is set) none; a
 * negative n changes nothing.
 *
 * Returns the value before the call, or -1: no memory for the table.
 */
PPROF_API int pprof_set_mutex_fraction(int n);

/* ---- CPU profile ---- */

/*
 * Starts a CPU profile of all threads, at the rate of pprof_set_cpu_rate; pprof_stop_cpu_profile
 * writes it to the file descriptor fd. Only one runs at a time, also counting those that somebody
 * fetches from /debug/pprof/profile: -1 and "cpu profiling already in use".
 *
 * Takes SIGPROF (at more than 250 samples a second maybe SIGURG too) for its duration; -1 when the
 * program has a handler for it or uses ITIMER_PROF. Handlers run with SA_RESTART and SA_ONSTACK,
 * only on threads that are using the CPU. Threads that block SIGPROF are counted without stacks.
 */
PPROF_API int pprof_start_cpu_profile(int fd);

/*
 * Ends the profile that pprof_start_cpu_profile has started and writes it, gzip-compressed
 * profile.proto, as pprof_write_to does. Without such a profile it does nothing and returns 0, so
 * in a forked child too. -1: no memory, write error; the profile has ended nevertheless.
 * Takes up to a second when a thread is held by a debugger. errno is left as it was.
 */
PPROF_API int pprof_stop_cpu_profile(void);

/*
 * Samples for each second of a thread's CPU time, 1 to 10000, for profiles that start later; 0:
 * what PPROF_CPU_HZ says, else 100. Fetched profiles have a parameter of their own, hz.
 */
PPROF_API int pprof_set_cpu_rate(int hz);

/* ---- labels ---- */

/*
 * Labels are pairs of text that a thread says of itself for a while: which request it serves, for
 * which customer. Samples that are taken on it meanwhile carry them, in the profiles of CPU, heap
 * (of the thread that allocated), contention and threads.
 *
 * A set of labels has a number, which is the same for equal sets and valid in all threads for the
 * life of the process; 0 is the empty set. Distinct sets are kept for ever and there can be 12288
 * of them, of at most 32 pairs and 2048 bytes each: a label that says something else for each
 * request (a request's number) does not belong here. What has no room is left out and counted
 * (lost_labels at /debug/pprof/self).
 *
 * All functions here may be called in signal handlers, but pprof_do, whose function decides.
 */
typedef uint32_t pprof_label_set;

/* Both texts are NUL-terminated and copied. A pair without key or value is left out. */
struct pprof_label {
	const char *key, *value;
};

/* The calling thread's set. */
PPROF_API pprof_label_set pprof_labels(void);

/* Makes `set` the calling thread's (what is no set is ignored) and returns what it had before. */
PPROF_API pprof_label_set pprof_set_labels(pprof_label_set set);

/*
 * Adds n labels to the calling thread's set, in place of those with equal keys, and returns what it
 * had before, for pprof_set_labels at the end:
 *
 *	struct pprof_label labels[] = { { "route", "/pay" }, { "tenant", tenant } };
 *	pprof_label_set before = pprof_with_labels(labels, 2);
 *	serve();
 *	pprof_set_labels(before);
 */
PPROF_API pprof_label_set pprof_with_labels(const struct pprof_label *labels, size_t n);

/* Calls run(arg) with n labels more; after it the thread has the set that it had before. */
PPROF_API void pprof_do(
    const struct pprof_label *labels, size_t n, void (*run)(void *arg), void *arg);

/* The calling thread's label of this key, or NULL. Belongs to the library, is never freed. */
PPROF_API const char *pprof_label_value(const char *key);

/* Calls each() for the calling thread's labels, by key, until it returns something else than 0,
 * which is then returned; else 0. */
PPROF_API int pprof_for_labels(
    int (*each)(void *ctx, const char *key, const char *value), void *ctx);

/*
 * 1: threads begin with the labels of the thread that calls pthread_create. 0 (at first): with
 * none. Either way a set's number can be handed to another thread, for pprof_set_labels there.
 */
PPROF_API void pprof_inherit_labels(int on);

/* ---- mounting /debug/pprof/ on the program's own server ---- */

/*
 * One HTTP request. All texts are NUL-terminated, borrowed for the call; NULL counts as "".
 * Initialise with designated initialisers or memset, so that `reserved` is zero.
 */
struct pprof_request {
	const char *method; /* "GET", "HEAD" or "POST"; NULL or "" is GET */
	const char *path;   /* from the root, percent-decoded: "/debug/pprof/heap" */
	const char *query;  /* what follows '?', still percent-encoded: "seconds=5" */
	const void *body;   /* of a POST; NULL when none */
	size_t body_size;   /* bytes */
	void *reserved[4];
};

/*
 * Where the response goes: called in the order status (once), header (any number), body (any
 * number, none for HEAD), all within pprof_handle and on its thread. name, value and data are
 * valid during the call. A body chunk is at most 64 KiB.
 * body returns 0 to go on, anything else to give up (the client is gone).
 * is_gone, if there is one, is asked a few times a second while an answer takes time (seconds=N,
 * the CPU profile): anything else than 0 gives up, so that nobody else's profile has to wait.
 */
struct pprof_response {
	void *ctx; /* the caller's own, handed to each function */
	void (*status)(void *ctx, int status);
	void (*header)(void *ctx, const char *name, const char *value);
	int (*body)(void *ctx, const void *data, size_t size);
	int (*is_gone)(void *ctx); /* may be NULL */
	void *reserved[3];
};

/*
 * Answers one request for a path under /debug/pprof/ (that prefix must be in request->path).
 * Content-Length is among the headers. A request with seconds=N (N at most 300) blocks for N
 * seconds, so it must not run on a thread that serves others at the same time. Who may ask is
 * decided by the program's own server: no address, Host or token is checked here.
 *
 * 0: a complete response, of whatever status, was handed over. -1: path outside /debug/pprof/
 * (nothing was called), no memory, body gave up, or is_gone (nothing else was called).
 */
PPROF_API int pprof_handle(
    const struct pprof_request *request, const struct pprof_response *response);

/*
 * The same for one page under whatever path the program's server has it at: `name` is a profile's
 * ("heap", for CPU time "profile"), "cmdline", "symbol", "self", or "" for the index.
 * request->path is not looked at.
 */
PPROF_API int pprof_handle_page(
    const char *name, const struct pprof_request *request, const struct pprof_response *response);

#ifdef __cplusplus
}

namespace pprof
{

/* Labels for the rest of a scope: pprof::scoped_labels labels("route", "/pay"); */
class scoped_labels
{
      public:
	scoped_labels(const char *key, const char *value)
	{
		const pprof_label one = { key, value };

		before_ = pprof_with_labels(&one, 1);
	}

	scoped_labels(const pprof_label *labels, size_t n) : before_(pprof_with_labels(labels, n))
	{
	}

	~scoped_labels()
	{
		pprof_set_labels(before_);
	}

      private:
	scoped_labels(const scoped_labels &); /* not to be copied */
	scoped_labels &operator=(const scoped_labels &);

	pprof_label_set before_;
};

} /* namespace pprof */
#endif

#endif
