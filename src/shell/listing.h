/* What the shell prints about itself: the options and their values, and help. Called by shell.c. */
#ifndef SHELL_LISTING_H
#define SHELL_LISTING_H

#include "core/str.h"
#include "driver/driver.h"

/* Every option with its value; each line can be typed as an assignment. */
void listing_options(struct driver *d);

/* Help on one command, option or word of a choice; on everything for "". */
void listing_help(struct driver *d, struct str topic);

#endif
