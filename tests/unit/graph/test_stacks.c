/*
 * The flame tree: merging, order, limits, differences, sources.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "from_text.h"
#include "graph/stacks.h"

struct fixture {
	struct profile p;
	struct stacks_tree t;
	char text[2048];
};

static void build(struct fixture *f, const struct stacks_options *o)
{
	struct err e;

	if (stacks_new(&f->t, &f->p, o, &e) != OK)
		fail_msg("%s", e.msg);
}

static void release(struct fixture *f)
{
	stacks_release(&f->t);
	profile_release(&f->p);
}

#define BUILD(f, options, ...)                                                                     \
	do {                                                                                       \
		FROM_TEXT(&(f)->p, __VA_ARGS__);                                                   \
		build((f), (options));                                                             \
	} while (0)

/* "root 7 a 6/2 b 4": names with value and, when it is not 0, "/self", in pre-order. */
static const char *show(struct fixture *f)
{
	size_t n = 0;

	for (uint32_t i = 0; i < f->t.n; i++) {
		struct str name = f->t.sources[f->t.source[i]].name;

		n += (size_t)snprintf(f->text + n, sizeof f->text - n, "%s%.*s %lld", i ? " " : "",
		    STR_ARG(name), (long long)f->t.value[i]);
		if (f->t.self[i])
			n += (size_t)snprintf(
			    f->text + n, sizeof f->text - n, "/%lld", (long long)f->t.self[i]);
		assert_true(i == 0 ? f->t.parent[i] == UINT32_MAX : f->t.parent[i] < i);
	}
	return f->text;
}

static const struct stacks_options all = { 0 };

static void merges_stacks(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &all, "a;b 1", "a;c 4", "a;b 2", "a 5", "d;b 1");
	assert_string_equal(show(&f), "root 13 a 12/5 c 4/4 b 3/3 d 1 b 1/1");
	assert_int_equal(f.t.hidden, 0);
	assert_false(f.t.has_negative);
	/* b is one source in two places. */
	assert_int_equal(f.t.source[3], f.t.source[5]);
	release(&f);
}

/* Only stacks with the function count, each from its outermost frame on. */
static void grows_from_a_pivot(void **state)
{
	struct stacks_options o = { 0 };
	struct regex *pivot;
	struct fixture f;
	struct err e;

	(void)state;
	assert_int_equal(regex_new(&pivot, STR("^b$"), &e), OK);
	o.pivot = pivot;
	BUILD(&f, &o, "a;b;c 1", "d;b 4", "a;b;d;b;c 2", "a 5", "b 8");
	assert_string_equal(show(&f), "root 15 b 15/12 d 2 b 2 c 2/2 c 1/1");
	release(&f);
	o.outward = true;
	BUILD(&f, &o, "a;b;c 1", "d;b 4", "a;b;d;b;c 2", "a 5", "b 8");
	assert_string_equal(show(&f), "root 15 b 15/8 d 4/4 a 3/3");
	release(&f);
	regex_free(pivot);
}

static void check_sum(struct fixture *f, const struct stacks_options *o, const char *pattern,
    int64_t value, int64_t net)
{
	struct stacks_found found;
	struct regex *re;
	struct err e;

	assert_int_equal(regex_new(&re, str_c(pattern), &e), OK);
	assert_int_equal(stacks_sum(&found, &f->p, o, re, &e), OK);
	assert_int_equal(found.value, value);
	assert_int_equal(found.net, net);
	regex_free(re);
}

/* Each stack once, whatever the tree leaves out; from the pivot on in one direction only. */
static void sums_what_a_search_finds(void **state)
{
	struct stacks_options o = { .max_nodes = 2 };
	struct regex *pivot;
	struct fixture f;
	struct err e;

	(void)state;
	BUILD(&f, &o, "a;b;a 9", "a;d -3", "e;b 5", "e;f 1");
	check_sum(&f, &o, "^a$", 12, 6);
	check_sum(&f, &o, "b|f", 15, 15);
	check_sum(&f, &o, "nothing", 0, 0);
	assert_int_equal(regex_new(&pivot, STR("^b$"), &e), OK);
	o.pivot = pivot;
	check_sum(&f, &o, "^a$", 9, 9);
	check_sum(&f, &o, "e", 0, 0);
	o.outward = true;
	check_sum(&f, &o, "e", 5, 5);
	regex_free(pivot);
	release(&f);
}

