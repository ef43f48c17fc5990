/*
 * What one command line asks for, apart from the report options in struct config: where profiles
 * come from, how they are symbolized, and which report or face follows. Filled by cli/flags through
 * the table request_options, checked by request_check.
 */
#ifndef DRIVER_REQUEST_H
#define DRIVER_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"
#include "driver/config.h"

struct command;

/* All strings are borrowed from the command line. */
struct request {
	const struct str *sources; /* after the main binary was taken away */
	uint32_t n_sources;
	struct str exec_name; /* main binary, "" none */
	struct str series;    /* the directory that a source was chosen from, "" none */

	struct str base, diff_base;
	struct str symbolize;
	struct str build_id;
	struct str comment;
	struct str tools;
	int64_t seconds, timeout; /* <= 0 unset */
	bool all_frames;
	struct str reports; /* commands of the shell to run instead of asking for them, "" none */
	bool json;          /* text, tree and tags as JSON */
	bool version;       /* only print ours */
	bool explain;       /* tell where binaries are looked for */

	struct str http;
	bool no_browser;
	struct str tls_cert, tls_key, tls_ca;

	bool total_delay, mean_delay, contentions;
	bool inuse_space, inuse_objects, alloc_space, alloc_objects;

	struct str conflict;           /* words of one choice that were given together, "" none */
	const struct command *command; /* NULL: shell or web */
	uint32_t n_commands;           /* how many were given */
	struct str param;              /* of the command */
};

void request_init(struct request *r);

/*
 * Checks that the parts fit together, in the order users know, and applies the shorthands for
 * sample_index to *c. Messages (not errors) are appended to `messages`, a line each. ERR_USAGE.
 */
enum err_code request_check(
    struct request *r, struct config *c, struct buf *messages, struct err *e) MUST_USE;

#endif
