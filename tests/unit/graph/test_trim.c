/*
 * Trimming and order: what is dropped, what takes its place, what ties are broken by.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph_fixture.h"

static void drops_light_nodes(void **state)
{
	struct graph_options o = { .node_fraction = 0.1 };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a;b;c 96", "a;x 4");
	assert_string_equal(node_names(&f.g), "c a b");
	assert_int_equal(f.counts.dropped_nodes, 1);
	assert_int_equal(f.counts.orig_nodes, 3);
	assert_int_equal(f.counts.node_cutoff, 10);
	/* Its value does not move to the caller. */
	assert_int_equal(find_node(&f.g, "a")->flat, 0);
	assert_int_equal(find_node(&f.g, "a")->cum, 100);
	fixture_release(&f);
}

static void edges_reach_over_dropped_nodes(void **state)
{
	struct graph_options o = { .node_fraction = 0.1 };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a;x;b 6", "a;y;b 5", "a 50", "b 39");
	assert_true(find_edge(&f.g, "a", "b")->residual);
	assert_int_equal(find_edge(&f.g, "a", "b")->weight, 11);
	fixture_release(&f);
}

static void negative_weight_counts_as_weight(void **state)
{
	struct graph_options o = { .node_fraction = 0.5 };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a -90", "b 10", "c 1");
	/* Cutoff is |-79 * 0.5|. */
	assert_string_equal(node_names(&f.g), "a");
	assert_int_equal(f.counts.node_cutoff, 39);
	fixture_release(&f);
}

static void limits_the_number(void **state)
{
	struct graph_options o = { .node_count = 2 };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a;b 5", "a;c 4", "a;d 3");
	assert_string_equal(node_names(&f.g), "b c");
	assert_int_equal(f.counts.orig_nodes, 4);
	assert_int_equal(f.counts.dropped_nodes, 0);
	assert_int_equal(f.g.n_edges, 0);
	fixture_release(&f);
}

static void drops_light_edges(void **state)
{
	struct graph_options o = { .edge_fraction = 0.1 };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a;b 91", "c;b 9");
	assert_null(find_edge(&f.g, "c", "b"));
	assert_int_equal(find_edge(&f.g, "a", "b")->weight, 91);
	assert_int_equal(f.counts.dropped_edges, 1);
	assert_int_equal(find_node(&f.g, "c")->n_out, 0);
	fixture_release(&f);
}

static void hidden_nodes_vanish_when_others_do(void **state)
{
	struct graph_options o = { .node_fraction = 0.3 };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a;x 5", "b;x -5", "c 10", "d 1");
	assert_string_equal(node_names(&f.g), "c a b");
	assert_int_equal(f.g.n_all, 3);
	assert_int_equal(f.g.n_edges, 0);
	fixture_release(&f);
}

static void ties_go_by_name(void **state)
{
	struct graph_options o = { 0 };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "b;z 2", "a;y -2", "c;x 3", "m 0");
	assert_string_equal(node_names(&f.g), "x y z a b c");
	fixture_release(&f);
}

static void cum_order(void **state)
{
	struct graph_options o = { .sort = GRAPH_SORT_CUM };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a;b 2", "a;c 5");
	assert_string_equal(node_names(&f.g), "a c b");
	fixture_release(&f);
}

static void edges_lie_in_report_order(void **state)
{
	struct graph_options o = { 0 };
	struct fixture f;
	const struct node *a;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a;x 1", "a;z 7", "a;y 7", "b;x 3");
	a = find_node(&f.g, "a");
	assert_int_equal(a->n_out, 3);
	assert_ptr_equal(&f.g.edges[a->out[0]], find_edge(&f.g, "a", "y"));
	assert_ptr_equal(&f.g.edges[a->out[1]], find_edge(&f.g, "a", "z"));
	assert_ptr_equal(&f.g.edges[find_node(&f.g, "x")->in[0]], find_edge(&f.g, "b", "x"));
	fixture_release(&f);
}

/*
 * m passes all of one caller's value to one callee: the least interesting node. Once y is gone too
 * (it ties with x), j is no junction any more and comes last.
 */
static void entropy_prefers_junctions(void **state)
{
	struct graph_options o = { .visual = true, .node_count = 3 };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a;m;j;x 10", "a;m;j;y 10");
	assert_string_equal(node_names(&f.g), "a x j");
	assert_true(find_edge(&f.g, "a", "j")->residual);
	fixture_release(&f);
}

