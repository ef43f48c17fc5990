/*
 * See graph_fixture.h.
 */
#include "graph_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void fixture_build(struct fixture *f, const struct graph_options *o)
{
	struct err e;

	if (graph_new(&f->g, &f->p, o, &e) != OK)
		fail_msg("%s", e.msg);
}

void fixture_build_trimmed(struct fixture *f, const struct graph_options *o)
{
	struct err e;

	if (graph_new_trimmed(&f->g, &f->counts, &f->p, o, &e) != OK)
		fail_msg("%s", e.msg);
}

void fixture_release(struct fixture *f)
{
	graph_release(&f->g);
	profile_release(&f->p);
}
