/*
 * Tags of nodes: label sets, sizes, and what they cost when nodes are chosen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph_fixture.h"

static const struct graph_options drawn = { .visual = true, .tags = true, .tag_unit = STR("auto") };

static const struct node_tags *tags_of(const struct fixture *f, const char *name)
{
	uint32_t tags = find_node(&f->g, name)->tags;

	assert_int_not_equal(tags, GRAPH_NONE);
	assert_true(tags < f->g.n_tags);
	return &f->g.tags[tags];
}

static void check(const struct tag *t, const char *name, int64_t flat, int64_t cum)
{
	assert_true(str_is(t->name, name));
	assert_int_equal(t->flat, flat);
	assert_int_equal(t->cum, cum);
}

static void groups_by_label_set(void **state)
{
	struct fixture f;
	const struct node_tags *t;

	(void)state;
	BUILD_TRIMMED(&f, &drawn, "a;b 3 z=1 k=v", "a;b 4 k=v z=1", "a 5 k=w", "a 1");
	t = tags_of(&f, "a");
	assert_int_equal(t->labels.n, 2);
	check(&t->labels.v[0], "k:v\\nz:1", 0, 7);
	check(&t->labels.v[1], "k:w", 5, 5);
	check(&tags_of(&f, "b")->labels.v[0], "k:v\\nz:1", 7, 7);
	fixture_release(&f);
}

static void sizes_belong_to_their_set(void **state)
{
	struct fixture f;
	const struct node_tags *t;

	(void)state;
	BUILD_TRIMMED(
	    &f, &drawn, "a 3 bytes#1024 k=v", "a 4 bytes#2048", "a 2 bytes#1024", "a 1 other#7");
	t = tags_of(&f, "a");
	assert_int_equal(t->labels.n, 1);
	assert_int_equal(t->numeric[0].n, 1);
	check(&t->numeric[0].v[0], "1kB", 3, 3);
	assert_int_equal(t->numeric[1].n, 2);
	check(&t->numeric[1].v[0], "1kB", 2, 2);
	check(&t->numeric[1].v[1], "2kB", 4, 4);
	assert_int_equal(t->numeric[1].v[1].value, 2048);
	fixture_release(&f);
}

static void sizes_that_print_alike_are_one(void **state)
{
	struct graph_options o = drawn;
	struct fixture f;

	(void)state;
	o.tag_unit = STR("kB");
	BUILD_TRIMMED(&f, &o, "a 3 bytes#1025", "a 4 bytes#1024");
	assert_int_equal(tags_of(&f, "a")->numeric[0].n, 1);
	check(&tags_of(&f, "a")->numeric[0].v[0], "1kB", 7, 7);
	assert_int_equal(tags_of(&f, "a")->numeric[0].v[0].value, 1025);
	fixture_release(&f);
}

static void recursion_counts_once(void **state)
{
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &drawn, "a;a;a 3 k=v");
	check(&tags_of(&f, "a")->labels.v[0], "k:v", 3, 3);
	fixture_release(&f);
}

static void marks_of_a_base_are_no_tags(void **state)
{
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &drawn, "a 3 pprof::base=true k=v", "b 1 pprof::base=true");
	check(&tags_of(&f, "a")->labels.v[0], "k:v", 3, 3);
	assert_int_equal(find_node(&f.g, "b")->tags, GRAPH_NONE);
	fixture_release(&f);
}

static void light_tags_go(void **state)
{
	struct graph_options o = drawn;
	struct fixture f;

	(void)state;
	o.node_fraction = 0.1;
	BUILD_TRIMMED(&f, &o, "a 91 k=v", "a 9 k=w");
	assert_int_equal(tags_of(&f, "a")->labels.n, 1);
	check(&tags_of(&f, "a")->labels.v[0], "k:v", 91, 91);
	fixture_release(&f);
}

static void tags_take_places(void **state)
{
	struct graph_options o = drawn;
	struct fixture f;

	(void)state;
	o.node_count = 3;
	BUILD_TRIMMED(&f, &o, "a 30 k=1", "b 20", "c 10", "d 5");
	/* a and its tag, then b. */
	assert_string_equal(node_names(&f.g), "a b");
	fixture_release(&f);
}

static void at_most_four_tags_of_a_node_count(void **state)
{
	struct graph_options o = drawn;
	struct fixture f;

	(void)state;
	o.node_count = 6;
	BUILD_TRIMMED(&f, &o, "a 30 k=1", "a 30 k=2", "a 30 k=3", "a 30 k=4", "a 30 k=5",
	    "a 30 k=6", "b 20", "c 10");
	assert_string_equal(node_names(&f.g), "a b");
	fixture_release(&f);
}

static void call_tree_has_tags_of_paths(void **state)
{
	struct graph_options o = drawn;
	struct fixture f;
	int64_t seen = 0;

	(void)state;
	o.call_tree = true;
	BUILD_TRIMMED(&f, &o, "a;x 3 k=v", "b;x 4 k=v");
	for (uint32_t i = 0; i < f.g.n_nodes; i++) {
		const struct node *n = &f.g.nodes[i];

		check(&f.g.tags[n->tags].labels.v[0], "k:v", n->flat, n->cum);
		seen += n->flat;
	}
	assert_int_equal(seen, 7);
	fixture_release(&f);
}

static void no_tags_unless_asked(void **state)
{
	struct graph_options o = { 0 };
	struct fixture f;

	(void)state;
	BUILD_TRIMMED(&f, &o, "a 3 k=v");
	assert_int_equal(f.g.n_tags, 0);
	assert_int_equal(find_node(&f.g, "a")->tags, GRAPH_NONE);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_by_label_set),
		cmocka_unit_test(sizes_belong_to_their_set),
		cmocka_unit_test(sizes_that_print_alike_are_one),
		cmocka_unit_test(recursion_counts_once),
		cmocka_unit_test(marks_of_a_base_are_no_tags),
		cmocka_unit_test(light_tags_go),
		cmocka_unit_test(tags_take_places),
		cmocka_unit_test(at_most_four_tags_of_a_node_count),
		cmocka_unit_test(call_tree_has_tags_of_paths),
		cmocka_unit_test(no_tags_unless_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
