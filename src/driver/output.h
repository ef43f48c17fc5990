/*
 * What happens to a finished report: drawn by dot when the command says so, then written to the
 * named file, to standard output, or to a file of its own that a viewer opens. Called by
 * driver_report.
 */
#ifndef DRIVER_OUTPUT_H
#define DRIVER_OUTPUT_H

#include "base/buf.h"
#include "base/err.h"
#include "core/str.h"
#include "driver/driver.h"

/*
 * Delivers `text`, the report that `command` made; `output` is the file the user named or "".
 * "Generating report in FILE" is said through the driver's ui.
 */
enum err_code output_deliver(struct driver *d, const struct command *command, struct str output,
    struct str text, struct err *e) MUST_USE;

/* Standard output as a buffer's sink; the sink is its first member. */
struct output_stream {
	struct buf_sink sink;
	struct err error;
	enum err_code code; /* of what has been written; else `error` says why */
};

/*
 * When the report would go to standard output just as it is: makes *s a sink for its buffer, and
 * true. The rest is delivered as usual.
 */
bool output_stream(struct output_stream *s, const struct driver *d, const struct command *command,
    struct str output);

/* Runs dot -T<format> and, for a pannable SVG, massages the result. Also for the web face. */
enum err_code output_draw(
    const char *format, bool massage, struct str dot, struct buf *out, struct err *e) MUST_USE;

#endif
