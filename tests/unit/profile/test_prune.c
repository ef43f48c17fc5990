/* Pruning: drop_frames cuts from the root, prune_from from the leaf, both by simplified names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/heapframes.h"
#include "gen/builder.h"
#include "profile/check.h"
#include "profile/prune.h"
#include "unit/profile/samples_text.h"

/* Stacks, leaf first: "a b+i c b d"; and "alloc(int) user", and "alloc(int)" alone. */
static void make_profile(struct profile *p, const char *drop, const char *keep)
{
	static const uint32_t deep[] = { 0, 1, 2, 1, 3 }, heap[] = { 4, 5 };
	const int64_t one = 1;
	struct builder b;

	builder_begin(&b, p);
	builder_type(&b, "n", "count");
	builder_frame(&b, PROFILE_NONE, 1, builder_function(&b, "a", "", 0), 0);
	builder_location(&b, PROFILE_NONE, 2);
	builder_line(&b, builder_function(&b, "b", "", 0), 0, 0);
	builder_line(&b, builder_function(&b, "i", "", 0), 0, 0);
	builder_frame(&b, PROFILE_NONE, 3, builder_function(&b, "c", "", 0), 0);
	builder_frame(&b, PROFILE_NONE, 4, builder_function(&b, "d", "", 0), 0);
	builder_frame(&b, PROFILE_NONE, 5, builder_function(&b, ".alloc(int)", "", 0), 0);
	builder_frame(&b, PROFILE_NONE, 6, builder_function(&b, "user", "", 0), 0);
	builder_sample(&b, deep, 5, &one);
	builder_sample(&b, heap, 2, &one);
	builder_sample(&b, heap, 1, &one);
	builder_finish(&b);
	p->drop_frames = profile_intern(p, str_c(drop));
	p->keep_frames = profile_intern(p, str_c(keep));
}

static void uninteresting(const char *drop, const char *keep, const char *expected)
{
	struct profile p;
	struct err e;

	make_profile(&p, drop, keep);
	assert_int_equal(profile_remove_uninteresting(&p, &e), OK);
	assert_int_equal(profile_check(&p, &e), OK);
	expect_samples(&p, expected);
	profile_release(&p);
}

#define UNCHANGED "1 a b+i c b+i d\n1 .alloc(int) user\n1 .alloc(int)\n"

static void drop_frames_cut_from_the_root(void **state)
{
	(void)state;
	uninteresting("i", "", "1 d\n1 .alloc(int) user\n1 .alloc(int)\n");
	/* b is inside i: only it goes from its location, and all below. */
	uninteresting("b", "", "1 i d\n1 .alloc(int) user\n1 .alloc(int)\n");
	uninteresting("a", "", "1 b+i c b+i d\n1 .alloc(int) user\n1 .alloc(int)\n");
	/* The argument list and the dot do not count; a stack of nothing else stays. */
	uninteresting("alloc", "", "1 a b+i c b+i d\n1 user\n1 .alloc(int)\n");
	/* Both ends are anchored, around the whole expression. */
	uninteresting("all|xuser", "", UNCHANGED);
	/* Without a user frame above it a match is no reason to cut. */
	uninteresting("d", "", UNCHANGED);
	uninteresting("c|d", "", "1 b+i d\n1 .alloc(int) user\n1 .alloc(int)\n");
	uninteresting("[a-c]|i", "c|b|i", "1 b+i c b+i d\n1 .alloc(int) user\n1 .alloc(int)\n");
}

/* A vector that grows, and a string: what C++ has between them and malloc is not shown. */
static void heap_profiles_blame_who_asked(void **state)
{
	static const uint32_t vector[] = { 0, 1, 2 }, string[] = { 3, 2 };
	const int64_t one = 1;
	struct builder b;
	struct profile p;
	struct err e;

	(void)state;
	builder_begin(&b, &p);
	builder_type(&b, "inuse_space", "bytes");
	builder_frame(
	    &b, PROFILE_NONE, 1, builder_function(&b, "operator new(unsigned long)", "", 0), 0);
	builder_location(&b, PROFILE_NONE, 2);
	builder_line(&b, builder_function(&b, "std::__new_allocator::allocate", "", 0), 0, 0);
	builder_line(&b, builder_function(&b, "std::allocator_traits::allocate", "", 0), 0, 0);
	builder_line(&b, builder_function(&b, "std::_Vector_base::_M_allocate", "", 0), 0, 0);
	builder_frame(&b, PROFILE_NONE, 3, builder_function(&b, "user", "", 0), 0);
	builder_frame(&b, PROFILE_NONE, 4, builder_function(&b, "operator new[]", "", 0), 0);
	builder_sample(&b, vector, 3, &one);
	builder_sample(&b, string, 2, &one);
	builder_finish(&b);
	p.drop_frames = profile_intern(&p, STR(HEAP_DROP_FRAMES));
	assert_int_equal(profile_remove_uninteresting(&p, &e), OK);
	expect_samples(&p, "1 std::_Vector_base::_M_allocate user\n1 user\n");
	profile_release(&p);
}

static void bad_expressions_are_ignored(void **state)
{
	(void)state;
	uninteresting("(", "", UNCHANGED);
	uninteresting("a", "(", UNCHANGED);
	uninteresting("", "a", UNCHANGED);
}

static void prune_from(const char *pattern, const char *expected)
{
	struct regex *re;
	struct profile p;
	struct err e;

	make_profile(&p, "", "");
	assert_int_equal(regex_new(&re, str_c(pattern), &e), OK);
	assert_int_equal(profile_prune_from(&p, re, &e), OK);
	assert_int_equal(profile_check(&p, &e), OK);
	expect_samples(&p, expected);
	profile_release(&p);
	regex_free(re);
}

static void prune_from_keeps_the_match(void **state)
{
	(void)state;
	prune_from("^b$", "1 b+i c b+i d\n1 .alloc(int) user\n1 .alloc(int)\n");
	prune_from("^i$", "1 i c i d\n1 .alloc(int) user\n1 .alloc(int)\n");
	prune_from("^d$", "1 d\n1 .alloc(int) user\n1 .alloc(int)\n");
	prune_from("user", "1 a b+i c b+i d\n1 user\n1 .alloc(int)\n");
	prune_from("int", UNCHANGED);
}

static void simple(const char *name, const char *expected)
{
	struct str got = prune_simple_name(str_c(name));

	if (!str_is(got, expected))
		fail_msg("%s becomes %.*s instead of %s", name, STR_ARG(got), expected);
}

static void names_lose_their_argument_lists(void **state)
{
	(void)state;
	simple("f(int)", "f");
	simple(".f", "f");
	simple("..f", ".f");
	simple("(anonymous namespace)::f(int)", "(anonymous namespace)::f");
	simple("A::operator()(int) const", "A::operator()");
	simple("main.(*T).method", "main.");
	simple("operator(", "operator");
	simple("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drop_frames_cut_from_the_root),
		cmocka_unit_test(heap_profiles_blame_who_asked),
		cmocka_unit_test(bad_expressions_are_ignored),
		cmocka_unit_test(prune_from_keeps_the_match),
		cmocka_unit_test(names_lose_their_argument_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
