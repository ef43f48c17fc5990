/*
 * Values as text, the way Go's flag and strconv packages read and print them: users compare the
 * error texts and scripts compare the `o` listing. Called by the option tables and the flag parser.
 */
#ifndef DRIVER_VALUE_H
#define DRIVER_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/str.h"

enum value_result {
	VALUE_OK,
	VALUE_SYNTAX, /* not a number */
	VALUE_RANGE,  /* does not fit */
};

/*
 * A whole number. base 10: sign and digits. base 0: also 0x, 0o, 0b and 0 prefixes, and single
 * underscores between digits (what Go's flags accept). *out is untouched on failure.
 */
enum value_result value_int(struct str s, int base, int64_t *out);
/* A floating-point number, decimal or hexadecimal, or inf, infinity, nan in any case. */
enum value_result value_float(struct str s, double *out);
/* Flag words: 1 t T TRUE true True and their opposites. */
bool value_flag_bool(struct str s, bool *out);
/* Shell and URL words, any case: true t yes y 1 "" and false f no n 0. */
bool value_word_bool(struct str s, bool *out);

/* Shortest text that reads back as v, exponent form below 1e-4 and from 1e21 on. */
void value_print_float(struct buf *out, double v);
/* s in double quotes, escaped as Go's %q does; out has failed when there is no memory. */
void value_quote(struct buf *out, struct str s);

#endif
