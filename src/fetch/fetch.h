/*
 * From source names to loaded profiles: files and URLs are read at the same time (threads, in
 * chunks, so that a thousand sources do not lie in memory at once), decoded, checked, their
 * binaries located, and merged per set. The driver calls this; what follows (base against source,
 * symbolizing, saving) is its business, with the helpers below.
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ui.h"
#include "core/str.h"
#include "net/http_client.h"
#include "net/mapping_source.h"
#include "profile/profile.h"

struct fetch_options {
	const struct str *sources;
	size_t n_sources; /* at least 1 */
	const struct str *bases;
	size_t n_bases;
	int64_t seconds;      /* -seconds; <= 0 not given */
	int64_t timeout_s;    /* -timeout; <= 0 not given */
	struct str exec_name; /* main binary from the command line; "" none */
	struct str build_id;  /* -buildid; "" none */
	struct http_tls tls;
	struct str binary_path; /* PPROF_BINARY_PATH; "" for $HOME/pprof/binaries */
	bool births;            /* of state files: with the label `born` */
	/*
	 * Told of each profile before its binaries are looked for, the main one and its build id
	 * set; NULL. Called from several threads; what it says through ui is shown in order.
	 */
	void (*loaded)(const struct profile *p, const struct ui *ui);
	bool quiet; /* no "Fetching profile over HTTP …" lines; errors still show */
};

/* A zero struct is a valid empty result. */
struct fetch_result {
	struct profile sources;
	struct profile bases; /* only when has_bases */
	bool has_bases;
	bool any_remote;             /* something came over the network: save a copy */
	struct mapping_sources urls; /* of both sets */
};

/*
 * Fetches everything. Failures of single sources are said through ui ("ADDR: reason") and the rest
 * goes on; an error is returned when a set has no profile at all ("failed to fetch any source
 * profiles") or cannot be merged. ui->line is called from this thread only. On failure *out is
 * empty.
 */
enum err_code fetch_profiles(struct fetch_result *out, const struct fetch_options *o,
    const struct ui *ui, struct err *e) MUST_USE;
void fetch_result_release(struct fetch_result *r);

/*
 * Blanks the file of mappings that have no build id and are named after an absolute URL: the name
 * was only lent to them for remote symbolization. Call after symbolizing.
 */
enum err_code fetch_unsource_mappings(struct profile *p, struct err *e) MUST_USE;

/* True when path opens as an ELF object: then a first argument of several is the main binary. */
bool fetch_is_binary(struct str path);

#endif
