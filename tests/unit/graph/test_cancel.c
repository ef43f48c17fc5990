/*
 * Work that nobody waits for any more: whoever asks is asked often, and the first "no" ends it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/cancel.h"
#include "from_text.h"
#include "graph/stacks.h"
#include "profile/filter.h"

#define SAMPLES (5 * CANCEL_STRIDE)

/* Says yes `patience` times. */
struct waiter {
	unsigned asked, patience;
};

static bool is_waiting(void *ctx)
{
	struct waiter *w = ctx;

	return w->asked++ < w->patience;
}

/* Distinct stacks, so that every kind of walk takes long. */
static int set_up(void **state)
{
	static struct profile p;
	static char text[SAMPLES][32];
	static const char *lines[SAMPLES];

	for (size_t i = 0; i < SAMPLES; i++) {
		snprintf(text[i], sizeof text[i], "a%zu;b%zu;c 1", i % 100, i % 1000);
		lines[i] = text[i];
	}
	from_text(&p, lines, SAMPLES);
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	profile_release(*state);
	return 0;
}

typedef enum err_code work(struct profile *p, struct err *e);

static enum err_code grow_tree(struct profile *p, struct err *e)
{
	struct stacks_tree t;
	enum err_code code = stacks_new(&t, p, &(struct stacks_options){ 0 }, e);

	stacks_release(&t);
	return code;
}

static enum err_code build_graph(struct profile *p, struct err *e)
{
	struct graph_options o = { .trim_path = STR(""), .tags = true, .visual = true };
	struct graph_counts counts;
	struct graph g;
	enum err_code code = graph_new_trimmed(&g, &counts, p, &o, e);

	if (code == OK)
		graph_release(&g);
	return code;
}

static enum err_code build_call_tree(struct profile *p, struct err *e)
{
	struct graph_options o = { .trim_path = STR(""), .call_tree = true };
	struct graph g;
	enum err_code code = graph_new(&g, p, &o, e);

	if (code == OK)
		graph_release(&g);
	return code;
}

static enum err_code filter(struct profile *p, struct err *e)
{
	struct filter_matched m;
	struct profile derived;
	struct regex *focus;
	enum err_code code;

	TRY(regex_new(&focus, STR("b7"), e));
	TRY(profile_derive(&derived, p, e));
	code = profile_filter_by_name(&derived, focus, NULL, NULL, NULL, &m, e);
	profile_release(&derived);
	regex_free(focus);
	return code;
}

static work *const works[] = { grow_tree, build_graph, build_call_tree, filter };
#define N_WORKS (sizeof works / sizeof works[0])

static void ends_at_the_first_no(void **state)
{
	struct profile *p = *state;

	for (size_t i = 0; i < N_WORKS; i++) {
		struct waiter w = { .patience = UINT32_MAX };
		struct cancel c = { .is_wanted = is_waiting, .ctx = &w };
		struct err e;
		unsigned all;

		p->cancel = &c;
		assert_int_equal(works[i](p, &e), OK);
		all = w.asked;
		assert_true(all >= SAMPLES / CANCEL_STRIDE);
		for (unsigned patience = 0; patience < all; patience++) {
			w = (struct waiter){ .patience = patience };
			c.is_raised = false;
			assert_int_equal(works[i](p, &e), ERR_CANCELLED);
			assert_int_equal(w.asked, patience + 1);
		}
		p->cancel = NULL;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ends_at_the_first_no, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
