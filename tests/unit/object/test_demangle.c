/* Names from mangled and from half-readable ones, in every mode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "object/demangle.h"

static void check(const char *name, enum demangle_mode mode, const char *want)
{
	struct buf b = { 0 };

	demangle_function(str_c(name), mode, &b);
	assert_string_equal(buf_c(&b), want);
	if (demangle_is_plain(str_c(name)))
		assert_string_equal(name, want);
	buf_release(&b);
}

static void test_default(void **state)
{
	(void)state;
	check("_Z3fooi", DEMANGLE_DEFAULT, "foo");
	check("_ZN2ns3BoxIiE3getEv", DEMANGLE_DEFAULT, "ns::Box::get");
	check("_ZN2ns3BoxIS0_IiEE3getEv", DEMANGLE_DEFAULT, "ns::Box::get");
	check("_ZNK2ns3BoxIiElsEi", DEMANGLE_DEFAULT, "ns::Box::operator<<");
	check("_ZNK2ns3BoxIiEltERKS1_", DEMANGLE_DEFAULT, "ns::Box::operator<");
	check("_ZN2ns3BoxIiEptEv", DEMANGLE_DEFAULT, "ns::Box::operator->");
	check("_ZN2ns3BoxIiEclEi", DEMANGLE_DEFAULT, "ns::Box::operator()");
	check("_ZN12_GLOBAL__N_12An1fEi", DEMANGLE_DEFAULT, "(anonymous namespace)::An::f");
	check("_ZZN2ns5outerEiENKUliE_clEi", DEMANGLE_DEFAULT,
	    "ns::outer()::{lambda(int)#1}::operator()");
	check("_ZZNK2ns1M1mEiENKUliE_clEi", DEMANGLE_DEFAULT,
	    "ns::M::m() const::{lambda(int)#1}::operator()");
	check("_ZZ4workiENK3$_0clEl", DEMANGLE_DEFAULT, "work()::$_0::operator()");
	check("_ZSt4sortIPiEvT_S1_", DEMANGLE_DEFAULT, "std::sort");
	check("_Z3foov.part.0", DEMANGLE_DEFAULT, "foo");
}

static void test_templates_and_full(void **state)
{
	(void)state;
	check("_ZN2ns3BoxIiE3getEl", DEMANGLE_TEMPLATES, "ns::Box<int>::get");
	check("_ZN2ns3BoxIiE3getEl", DEMANGLE_FULL, "ns::Box<int>::get(long)");
	check("_Z3foov.part.0", DEMANGLE_FULL, "foo()");
	/* An empty pack: libiberty alone would write "A<B<>>". */
	check("_ZN1AI1BIJEEE1fEv", DEMANGLE_TEMPLATES, "A<B<> >::f");
	check("_ZN1AI1BIJEEE1fEv", DEMANGLE_FULL, "A<B<> >::f()");
	check("_ZSt4sortIPiEvT_S1_", DEMANGLE_FULL, "void std::sort<int*>(int*, int*)");
	check("_ZZN2ns5outerEiENKUliE_clEi", DEMANGLE_TEMPLATES,
	    "ns::outer()::{lambda(int)#1}::operator()");
}

static void test_rust(void **state)
{
	(void)state;
	check("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", DEMANGLE_DEFAULT,
	    "core::fmt::Formatter::pad");
	check("_RNvCs1234_7mycrate3foo", DEMANGLE_DEFAULT, "mycrate::foo");
	check("_RNvCs1234_7mycrate3foo", DEMANGLE_FULL, "mycrate::foo");
	check("_RNvCs1234_7mycrate3foo", DEMANGLE_NONE, "_RNvCs1234_7mycrate3foo");
	/* core::iter::adapters::map::map_fold::<u32, _>, a method of a trait, and a closure */
	check(
	    "_RINvNtCs1_4core4iter8map_foldmE", DEMANGLE_TEMPLATES, "core::iter::map_fold::<u32>");
	check("_RINvNtCs1_4core4iter8map_foldmE", DEMANGLE_DEFAULT, "core::iter::map_fold::<u32>");
	check("_RNCNvCs1_1a4main0", DEMANGLE_DEFAULT, "a::main::{closure#0}");
	/* The old form: escapes, a trait's implementation, what LLVM appends. */
	check("_ZN4core3ptr13drop_in_place17h0123456789abcdefE.llvm.7", DEMANGLE_DEFAULT,
	    "core::ptr::drop_in_place");
	check("_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt"
	      "17h0123456789abcdefE",
	    DEMANGLE_DEFAULT, "<alloc::string::String as core::fmt::Display>::fmt");
}

static void test_none(void **state)
{
	(void)state;
	check("_Z3fooi", DEMANGLE_NONE, "_Z3fooi");
	check("std::sort<int>(int)", DEMANGLE_NONE, "std::sort<int>(int)");
}

static void test_readable_already(void **state)
{
	(void)state;
	check("main", DEMANGLE_DEFAULT, "main");
	check("std::vector<int>::push_back(int&&)", DEMANGLE_DEFAULT, "std::vector::push_back");
	check("std::vector<int>::push_back(int&&)", DEMANGLE_TEMPLATES,
	    "std::vector<int>::push_back");
	check("std::vector<int>::push_back(int&&)", DEMANGLE_FULL,
	    "std::vector<int>::push_back(int&&)");
	check("foo(int)", DEMANGLE_DEFAULT, "foo(int)"); /* nothing says C++ */
	check("runtime.(*mcache).refill", DEMANGLE_DEFAULT, "runtime.(*mcache).refill");
	check("main.sum[go.shape.int].func1", DEMANGLE_DEFAULT, "main.sum[go.shape.int].func1");
	check("java.lang.Object.<init>", DEMANGLE_DEFAULT, "java.lang.Object.<init>");
	check("main.(*List[...]).Push", DEMANGLE_DEFAULT, "main.(*List[...]).Push");
	check("a::b)c(d)", DEMANGLE_DEFAULT, "a::b)c(d)");
	check("", DEMANGLE_DEFAULT, "");
}

static void test_odd_input(void **state)
{
	struct buf b = { 0 };
	static char longest[DEMANGLE_MAX];

	(void)state;
	assert_false(demangle_symbol((struct str){ "_Z3fo\0o", 8 }, DEMANGLE_FULL, &b));
	assert_false(demangle_symbol(STR("_Z"), DEMANGLE_FULL, &b));
	assert_int_equal(b.n, 0);
	memset(longest, 'P', sizeof longest);
	memcpy(longest, "_Z1f", 4);
	assert_false(demangle_symbol((struct str){ longest, sizeof longest }, DEMANGLE_FULL, &b));
	buf_clear(&b);
	(void)demangle_symbol((struct str){ longest, 4000 }, DEMANGLE_FULL, &b);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_templates_and_full),
		cmocka_unit_test(test_rust),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_readable_already),
		cmocka_unit_test(test_odd_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
