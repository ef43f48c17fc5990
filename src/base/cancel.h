/*
 * A question that long work asks now and then: does anybody still wait for this? The web face puts
 * one into the profile of a view; every loop over its samples asks it, so that a view which the
 * page gave up ends soon and not after its whole computation.
 *
 * A loop that is told to stop just ends early; the function around it returns cancel_check() before
 * anybody reads the half of a result.
 */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Steps of a loop between two questions: each may cost a system call. */
#define CANCEL_STRIDE 4096

/* Belongs to one thread. */
struct cancel {
	bool (*is_wanted)(void *ctx);
	void *ctx;
	bool is_raised; /* is_wanted said no: it is not asked again */
};

/* True when a loop at step i should end. NULL is never raised. */
static inline bool cancel_now(struct cancel *c, size_t i)
{
	if (!c || (!c->is_raised && i % CANCEL_STRIDE != 0))
		return false;
	if (!c->is_raised)
		c->is_raised = !c->is_wanted(c->ctx);
	return c->is_raised;
}

/* ERR_CANCELLED when some loop was told to end; asks nothing. */
static inline MUST_USE enum err_code cancel_check(const struct cancel *c, struct err *e)
{
	if (c && c->is_raised)
		return FAIL(e, ERR_CANCELLED, "nobody waits for this any more");
	return OK;
}

#endif
