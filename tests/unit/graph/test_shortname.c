/*
 * Shortened function names, by language.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph/shortname.h"

struct row {
	const char *name, *want;
};

static void check(const struct row *rows, size_t n)
{
	struct arena a = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct str got = graph_short_name(str_c(rows[i].name), &a);

		if (!str_is(got, rows[i].want))
			fail_msg("%s: got \"%.*s\", want \"%s\"", rows[i].name, STR_ARG(got),
			    rows[i].want);
	}
	arena_release(&a);
}

#define CHECK(rows) check((rows), sizeof(rows) / sizeof *(rows))

static void shortens_go(void **state)
{
	static const struct row rows[] = {
		{ "example.org/me/tool/pkg.Run", "pkg.Run" },
		{ "example.org/me/tool.(*T).Run.func1", "tool.(*T).Run.func1" },
		{ "net/http.HandlerFunc.ServeHTTP", "http.HandlerFunc.ServeHTTP" },
		{ "example.org/me/tool/v2.Run", "tool.Run" },
		{ "example.org/me/tool/v12/sub.Run", "sub.Run" },
		{ "example.org/me/tool/v1.Run", "v1.Run" },
		{ "example.org/a-b/c.d/pkg.F[go.shape.int]", "pkg.F[go.shape.int]" },
		{ "main.main", "main.main" },
		{ "no/symbol/here", "no/symbol/here" },
		{ "a/.x", "a/.x" },
		{ "a//b.c", "/b.c" },
		{ "has space/pkg.F", "has space/pkg.F" },
	};

	(void)state;
	CHECK(rows);
}

static void shortens_java(void **state)
{
	static const struct row rows[] = {
		{ "com.example.Shop.buy(java.lang.String)", "Shop.buy" },
		{ "com.example.Shop.<init>(int)", "Shop.<init>" },
		{ "com.example.Shop$Cart.add$1", "Shop$Cart.add$1" },
		{ "Shop.buy", "Shop.buy" },
		{ "com.example.shop.buy", "com.example.shop.buy" },
		{ "com.example.Shop.Buy", "com.example.Shop.Buy" },
		{ "com.example.Shop.buy-x", "com.example.Shop.buy-x" },
	};

	(void)state;
	CHECK(rows);
}

static void shortens_cpp(void **state)
{
	static const struct row rows[] = {
		{ "shop::Cart::add", "Cart::add" },
		{ "a::b::c::Cart::~Cart", "Cart::~Cart" },
		{ "shop::Cart::add<int, std::pair<int, int> >",
		    "Cart::add<int, std::pair<int, int> >" },
		{ "shop::__Cart::add", "__Cart::add" },
		{ "shop::cart::add", "shop::cart::add" },
		{ "Cart::add", "Cart::add" },
		{ "shop::Cart::add::inner", "Cart::add" },
		{ "(anonymous namespace)::shop::Cart::add", "Cart::add" },
		{ "(anonymous namespace)::add", "add" },
		{ "shop::Cart::operator()", "Cart::operator" },
		{ "", "" },
	};

	(void)state;
	CHECK(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shortens_go),
		cmocka_unit_test(shortens_java),
		cmocka_unit_test(shortens_cpp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
