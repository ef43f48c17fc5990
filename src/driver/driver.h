/*
 * The driver: from a request to a report. It loads profiles once (driver_load) and then derives a
 * view of them for every report. The faces (cli, shell, web) call it and do not know each other:
 * tool/main.c hands their entry points over in a struct driver_faces.
 *
 * A struct driver belongs to one thread, but pipeline_view() may run in several at once for one
 * driver: it only reads the loaded profile.
 */
#ifndef DRIVER_DRIVER_H
#define DRIVER_DRIVER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/ui.h"
#include "base/vec.h"
#include "driver/commands_table.h"
#include "driver/config.h"
#include "driver/request.h"
#include "profile/profile.h"
#include "report/source.h"
#include "symbolize/symbolize.h"

struct driver;

struct view;

/*
 * What follows loading when not just one report was asked for, and what only a face can make. Each
 * may be NULL: not offered.
 */
struct driver_faces {
	enum err_code (*shell)(struct driver *d, struct err *e);
	enum err_code (*web)(struct driver *d, struct err *e);
	/* Appends an HTML document that shows the view as a flame graph. */
	enum err_code (*flame_page)(const struct view *view, struct buf *out, struct err *e);
};

struct driver {
	struct request request;
	struct config config; /* current options; the shell changes them */
	struct ui ui;
	const struct driver_faces *faces;
	struct arena arena; /* of strings in config and request */

	struct profile profile; /* loaded, symbolized; not written afterwards */
	struct symbolizer *symbolizer;
	struct source_ops source;    /* reports get source and code here */
	VEC(struct str) temporaries; /* files to delete at the end; NUL-terminated */

	struct str http_host; /* checked "-http": set before the web face runs */
	uint16_t http_port;   /* 0: any free one */
	bool interactive;     /* in the shell: nothing binary to the terminal, viewers in the
				 background */
	bool at_terminal;     /* somebody types: reports can be interrupted */
};

/* An empty driver with default options. The ui's functions are used until release. */
void driver_init(struct driver *d, const struct ui *ui, const struct driver_faces *faces);
void driver_release(struct driver *d);

/*
 * All of it: checks the request, loads, and reports or hands over to a face. Messages go through
 * ui, the report to standard output or its file. The error's message has no "pprof: " in front.
 */
enum err_code driver_run(struct driver *d, struct err *e) MUST_USE;

/*
 * Takes the first of several sources as the main binary when it opens as one: the first step after
 * reading a command line.
 */
void driver_take_binary(struct driver *d);

/*
 * Fetches, merges, compares with the base, symbolizes, comments and saves: leaves d->profile.
 * Called by driver_run; tests call it alone.
 */
enum err_code driver_load(struct driver *d, struct err *e) MUST_USE;

/* One report with the options in *config, shown or written as the command and the options say. */
enum err_code driver_report(struct driver *d, const struct command *command, struct str param,
    const struct config *config, struct err *e) MUST_USE;

/* Says each line of a warnings buffer through the ui, as an error. */
void driver_say_lines(const struct driver *d, struct str lines);

/*
 * Index of the sample type that a sample_index text names: "" is the default one, a number an
 * index, otherwise a type's name (also with "inuse_" in front). ERR_USAGE.
 */
enum err_code driver_sample_index(
    const struct profile *p, struct str name, uint32_t *index, struct err *e) MUST_USE;

/*
 * Splits and checks "-http host:port": an empty host is localhost, an empty port 0 (any free one).
 * ERR_USAGE "could not split http address: …", "invalid port number: …".
 */
enum err_code driver_http_address(
    struct str text, struct arena *keep, struct str *host, uint16_t *port, struct err *e) MUST_USE;

#endif
