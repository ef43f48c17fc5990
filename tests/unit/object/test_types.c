/* Variables and types of binaries: which variable lies where, and what is at an offset in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "object/types.h"
#include "unit/object/sample.h"

static const char *const compilers[] = { "holders-gcc", "holders-clang" };

struct world {
	struct object *o;
	struct object_types *t;
	struct buf path;
};

static void begin(struct world *w, const char *name)
{
	struct err e;

	*w = (struct world){ .o = sample_open(name) };
	assert_int_equal(object_types_new(&w->t, w->o, &e), OK);
}

static void end(struct world *w)
{
	object_types_free(w->t);
	object_close(w->o);
	buf_release(&w->path);
}

/* The variable of a symbol. */
static const struct object_variable *variable(struct world *w, const char *name)
{
	uint64_t at = sample_symbol(w->o, name)->address;
	const struct object_variable *v = object_types_variable(w->t, at, false);

	assert_non_null(v);
	assert_int_equal(v->address, at);
	return v;
}

static struct object_place go(struct world *w, object_type type, uint64_t offset, const char *want)
{
	struct object_place place;

	buf_clear(&w->path);
	assert_true(object_types_descend(w->t, type, offset, &w->path, &place));
	assert_true(text_is(buf_str(&w->path), want));
	return place;
}

static bool nothing_at(struct world *w, object_type type, uint64_t offset)
{
	struct object_place place;

	return !object_types_descend(w->t, type, offset, &w->path, &place);
}

/* Number of the line of the source that has this text. */
static int64_t line_of(const char *text)
{
	char line[256];
	FILE *f = fopen(HOLDERS_C, "r");
	int64_t n = 1;

	assert_non_null(f);
	while (fgets(line, sizeof line, f) && !strstr(line, text))
		n++;
	fclose(f);
	return n;
}

static void check_variables(const char *name)
{
	const struct object_variable *v, *kept;
	struct world w;

	begin(&w, name);
	v = variable(&w, "cache");
	assert_true(text_is(v->name, "cache"));
	assert_int_equal(v->line, line_of("mark: cache"));
	assert_true(str_ends(v->file, STR("holders.c")));
	assert_int_equal(v->size, 16 + 4 * 24);
	/* Its last byte is its own, the one behind is not. */
	assert_ptr_equal(object_types_variable(w.t, v->address + v->size - 1, false), v);
	assert_ptr_not_equal(object_types_variable(w.t, v->address + v->size, false), v);
	assert_null(object_types_variable(w.t, 1, false));
	assert_null(object_types_variable(w.t, UINT64_MAX, false));
	/* Its address is no offset in thread-local storage. */
	assert_null(object_types_variable(w.t, v->address, true));
	/* A static variable of a function: compilers number its symbol. */
	for (uint64_t at = v->address & ~0xfffULL; at < v->address + 0x1000; at++) {
		kept = object_types_variable(w.t, at, false);
		if (kept && str_is(kept->name, "kept"))
			break;
		kept = NULL;
	}
	assert_true(kept && kept->line == line_of("mark: kept"));
	end(&w);
}

static void test_variables(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		check_variables(compilers[i]);
}

static void check_thread_local(const char *name)
{
	bool tree = false, table = false;
	struct world w;

	begin(&w, name);
	for (uint64_t at = 0; at < 8 + 112; at += 8) {
		const struct object_variable *v = object_types_variable(w.t, at, true);

		assert_non_null(v);
		tree |= v->size == 8 && str_is(v->name, "thread_tree");
		table |= v->size == 112 && str_is(v->name, "thread_cache");
	}
	assert_true(tree && table);
	assert_null(object_types_variable(w.t, 4096, true));
	end(&w);
}

static void test_thread_local(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		check_thread_local(compilers[i]);
}

