/*
 * Lets a few views be computed at once and the others wait, so that many open pages need no more
 * memory than a few; and drops the waiting ones whose page has gone on to ask for something else.
 */
#ifndef WEB_WEB_GATE_H
#define WEB_WEB_GATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* As many as the machine has use for; each takes the memory of a filtered profile and a graph. */
#define WEB_GATE_WIDTH 2

struct web_gate {
	pthread_mutex_t lock;
	pthread_cond_t left; /* somebody went out */
	uint32_t inside;     /* guarded by lock */
};

void web_gate_init(struct web_gate *g);
void web_gate_release(struct web_gate *g);

/*
 * Waits for a place. `fd` is the connection of the one who asked: false, without a place, when it
 * was closed from the other side meanwhile.
 */
bool web_gate_enter(struct web_gate *g, int fd);
void web_gate_leave(struct web_gate *g);

/* False when the other side has closed the connection: nobody waits for the answer. */
bool web_gate_wanted(int fd);

#endif
