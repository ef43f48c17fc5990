/*
 * The profiles of one program in time order, while they come in. Made from files and by watching;
 * verdicts.c turns it into a report.
 */
#ifndef DRIVER_VERDICTS_SERIES_H
#define DRIVER_VERDICTS_SERIES_H

#include "base/err.h"
#include "base/ui.h"
#include "base/vec.h"
#include "core/str.h"
#include "driver/verdicts.h"
#include "leaks/leaks.h"
#include "net/mapping_source.h"
#include "profile/profile.h"

/* Profiles of one command line at most. */
#define SERIES_MAX_FILES 4096
#define SERIES_MAX_PAST  1024

struct series_entry {
	struct profile profile;
	struct leaks_moment moment; /* `at` only when has_births */
	bool has_births;
	int64_t mtime_ns;  /* of its file; 0 none */
	int64_t allocated; /* bytes ever; -1 unknown */
	size_t order;      /* as it came */
	struct str name;   /* of its file, in the series' arena; "" none */
	uint32_t id;       /* its alone in this series, from 1 on */
	int64_t total;     /* sum of the value that is shown of such profiles */
};

/* What is left of a profile of an earlier run of the program. */
struct series_past {
	struct leaks_moment moment;
	int64_t total;
};

/* The program was started anew. */
struct series_restart {
	int64_t time_ns;  /* of the first profile since */
	bool other_build; /* a deployment: the program is not the one of before */
};

struct verdicts_series {
	VEC(struct series_entry) list;
	struct mapping_sources urls; /* of the last profile that came from a URL */
	struct arena arena;          /* of texts */
	size_t left_out;             /* profiles of earlier runs of the program */
	double gone_after_s; /* it answered for so long while it was watched; 0: to the end */
	VEC(struct series_past) past; /* these, in order of time; the newest SERIES_MAX_PAST */
	VEC(struct series_restart) restarts;
	uint32_t last_id;
	bool restarted;
};

/* A zero struct is a valid empty series. */
void verdicts_series_release(struct verdicts_series *s);

/* Takes *p over (also on failure). mtime_ns of its file, or 0. ERR_NOMEM. */
enum err_code verdicts_series_add(
    struct verdicts_series *s, struct profile *p, int64_t mtime_ns, struct err *e) MUST_USE;

/* Puts the entries in order of time. */
void verdicts_series_order(struct verdicts_series *s);
/* The same, and leaves only the last run of the program. */
void verdicts_series_settle(struct verdicts_series *s);
/*
 * Index of the value that a series is about: bytes in use of a heap profile, else the last one, as
 * reports choose it. -1: it has none.
 */
int verdicts_series_value(const struct profile *p);

/* Keeps at most `most` entries: all recent ones, fewer of the old. */
void verdicts_series_thin(struct verdicts_series *s, size_t most);
/* Moves the entries from time_ns on into *later. ERR_NOMEM. */
enum err_code verdicts_series_split(struct verdicts_series *s, int64_t time_ns,
    struct verdicts_series *later, struct err *e) MUST_USE;

/*
 * Judges what is there. *merged receives the profile that the report's texts live in, and is
 * released after the report. With `symbolize` false addresses stand for names: quick. ERR_USAGE
 * without a profile.
 */
enum err_code verdicts_series_judge(struct verdicts_series *s, const struct verdicts *v,
    bool symbolize, struct profile *merged, struct leaks_report *report, const struct ui *ui,
    struct err *e) MUST_USE;

/* Gives *p names, as far as they can be found; what goes wrong is said through ui. */
void verdicts_series_name(
    struct profile *p, struct verdicts_series *s, const struct verdicts *v, const struct ui *ui);

/* What a saved profile says of its process: a comment. */
struct str verdicts_comment(struct arena *a, const struct leaks_moment *m);
/* Reads it into used and limit; false when the text is no such comment. */
bool verdicts_comment_read(struct str text, struct leaks_moment *m);

#endif
