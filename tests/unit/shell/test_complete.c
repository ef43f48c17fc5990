/* What Tab offers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shell/complete.h"

static struct driver d;
static struct arena arena;

static int start(void **state)
{
	static const char *const names[] = { "main.handler", "main.remember", "fmt.Sprint",
		"big.(*T).M" };
	struct profile *p = &d.profile;
	struct function *functions;
	struct err e;

	(void)state;
	config_init(&d.config);
	if (profile_init(p, &e) != OK)
		return -1;
	functions = ARENA_ARRAY(&p->arena, struct function, 4);
	for (uint32_t i = 0; i < 4; i++)
		functions[i].name = profile_intern(p, str_c(names[i]));
	p->functions = functions;
	p->n_functions = 4;
	p->sample_types = ARENA_ARRAY(&p->arena, struct value_type, 2);
	p->n_sample_types = 2;
	p->sample_types[0].type = profile_intern(p, STR("alloc_space"));
	p->sample_types[1].type = profile_intern(p, STR("inuse_space"));
	return 0;
}

static int end(void **state)
{
	(void)state;
	driver_release(&d);
	arena_release(&arena);
	return 0;
}

static void one(const char *line, const char *candidate)
{
	struct completion c;

	complete_line(&d, str_c(line), &arena, &c);
	assert_int_equal(c.n, 1);
	assert_true(str_is(c.v[0], candidate));
	assert_true(str_is(c.common, candidate));
}

static void first_words_are_commands_and_options(void **state)
{
	struct completion c;

	(void)state;
	one("wEBl", "weblist");
	one("help pru", "prune_from");
	one("noinl", "noinlines");
	complete_line(&d, STR("tagf"), &arena, &c);
	assert_int_equal(c.n, 1);
	complete_line(&d, STR("tag"), &arena, &c);
	assert_true(c.n > 4);
	assert_true(str_is(c.common, "tag"));
	complete_line(&d, STR("zzz"), &arena, &c);
	assert_int_equal(c.n, 0);
}

static void later_words_are_functions(void **state)
{
	struct completion c;

	(void)state;
	one("list hand", "main.handler");
	one("top 5 -Spri", "-fmt.Sprint");
	one("top10 -Spri", "-fmt.Sprint");
	/* What is special in a pattern is escaped, and understood when it was typed. */
	one("list (*T", "big.\\(\\*T\\).M");
	one("list big.\\(\\*T\\)", "big.\\(\\*T\\).M");
	complete_line(&d, STR("peek main"), &arena, &c);
	assert_int_equal(c.n, 2);
	assert_int_equal(c.start, 5);
	assert_true(str_is(c.common, "main."));
	complete_line(&d, STR("tags main"), &arena, &c);
	assert_int_equal(c.n, 0);
	complete_line(&d, STR("foo main"), &arena, &c);
	assert_int_equal(c.n, 0);
}

static void values_follow_an_equals_sign(void **state)
{
	(void)state;
	one("sort=c", "cum");
	one("granularity=filef", "filefunctions");
	one("sample_index=inu", "inuse_space");
	one("mean=t", "true");
	one("unit=m", "minimum");
	one("focus=hand", "main.handler");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_words_are_commands_and_options),
		cmocka_unit_test(later_words_are_functions),
		cmocka_unit_test(values_follow_an_equals_sign),
	};

	return cmocka_run_group_tests(tests, start, end);
}
