/*
 * The profiles that the page can show: what the command line loaded, each of its sources alone when
 * it names several (loaded when first asked for), moments of the course of time, and what was there
 * before the page fetched again.
 * A view holds the profile it reads, so fetching again never disturbs one: the profile goes with
 * its last holder.
 */
#ifndef WEB_WEB_PROFILES_H
#define WEB_WEB_PROFILES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/str.h"
#include "driver/driver.h"
#include "driver/timeline.h"

/* Earlier states of one source that are kept to compare with. */
#define WEB_PROFILES_EARLIER 4
#define WEB_PROFILES_MAX     64
/* Moments of the course of time that are kept loaded. */
#define WEB_PROFILES_MOMENTS 6

/* A loaded profile; not written while it has holders, but for what source_lock guards. */
struct web_loaded {
	struct driver own;           /* unused for what the command line loaded */
	struct driver *driver;       /* &own, or the command line's */
	pthread_mutex_t source_lock; /* guards driver->source: binaries are read lazily */
	uint32_t holders;            /* guarded by web_profiles.lock */
};

struct web_profile {
	uint32_t id;               /* in a URL; of a moment with a "t" in front */
	char label[160];           /* for people */
	struct str source;         /* of the command line; "" all of them */
	struct web_loaded *loaded; /* NULL: when first asked for */
	bool earlier;              /* replaced by one that was fetched later */
	bool is_moment;            /* of the course of time */
};

struct web_profiles {
	struct driver *driver; /* the command line's: sources, options */
	pthread_mutex_t lock;  /* guards all below */
	pthread_mutex_t
	    loading; /* held while a source is fetched: one at a time; guards timeline */
	struct timeline timeline;
	struct web_profile v[WEB_PROFILES_MAX];
	uint32_t n;
	uint32_t current; /* id of what a URL without one means */
	uint32_t next_id;
};

/* Lists what the driver has loaded; the driver must outlive *p. ERR_NOMEM. */
enum err_code web_profiles_init(
    struct web_profiles *p, struct driver *driver, struct err *e) MUST_USE;
/* Nobody may hold a profile any more. */
void web_profiles_release(struct web_profiles *p);

/* What a URL calls the profile: its id, of a moment "t" and the id. */
struct str web_profile_key(const struct web_profile *p, struct arena *arena);

/*
 * Holds the profile that `text` (a key; "" is the current one) names, loading it when it was not.
 * ERR_NOT_FOUND "there is no profile X", and what loading may return.
 */
enum err_code web_profiles_hold(
    struct web_profiles *p, struct str text, struct web_loaded **out, struct err *e) MUST_USE;
void web_profiles_drop(struct web_profiles *p, struct web_loaded *loaded);

/*
 * Replaces *profile, which is borrowed, by its difference to the profile that `base` names, as
 * -diff_base makes it; the result is the caller's. Errors: those of web_profiles_hold, ERR_FORMAT
 * when the two have nothing in common; then *profile is unchanged.
 */
enum err_code web_profiles_subtract(
    struct web_profiles *p, struct str base, struct profile *profile, struct err *e) MUST_USE;

/*
 * Fetches the command line's sources again; the result is the current profile from then on. The one
 * before stays in the list. Errors: those of driver_load; then nothing has changed.
 */
enum err_code web_profiles_fetch(struct web_profiles *p, struct err *e) MUST_USE;

#endif