static void check_fields(const char *name)
{
	struct object_place place;
	object_type entry, node, to;
	struct world w;

	begin(&w, name);
	/* struct table: a pointer to pointers, then entries within. */
	place = go(&w, variable(&w, "cache")->type, 8, ".bucket");
	assert_true(object_types_is_pointer(w.t, place.to, &entry));
	assert_int_equal(object_types_size(w.t, place.to), 8);
	assert_int_equal(object_types_size(w.t, entry), 24);
	/* Any element of an array is like the first; an unnamed union's fields are the struct's. */
	place = go(&w, variable(&w, "cache")->type, 16, ".first[*].next");
	assert_int_equal(place.to, entry);
	assert_int_equal(place.in, entry);
	place = go(&w, variable(&w, "cache")->type, 16 + 3 * 24 + 16, ".first[*].text");
	assert_int_equal(object_types_size(w.t, place.to), 1);
	assert_true(nothing_at(&w, variable(&w, "cache")->type, 16 + 4 * 24));
	/* A number is a way to nowhere, and only where it begins. */
	place = go(&w, variable(&w, "cache")->type, 0, ".n");
	assert_int_equal(place.to, 0);
	assert_true(nothing_at(&w, variable(&w, "cache")->type, 1));
	/* A pointer variable has no field. */
	place = go(&w, variable(&w, "tree")->type, 0, "");
	node = place.to;
	assert_int_equal(object_types_size(w.t, node), 24);
	place = go(&w, node, 8, ".right");
	assert_int_equal(place.to, node);
	assert_false(object_types_is_pointer(w.t, node, &to));
	end(&w);
}

static void test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		check_fields(compilers[i]);
}

static void check_odd_types(const char *name)
{
	const struct object_variable *v;
	struct object_place place;
	object_type to = 1;
	struct world w;

	begin(&w, name);
	/* Qualifiers and names of types are looked through; arrays of arrays are one. */
	v = variable(&w, "refs");
	assert_int_equal(v->size, 48);
	place = go(&w, v->type, 40, "[*]");
	assert_int_equal(object_types_size(w.t, place.to), 24);
	/* Declared only, and void: pointers, but nobody knows to what. */
	place = go(&w, variable(&w, "opaque")->type, 0, "");
	assert_int_equal(object_types_size(w.t, place.to), 0);
	assert_true(object_types_is_pointer(w.t, variable(&w, "anything")->type, &to));
	assert_int_equal(to, 0);
	/* A struct without a name in one with bit fields. */
	v = variable(&w, "outer");
	place = go(&w, v->type, 8, ".queue.head");
	assert_int_equal(object_types_size(w.t, place.to), 24);
	place = go(&w, v->type, 32, ".more[*]");
	assert_int_equal(object_types_size(w.t, place.to), 24);
	place = go(&w, v->type, 56, ".conn.link.prev");
	assert_int_equal(place.to, place.in);
	/* Nothing is known of a type that is none. */
	assert_true(nothing_at(&w, 0, 0));
	assert_int_equal(object_types_size(w.t, 0), 0);
	assert_false(object_types_is_pointer(w.t, 0, &to));
	end(&w);
}

static void test_odd_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		check_odd_types(compilers[i]);
}

static void test_cxx(void **state)
{
	const struct object_variable *v;
	struct object_place place;
	object_type derived;
	struct world w;

	(void)state;
	begin(&w, "holders-cxx");
	v = variable(&w, "_ZN3app8registryE");
	assert_true(text_is(v->name, "registry"));
	assert_int_equal(v->size, 48);
	/* The table of virtual functions, the field of the base class, its own. */
	place = go(&w, v->type, 24 + 8, "[*].payload");
	assert_int_equal(place.to, 0);
	place = go(&w, v->type, 24 + 16, "[*].peer");
	derived = place.to;
	assert_int_equal(object_types_size(w.t, derived), 24);
	v = variable(&w, "_ZN3app7derived6sharedE");
	assert_true(object_types_is_pointer(w.t, v->type, &derived));
	assert_int_equal(derived, place.to);
	v = variable(&w, "_ZN3app5aliasE");
	assert_true(object_types_is_pointer(w.t, v->type, &derived));
	assert_int_equal(derived, place.to);
	end(&w);
}

/* Whichever allocation fails, that is said. */
static void test_out_of_memory(void **state)
{
	struct object *o = sample_open("holders-gcc");
	enum err_code code = ERR_NOMEM;
	struct object_types *first;
	struct err ignored;
	size_t n;

	(void)state;
	/* Opens its debug information, which would count as missing. */
	assert_int_equal(object_types_new(&first, o, &ignored), OK);
	object_types_free(first);
	for (n = 1; code != OK && n < 1000; n++) {
		struct object_types *t;
		struct err e;

		alloc_fail_at(n);
		code = object_types_new(&t, o, &e);
		alloc_fail_at(0);
		assert_true(code == OK || (code == ERR_NOMEM && !t));
		object_types_free(t);
	}
	assert_int_equal(code, OK);
	assert_true(n > 3);
	object_close(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_thread_local),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_odd_types),
		cmocka_unit_test(test_cxx),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
