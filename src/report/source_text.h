/*
 * Source files as lines, each read once a report through the report's source vtable. Callers:
 * list.c, weblist.c.
 */
#ifndef REPORT_SOURCE_TEXT_H
#define REPORT_SOURCE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "core/str.h"
#include "report/report.h"

struct source_file {
	struct str path;         /* as asked for; borrowed */
	struct str error;        /* why it could not be read; "" when it was */
	const struct str *lines; /* without line ends; lines[0] is line 1 */
	size_t n;
	bool wanted; /* a line of it was asked for; the caller's */
};

/* A zero struct is valid. Files live in the report's arena. */
struct source_texts {
	VEC(struct source_file) files;
	struct map by_path;
};

void source_texts_release(struct source_texts *t);

/*
 * The file at `path` (kept: must outlive t). A file that cannot be read is no failure here but a
 * file with an error; *out is valid until the next call. ERR_NOMEM.
 */
enum err_code source_texts_get(struct source_texts *t, struct report *r, struct str path,
    struct source_file **out, struct err *e) MUST_USE;

/* Line `number` (from 1), without its end; false when the file has no such line. */
bool source_file_line(const struct source_file *f, int64_t number, struct str *line);

#endif
