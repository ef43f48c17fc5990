/*
 * libpprof: profiles of a running C program, in the format and at the paths that Go programs use,
 * so that pprof, `go tool pprof`, Parca, Pyroscope and Grafana Alloy read them.
 *
 *	#include <pprof/pprof.h>
 *
 *	int main(void)
 *	{
 *		pprof_start("127.0.0.1:6060");   // then: pprof
 *http://localhost:6060/debug/pprof/heap
 *		...
 *	}
 *
 * Linking the library (or preloading it) is enough for heap sampling to run, at a mean of one
 * sample for each 512 KiB allocated. Nothing listens until pprof_start is called, or until
 * `pprof run` or the environment asks for it. A program that has an HTTP server of its own can
 * mount the same pages on it with pprof_handle.
 *
 * Threads: every function may be called from any thread, at any time after the program's
 * constructors have begun, unless its comment says otherwise.
 * Signals: only pprof_set_heap_rate, pprof_heap_rate, pprof_enabled and pprof_version may be
 * called from a signal handler.
 * Fork: a child goes on profiling with a copy of its parent's data. It serves nothing until it
 * calls pprof_start itself.
 * The library never prints, never exits or aborts, and never calls malloc for itself.
 *
 * Link with -lpprof, before other allocators; a program linked with -static cannot use it, as only
 * the dynamic linker can tell what malloc was interposed.
 *
 * C99 and C++11. Functions returning int return 0 for success and -1 for failure; pprof_error
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
 *	"unix:/run/app/pprof.sock"                         a Unix socket, mode 0600
 *	NULL                                               what PPROF_ADDR says, else 127.0.0.1:6060
 *
 * Other addresses are refused unless PPROF_TOKEN_FILE names a file whose contents clients must
 * send as a bearer token, or PPROF_INSECURE=1 is set. `address` is only read during the call.
 *
 * 0: the socket listens when the call returns (already serving at the same address is also 0).
 * -1: bad or refused address, address in use, already serving elsewhere, no thread.
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
 * More than 1 is taken as 1. Each record is as of one moment. The write goes on over
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
 * without " \ ? # %. At most 64 profiles can be made, and they are for ever. NULL: the name is bad
 * or in use, there are too many, no memory. Not from a signal handler (nor are the next two).
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
 */
struct pprof_response {
	void *ctx; /* the caller's own, handed to each function */
	void (*status)(void *ctx, int status);
	void (*header)(void *ctx, const char *name, const char *value);
	int (*body)(void *ctx, const void *data, size_t size);
	void *reserved[4];
};

/*
 * Answers one request for a path under /debug/pprof/ (that prefix must be in request->path).
 * Content-Length is among the headers. A request with seconds=N (N at most 300) blocks for N
 * seconds, so it must not run on a thread that serves others at the same time. Who may ask is
 * decided by the program's own server: no address, Host or token is checked here.
 *
 * 0: a complete response, of whatever status, was handed over. -1: path outside /debug/pprof/
 * (nothing was called), no memory, or body gave up.
 */
PPROF_API int pprof_handle(
    const struct pprof_request *request, const struct pprof_response *response);

/*
 * The same for one page under whatever path the program's server has it at: `name` is a profile's
 * ("heap"), "cmdline", "symbol", "self", or "" for the index. request->path is not looked at.
 */
PPROF_API int pprof_handle_page(
    const char *name, const struct pprof_request *request, const struct pprof_response *response);

#ifdef __cplusplus
}
#endif

#endif
