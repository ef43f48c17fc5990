/*
 * Text for a terminal. Names of functions and files come from outside; what a terminal would obey
 * in them (escape sequences, carriage returns …) is shown as \xNN instead.
 */
#ifndef BASE_VISIBLE_H
#define BASE_VISIBLE_H

#include "base/buf.h"
#include "core/str.h"

/* Appends s; newlines and tabs stay, as do other UTF-8 and other bytes that are none. */
void visible_add(struct buf *out, struct str s);

#endif
