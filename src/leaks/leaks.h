/*
 * Verdicts about memory: is it a leak, how fast, where, when is the limit hit. leaks_analyze()
 * takes a series of heap profiles of one process and fills a report; explain.h prints it. Pure:
 * no file, no clock. Callers: the driver (which reads, watches and symbolizes), tests.
 *
 * The method is in docs/leaks.md: not the curve of bytes in use is judged, whose points depend on
 * each other, but which sampled blocks came, stayed and went.
 */
#ifndef LEAKS_LEAKS_H
#define LEAKS_LEAKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/str.h"
#include "profile/profile.h"

/* String label that says of which moment a sample is: its index, "0", "1" … */
#define LEAKS_MOMENT_LABEL STR("pprof::moment")
/* Moments in a series, at most: who has more thins them out. */
#define LEAKS_MAX_MOMENTS  128

/* One profile of the series. */
struct leaks_moment {
	int64_t time_ns; /* since the epoch; 0 unknown */
	double at;       /* seconds: since the process's start when births are known, else since
			    any moment; ascending */
	int64_t used;    /* memory in use that counts towards the limit, bytes; 0 unknown */
	int64_t limit;   /* bytes; 0 unknown or none */
	int64_t kind;    /* what sets it, enum leaks_limit; any other number is unknown */
};

/* The numbers of process_limit_kind at /debug/pprof/self. */
enum leaks_limit {
	LEAKS_LIMIT_UNKNOWN,
	LEAKS_LIMIT_GROUP,
	LEAKS_LIMIT_MACHINE,
	LEAKS_LIMIT_ADDRESS,
};

struct leaks_input {
	/* All profiles in one, each sample labelled with its moment; symbolized or not. */
	const struct profile *p;
	const struct leaks_moment *moments;
	size_t n_moments;
	bool has_births; /* samples have the label `born` and `at` is the time since the start */
	bool has_times;  /* `at` are seconds; else just numbers of profiles */
};

/* What is said of a site, most harmless first. */
enum leaks_class {
	LEAKS_FEW,      /* too few samples to say anything */
	LEAKS_STATIC,   /* allocated once, kept */
	LEAKS_CHURN,    /* allocated and freed all the time */
	LEAKS_STABLE,   /* neither grows nor shrinks */
	LEAKS_BOUNDED,  /* nothing gets older than some age */
	LEAKS_SAWTOOTH, /* the same, and it swings */
	LEAKS_LOAD,     /* only what is young grows: more load */
	LEAKS_BURST,    /* came all at once and is kept */
	LEAKS_PLATEAU,  /* grew and has stopped: a filling cache */
	LEAKS_EARLY,    /* seems to grow, too few samples */
	LEAKS_GROWING,  /* grows, the shape is not decided */
	LEAKS_LEAK,
};

/* How sure a LEAKS_LEAK is. */
enum leaks_trust {
	LEAKS_UNSURE,
	LEAKS_SUSPECTED, /* from one profile alone */
	LEAKS_LIKELY,
	LEAKS_STRONG,
};

enum leaks_level {
	LEAKS_STACK,
	LEAKS_LINE,
	LEAKS_FUNCTION,
};

#define LEAKS_LEVELS 3

struct leaks_range {
	double value, lo, hi; /* lo and hi bound the 95 % interval */
};

/* Sampled blocks alive, by quarters of the time since the start; young first. */
struct leaks_ages {
	double n[4], seconds[4];
	double oldest_s;     /* of those not from the start-up; largest of all moments */
	double total;        /* samples that were counted */
	double startup_s;    /* what is older than the first … seconds is left out */
	enum leaks_class is; /* FEW, BOUNDED, PLATEAU, LEAK, or STABLE when mixed */
};

struct leaks_verdict {
	enum leaks_class class;
	enum leaks_trust trust;
	double p;          /* chance of as much growth or more if there were none */
	double born, died; /* sampled blocks that joined, and left, what is old */
	double min_age_s;  /* "old" is older than this */
	double span_s;     /* of births looked at */
	double thirds[3];  /* growth in the window's thirds, bytes a second */
	bool has_thirds, is_last_third_growing, is_window; /* is_window: seen between profiles */
	double turnover;                                   /* died / born over all steps */
	struct leaks_range rate; /* bytes a second (a profile, without times) */
	struct leaks_ages ages;
	double live_bytes, live_objects, live_samples; /* at the last moment */
	double least_bytes, most_bytes;                /* in use over the series */
	/* Few blocks, all of them sampled and none of the first half of the run: as one that grows
	 * (a vector, a table) is allocated anew, ever larger. */
	bool is_replaced;
	unsigned swings;
	double period_s; /* of a sawtooth; 0 unknown */
};