static void removes_redundant_edges(void **state)
{
	struct graph_options o = { .visual = true, .node_fraction = 0.2 };
	struct fixture f;

	(void)state;
	/* a reaches c through b, so the edge over the dropped x says nothing new. */
	BUILD_TRIMMED(&f, &o, "a;b;c 90", "a;x;c 10");
	assert_null(find_edge(&f.g, "a", "c"));
	assert_int_equal(find_edge(&f.g, "b", "c")->weight, 90);
	assert_int_equal(f.g.n_edges, 2);
	fixture_release(&f);
}

static void keeps_residual_edges_without_another_path(void **state)
{
	struct graph_options o = { .visual = true, .node_fraction = 0.2 };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "b;c 70", "a;x;c 10", "a 20");
	assert_true(find_edge(&f.g, "a", "c")->residual);
	fixture_release(&f);
}

static void call_tree_splits_paths(void **state)
{
	struct graph_options o = { .visual = true, .call_tree = true };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a;x;l 10", "b;x;l 4", "a;x;a 1");
	assert_int_equal(f.g.n_nodes, 7);
	for (uint32_t i = 0; i < f.g.n_nodes; i++)
		assert_true(f.g.nodes[i].n_in <= 1);
	assert_int_equal(f.g.n_edges, 5);
	assert_int_equal(find_edge(&f.g, "b", "x")->weight, 4);
	fixture_release(&f);
}

static void call_tree_lifts_over_dropped_nodes(void **state)
{
	struct graph_options o = { .visual = true, .call_tree = true, .node_count = 4 };
	struct fixture f;
	const struct edge *e;

	(void)state;
	/* m is the least interesting: its callees hang to a, inline only when both calls were. */
	BUILD_TRIMMED(&f, &o, "a+m+x 10", "a+m;y 9", "a 1");
	assert_int_equal(f.g.n_nodes, 3 + 1);
	fixture_release(&f);
	o.node_count = 3;
	BUILD_TRIMMED(&f, &o, "a+m+x 10", "a 1");
	assert_int_equal(f.g.n_nodes, 3);
	fixture_release(&f);
	o.node_count = 2;
	BUILD_TRIMMED(&f, &o, "a+m+x 10", "a 1");
	assert_int_equal(f.g.n_nodes, 2);
	e = find_edge(&f.g, "a", "x");
	assert_non_null(e);
	assert_true(e->residual);
	assert_true(e->inlined);
	assert_int_equal(e->weight, 10);
	fixture_release(&f);
}

static void call_tree_drops_light_paths(void **state)
{
	struct graph_options o = { .call_tree = true, .node_fraction = 0.2 };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a;b;x 9", "c;b;x 91");
	assert_string_equal(node_names(&f.g), "x b c");
	assert_int_equal(f.counts.dropped_nodes, 3);
	assert_int_equal(f.g.n_edges, 2);
	fixture_release(&f);
}

static void call_tree_children_of_a_dropped_root_are_roots(void **state)
{
	struct graph_options o = { .call_tree = true, .sort = GRAPH_SORT_FLAT, .node_count = 1 };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a;b 9");
	assert_string_equal(node_names(&f.g), "b");
	assert_int_equal(f.g.nodes[0].n_in, 0);
	assert_int_equal(f.g.n_edges, 0);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drops_light_nodes),
		cmocka_unit_test(edges_reach_over_dropped_nodes),
		cmocka_unit_test(negative_weight_counts_as_weight),
		cmocka_unit_test(limits_the_number),
		cmocka_unit_test(drops_light_edges),
		cmocka_unit_test(hidden_nodes_vanish_when_others_do),
		cmocka_unit_test(ties_go_by_name),
		cmocka_unit_test(cum_order),
		cmocka_unit_test(edges_lie_in_report_order),
		cmocka_unit_test(entropy_prefers_junctions),
		cmocka_unit_test(removes_redundant_edges),
		cmocka_unit_test(keeps_residual_edges_without_another_path),
		cmocka_unit_test(call_tree_splits_paths),
		cmocka_unit_test(call_tree_lifts_over_dropped_nodes),
		cmocka_unit_test(call_tree_drops_light_paths),
		cmocka_unit_test(call_tree_children_of_a_dropped_root_are_roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
