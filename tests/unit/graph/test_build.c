/*
 * Building a graph from samples: values, edges, inlining, names, what is hidden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "graph_fixture.h"

static const struct graph_options plain = { .sort = GRAPH_SORT_FLAT };

static void adds_up_values(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &plain, "a;b 3", "a;b;c 4", "a 1");
	assert_string_equal(node_names(&f.g), "c b a");
	assert_int_equal(find_node(&f.g, "a")->flat, 1);
	assert_int_equal(find_node(&f.g, "a")->cum, 8);
	assert_int_equal(find_node(&f.g, "b")->flat, 3);
	assert_int_equal(find_node(&f.g, "b")->cum, 7);
	assert_int_equal(find_edge(&f.g, "a", "b")->weight, 7);
	assert_int_equal(find_edge(&f.g, "b", "c")->weight, 4);
	assert_int_equal(f.g.n_edges, 2);
	assert_false(find_edge(&f.g, "a", "b")->residual);
	fixture_release(&f);
}

static void recursion_counts_once(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &plain, "a;b;a;b;b 5");
	assert_int_equal(find_node(&f.g, "a")->cum, 5);
	assert_int_equal(find_node(&f.g, "b")->cum, 5);
	assert_int_equal(find_node(&f.g, "b")->flat, 5);
	assert_int_equal(find_edge(&f.g, "a", "b")->weight, 5);
	assert_int_equal(find_edge(&f.g, "b", "a")->weight, 5);
	assert_null(find_edge(&f.g, "b", "b"));
	fixture_release(&f);
}

static void zero_samples_do_not_exist(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &plain, "a;b 0", "c 1");
	assert_string_equal(node_names(&f.g), "c");
	assert_int_equal(f.g.n_all, 1);
	assert_int_equal(f.g.n_edges, 0);
	fixture_release(&f);
}

static void tells_inlined_calls(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &plain, "a+b 1", "a+b;c+d 1", "a;d 1");
	assert_true(find_edge(&f.g, "a", "b")->inlined);
	assert_false(find_edge(&f.g, "b", "c")->inlined);
	assert_true(find_edge(&f.g, "c", "d")->inlined);
	assert_false(find_edge(&f.g, "a", "d")->inlined);
	fixture_release(&f);
}

static void one_real_call_makes_an_edge_real(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &plain, "a+b 1", "a;b 1");
	assert_false(find_edge(&f.g, "a", "b")->inlined);
	fixture_release(&f);
}

/* Within a sample only the outermost traversal of an edge counts. */
static void outermost_traversal_decides(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &plain, "a+b;a;b 1");
	assert_true(find_edge(&f.g, "a", "b")->inlined);
	fixture_release(&f);
}

static void inline_marks_need_few_edges(void **state)
{
	struct graph_options o = { .inline_marks_only = true };
	struct fixture f;

	(void)state;
	BUILD(&f, &o, "r;a+b 1", "a;c 2", "r;b 2");
	assert_null(find_edge(&f.g, "a", "c"));
	assert_null(find_edge(&f.g, "r", "a"));
	assert_true(find_edge(&f.g, "a", "b")->inlined);
	assert_false(find_edge(&f.g, "r", "b")->inlined);
	fixture_release(&f);
}

static void cancelled_nodes_are_hidden(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &plain, "a;x 5", "b;x -5");
	assert_string_equal(node_names(&f.g), "a b");
	assert_int_equal(f.g.n_nodes, 2);
	assert_int_equal(f.g.n_all, 3);
	assert_int_equal(find_edge(&f.g, "a", "x")->weight, 5);
	assert_int_equal(find_edge(&f.g, "b", "x")->weight, -5);
	assert_int_equal(find_edge(&f.g, "a", "x")->dest, 2);
	fixture_release(&f);
}

static void drops_negative_nodes(void **state)
{
	struct graph_options o = { .drop_negative = true };
	struct fixture f;

	(void)state;
	BUILD(&f, &o, "a;x -5", "a;y 7", "b;z -1", "n -4");
	/* b has no flat value and a negative cum; n and the leaves a negative flat value. */
	assert_string_equal(node_names(&f.g), "y a");
	fixture_release(&f);
}

static void mean_keeps_divisors(void **state)
{
	struct graph_options o = { .mean = true, .value_index = 1 };
	struct fixture f;

	(void)state;
	BUILD(&f, &o, "a;b 2,10", "a;b 1,5", "a 4,0");
	assert_int_equal(find_node(&f.g, "b")->flat, 15);
	assert_int_equal(find_node(&f.g, "b")->flat_div, 3);
	assert_int_equal(find_node(&f.g, "a")->cum_div, 7);
	assert_int_equal(find_node(&f.g, "a")->flat_div, 4);
	assert_int_equal(find_edge(&f.g, "a", "b")->weight_div, 3);
	assert_int_equal(graph_value(15, 3), 5);
	assert_int_equal(graph_value(15, 0), 15);
	assert_true(graph_value(INT64_MIN, -1) == INT64_MIN);
	fixture_release(&f);
}

