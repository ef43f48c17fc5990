/*
 * A line on a terminal's standard error that says what is being done, once that takes more than a
 * second, or what is known so far. It is wiped before anything else is written there, and cut to
 * the terminal's width: what went on in a second row could not be wiped. Used by cli.c and
 * subcommands.c; a thread of its own lives as long as a step does.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <pthread.h>

#include "core/str.h"

struct progress {
	bool enabled; /* standard error is a terminal */
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	bool running;
	bool shown;
	char text[80];
	uint64_t began_ns;
};

void progress_init(struct progress *p, bool enabled);
/* Begins a step, ending the one before; "" ends it. The text is copied. */
void progress_step(struct progress *p, struct str text);
/*
 * A line that is there at once and until it is replaced, in place of a step; "" takes it away. A
 * message wipes it, the next call brings it back.
 */
void progress_show(struct progress *p, struct str text);
/* Wipes the line, for a message; that of a step comes back by itself. */
void progress_hide(struct progress *p);
/* Ends the step. */
void progress_release(struct progress *p);

#endif
