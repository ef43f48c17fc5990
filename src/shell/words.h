/*
 * A command of the shell, "top10 -cum focus -ignore >file", taken apart into what driver_report
 * wants. Called by shell.c.
 */
#ifndef SHELL_WORDS_H
#define SHELL_WORDS_H

#include "base/arena.h"
#include "base/err.h"
#include "driver/commands_table.h"
#include "driver/config.h"

struct words {
	struct str *v;
	size_t n;
};

/* Splits at white space. Words borrow from line, the array lives in arena. ERR_NOMEM. */
enum err_code words_split(
    struct words *out, struct str line, struct arena *arena, struct err *e) MUST_USE;

/* s without white space of any kind, Unicode's too, at its ends. */
struct str words_trim(struct str s);

/* What a command line asks for: options of this one command are set in a copy of the config. */
struct shell_command {
	const struct command *command;
	struct str param;
	struct config config;
};

/*
 * Reads words (at least one). Texts live in arena. ERR_USAGE: "unrecognized command: …", "did you
 * mean: focus=main", "command list requires an argument", "unexpected end of line after >".
 */
enum err_code words_parse(struct shell_command *out, const struct words *words,
    const struct config *config, struct arena *arena, struct err *e) MUST_USE;

#endif
