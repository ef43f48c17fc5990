/*
 * What Tab offers in the shell: commands and options for the first word, option values after
 * "name=", names of functions behind a command. Called by lineedit.c; knows no terminal.
 */
#ifndef SHELL_COMPLETE_H
#define SHELL_COMPLETE_H

#include <stddef.h>

#include "base/arena.h"
#include "core/str.h"
#include "driver/driver.h"

/* Most candidates that are collected; further ones are left out. */
#define COMPLETE_MAX 200

struct completion {
	size_t start;  /* where in the line the replaced word begins */
	struct str *v; /* whole replacements for that word, sorted */
	size_t n;
	struct str common; /* longest common beginning of all, at least what was typed, or "" */
};

/* Candidates for the word at the end of `line`. Results live in arena. */
void complete_line(
    const struct driver *d, struct str line, struct arena *arena, struct completion *out);

#endif
