/*
 * Texts that are made from the tables at build time: the manual page and the completions of shells.
 * Called by tool/texts.c.
 */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "base/buf.h"

/* pprof(1), for man. */
void manual_page(struct buf *out);

/* Completion script of bash. */
void manual_bash(struct buf *out);
/* Completion function of zsh. */
void manual_zsh(struct buf *out);
/* Completions of fish. */
void manual_fish(struct buf *out);

#endif