static void sums_wrap(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &plain, "a 9223372036854775807", "a 1");
	assert_true(find_node(&f.g, "a")->flat == INT64_MIN);
	fixture_release(&f);
}

/* So many frames that two threads sum them up. */
#define MANY       4400
#define DEEP       1000
#define N_FUNCTION 40

static void make_large(struct profile *p, int64_t flat[N_FUNCTION], int64_t cum[N_FUNCTION])
{
	static uint32_t stack[DEEP];
	struct builder b;
	char name[8];

	builder_begin(&b, p);
	builder_type(&b, "cpu", "nanoseconds");
	for (uint32_t i = 0; i < N_FUNCTION; i++) {
		snprintf(name, sizeof name, "f%u", i);
		builder_frame(&b, PROFILE_NONE, 0, builder_function(&b, name, "", 0), 0);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		bool seen[N_FUNCTION] = { false };
		int64_t value = i % 17;

		for (uint32_t k = 0; k < DEEP; k++) {
			stack[k] = (i * 7 + (k & i & 3)) % (N_FUNCTION - i % 13);
			cum[stack[k]] += seen[stack[k]] ? 0 : value;
			seen[stack[k]] = true;
		}
		flat[stack[0]] += value;
		builder_sample(&b, stack, DEEP, &value);
	}
	builder_finish(&b);
}

static void large_profiles_add_up(void **state)
{
	int64_t flat[N_FUNCTION] = { 0 }, cum[N_FUNCTION] = { 0 };
	struct fixture f;
	char name[8];

	(void)state;
	make_large(&f.p, flat, cum);
	fixture_build(&f, &plain);
	for (uint32_t i = 0; i < N_FUNCTION; i++) {
		const struct node *n;

		snprintf(name, sizeof name, "f%u", i);
		n = find_node(&f.g, name);
		assert_int_equal(n ? n->flat : 0, flat[i]);
		assert_int_equal(n ? n->cum : 0, cum[i]);
	}
	fixture_release(&f);
}

static void prints_names(void **state)
{
	struct graph_options o = { .trim_path = STR("/src") };
	struct fixture f;

	(void)state;
	BUILD(&f, &o, "f@/src/./x.c:7 4", "g@/src/y.c 3", "@/src/z.c 2", "h 1");
	assert_string_equal(node_names(&f.g), "f x.c:7 g y.c z.c h");
	fixture_release(&f);
}

static void equal_files_are_one(void **state)
{
	struct fixture f;

	(void)state;
	BUILD(&f, &plain, "f@a/b.c 1", "f@a//b.c 2", "f@./a/b.c 4");
	assert_int_equal(f.g.n_nodes, 1);
	assert_int_equal(f.g.nodes[0].flat, 7);
	fixture_release(&f);
}

static void nameless_nodes(void **state)
{
	struct mapping mapping = { .id = 1, .limit = 100 };
	struct location bare[] = { { .id = 1, .address = 0x1234, .mapping = 0 },
		{ .id = 2, .mapping = 0 }, { .id = 3, .mapping = PROFILE_NONE } };
	struct graph_options o = plain;
	struct fixture f;

	(void)state;
	FROM_TEXT(&f.p, "a 4", "b 2", "c 1");
	mapping.file = profile_intern(&f.p, STR("/bin/tool"));
	f.p.mappings = &mapping;
	f.p.n_mappings = 1;
	f.p.locations = bare;
	fixture_build(&f, &o);
	assert_string_equal(node_names(&f.g), "0000000000001234 [tool] [tool] <unknown>");
	fixture_release(&f);
}

static void empty_profile(void **state)
{
	struct fixture f;

	(void)state;
	from_text(&f.p, NULL, 0);
	fixture_build(&f, &plain);
	assert_int_equal(f.g.n_nodes, 0);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_values),
		cmocka_unit_test(recursion_counts_once),
		cmocka_unit_test(zero_samples_do_not_exist),
		cmocka_unit_test(tells_inlined_calls),
		cmocka_unit_test(one_real_call_makes_an_edge_real),
		cmocka_unit_test(outermost_traversal_decides),
		cmocka_unit_test(inline_marks_need_few_edges),
		cmocka_unit_test(cancelled_nodes_are_hidden),
		cmocka_unit_test(drops_negative_nodes),
		cmocka_unit_test(mean_keeps_divisors),
		cmocka_unit_test(sums_wrap),
		cmocka_unit_test(large_profiles_add_up),
		cmocka_unit_test(prints_names),
		cmocka_unit_test(equal_files_are_one),
		cmocka_unit_test(nameless_nodes),
		cmocka_unit_test(empty_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