static void keeps_signs_of_own_values(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &all, "a;b -3", "a;b 5", "a -1");
	assert_string_equal(show(&f), "root 9 a 9/1 b 8/8");
	assert_int_equal(f.t.self_net[1], -1);
	assert_int_equal(f.t.self_net[2], 2);
	assert_int_equal(f.t.net[0], 1);
	release(&f);
}

static void ties_go_by_name(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &all, "z 1", "a 1", "m 1");
	assert_string_equal(show(&f), "root 3 a 1/1 m 1/1 z 1/1");
	release(&f);
}

static void keeps_the_heaviest_nodes(void **state)
{
	struct stacks_options o = { .max_nodes = 4 };
	struct fixture f;

	(void)state;
	BUILD(&f, &o, "a;b;c 9", "a;d 3", "e 5", "e;f 1");
	assert_string_equal(show(&f), "root 18 a 12 b 9 c 9/9");
	assert_int_equal(f.t.hidden, 2); /* d and e; f below e is not known */
	release(&f);
}

static void leaves_out_small_shares(void **state)
{
	struct stacks_options o = { .min_share = 0.1 };
	struct fixture f;

	(void)state;
	BUILD(&f, &o, "a;b 90", "a;c 9", "d 1");
	assert_string_equal(show(&f), "root 100 a 99 b 90/90");
	assert_int_equal(f.t.hidden, 2);
	release(&f);
}

static void recursion_goes_deeper(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &all, "a;a;b 2", "a 1");
	assert_string_equal(show(&f), "root 3 a 3/1 a 2 b 2/2");
	release(&f);
}

static void differences_have_width_and_net(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &all, "a;b 5", "a;c -3", "z 0");
	assert_string_equal(show(&f), "root 8 a 8 b 5/5 c 3/3");
	assert_true(f.t.has_negative);
	assert_int_equal(f.t.net[0], 2);
	assert_int_equal(f.t.net[2], 5);
	assert_int_equal(f.t.net[3], -3);
	release(&f);
}

static void tells_inlined_sources(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &all, "a+b 5", "a;b 3");
	assert_string_equal(show(&f), "root 8 a 8 b 5/5 b 3/3");
	assert_true(f.t.sources[f.t.source[2]].inlined);
	assert_false(f.t.sources[f.t.source[3]].inlined);
	assert_true(str_is(f.t.sources[f.t.source[2]].unique, "b"));
	assert_true(str_is(f.t.sources[f.t.source[3]].unique, "b#1"));
	release(&f);
}

static void names_sources(void **state)
{
	struct stacks_options o = { .trim_path = STR("/src") };
	struct fixture f;
	const struct stack_source *s;

	(void)state;
	BUILD(&f, &o, "net/http.(*conn).serve@/src/net/server.go:7;@/src/x/y.c;ns::f;plain 1");
	s = &f.t.sources[f.t.source[1]];
	assert_true(str_is(s->name, "net/http.(*conn).serve:7"));
	assert_true(str_is(s->file, "net/server.go"));
	assert_true(str_is(s->package, "net/http"));
	s = &f.t.sources[f.t.source[2]];
	assert_true(str_is(s->name, "x/y.c"));
	assert_true(str_is(s->package, "x"));
	assert_true(str_is(f.t.sources[f.t.source[3]].package, "ns"));
	assert_true(str_is(f.t.sources[f.t.source[4]].package, ""));
	release(&f);
}

static void empty_profile(void **state)
{
	struct fixture f;

	(void)state;
	from_text(&f.p, NULL, 0);
	build(&f, &all);
	assert_string_equal(show(&f), "root 0");
	release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_stacks),
		cmocka_unit_test(grows_from_a_pivot),
		cmocka_unit_test(keeps_signs_of_own_values),
		cmocka_unit_test(ties_go_by_name),
		cmocka_unit_test(keeps_the_heaviest_nodes),
		cmocka_unit_test(leaves_out_small_shares),
		cmocka_unit_test(recursion_goes_deeper),
		cmocka_unit_test(differences_have_width_and_net),
		cmocka_unit_test(sums_what_a_search_finds),
		cmocka_unit_test(tells_inlined_sources),
		cmocka_unit_test(names_sources),
		cmocka_unit_test(empty_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