/* A site: a line of a function that allocates, or the whole function, or one stack. */
struct leaks_site {
	enum leaks_level level;
	struct str function, file; /* file without its directories */
	bool is_named;             /* `function` is no address */
	int64_t line;              /* 0 unknown */
	struct str stack;   /* callers first: "main a.c:1 -> f b.c:2"; what most growth shares */
	double stack_share; /* of the growth that goes through `stack`, 0 … 1 */
	struct leaks_verdict v;
	/*
	 * What keeps the blocks from being freed: a root and the path from it, how many samples it
	 * holds, and of how many that is known; the second greatest when it holds much. Filled by
	 * leaks_holders(); empty when unknown.
	 */
	struct str holder, other_holder;
	double holder_samples, other_holder_samples, held_samples;
	const double *curve; /* bytes in use at each moment */
};

/* Where it ends. */
struct leaks_projection {
	int64_t used, limit;      /* bytes; 0 unknown */
	const char *limit_of;     /* what sets it, in words; "" unknown */
	struct leaks_range slope; /* of memory in use, bytes a second */
	bool has_slope;
	struct leaks_range
	    from_memory; /* seconds until the limit; hi is INFINITY when it may never */
	struct leaks_range from_sites;
	bool has_from_memory, has_from_sites;
	struct leaks_range leaks; /* growth of the leaks together */
	double explained;         /* growth of the leaks / growth of the process; NAN unknown */
};

/* An earlier report to compare with. */
struct leaks_before {
	bool is_there;
	bool is_leak;
	struct leaks_range rate; /* of its suspects together */
	struct leaks_range now;  /* of the same sites in this series */
	bool is_unnamed;         /* a site is known by its address only, and is not here */
	bool is_decided;         /* the present rate is known well enough to say which */
	bool is_fixed;
	size_t n_sites;  /* functions that leaked */
	struct str name; /* of the greatest */
};

enum leaks_outcome {
	LEAKS_NO_LEAK = 0, /* also exit statuses */
	LEAKS_IS_LEAK = 1,
	LEAKS_UNDECIDED = 3,
};

struct leaks_report {
	struct arena arena;
	enum leaks_outcome outcome;
	const char *why;             /* undecided: why; else NULL */
	struct leaks_site *suspects; /* leaks and what may become one; fastest first */
	size_t n_suspects;
	struct leaks_site *others; /* what was looked at and is none, most bytes first */
	size_t n_others;
	size_t n_sites; /* lines that were looked at */
	size_t n_moments;
	double window_s, uptime_s; /* of the series; since the start, 0 unknown */
	bool has_births, has_times, has_allocs;
	int64_t period;     /* bytes between samples; 0 or 1: every allocation */
	double could_hide;  /* a slower leak than this may be missed; bytes a second */
	double samples;     /* sampled blocks seen in all */
	double heap_growth; /* of bytes in use, all sites; bytes a second */
	struct leaks_projection projection;
	struct leaks_before before;
	struct str no_holder; /* why no suspect has a holder; "" nobody asked */
};

/*
 * Fills *out, which is released by leaks_report_release() in any case. Texts and curves lie in
 * out->arena. ERR_UNSUPPORTED when p is no heap profile, ERR_LIMIT for too many moments,
 * ERR_NOMEM.
 */
enum err_code leaks_analyze(
    struct leaks_report *out, const struct leaks_input *in, struct err *e) MUST_USE;
void leaks_report_release(struct leaks_report *r);

/* True when memory of the process surely grows, and by more than comes and goes in any. */
bool leaks_is_noteworthy(const struct leaks_report *r);
/* True when it does, and what malloc gave out hardly grows. */
bool leaks_is_unexplained(const struct leaks_report *r);

/* Fills now->before from an earlier report of the same program, whose sites are found by name. */
void leaks_compare(struct leaks_report *now, const struct leaks_report *before);

/* How much slower it leaks now, in percent of before; NAN when nothing leaked before. */
double leaks_less_percent(const struct leaks_before *b);
/*
 * Watching can end: a leak that is certain, of a program that runs for so long that it does not
 * just fill its caches, and whose rate is known to a fifth.
 */
bool leaks_is_certain(const struct leaks_report *r);

/* One profile shows blocks of all ages at the site, unevenly: it may grow or not. */
bool leaks_is_mixed(const struct leaks_report *r, const struct leaks_site *s);

/* "LEAK", "SAWTOOTH" … */
const char *leaks_class_word(enum leaks_class c);
const char *leaks_trust_word(enum leaks_trust t);

#endif
