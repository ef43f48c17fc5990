/*
 * Holders by their names: stacks of roots and steps, as a program writes them, against the
 * variables and types of a binary.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gen/builder.h"
#include "object/types.h"
#include "profile/check.h"
#include "profile/retained.h"
#include "symbolize/sym_retained.h"
#include "unit/object/sample.h"

#define MOST 12

static const char *const compilers[] = { "holders-gcc", "holders-clang" };

struct world {
	struct profile p;
	struct builder b;
	const char *file;
	struct object *o; /* to ask for addresses */
	struct buf said, text;
};

static void keep(void *ctx, bool is_error, struct str text)
{
	struct world *w = ctx;

	assert_true(is_error);
	buf_add_str(&w->said, text);
}

static void begin(struct world *w, const char *sample)
{
	*w = (struct world){ .o = sample_open(sample) };
	w->file = object_path(w->o).p;
	builder_begin(&w->b, &w->p);
	builder_type(&w->b, "inuse_space", "bytes");
}

static void end(struct world *w)
{
	profile_release(&w->p);
	object_close(w->o);
	buf_release(&w->said);
	buf_release(&w->text);
}

/*
 * A stack from its root on: system names, then the function that allocated. In profiles the name
 * for people is another, and the newest builder_function has none for tools yet.
 */
static void add(struct world *w, const char *const *path, size_t n)
{
	uint32_t stack[MOST + 1];
	int64_t value = 1;

	stack[0] =
	    builder_frame(&w->b, PROFILE_NONE, 0, builder_function(&w->b, "make", "a.c", 0), 7);
	for (size_t i = 0; i < n; i++) {
		uint32_t f = builder_function(&w->b, "as given", w->file, 0);

		w->b.functions.p[f].system_name = profile_intern(&w->p, str_c(path[i]));
		stack[n - i] = builder_frame(&w->b, PROFILE_NONE, 0, f, 0);
	}
	builder_sample(&w->b, stack, n + 1, &value);
}

#define ADD(w, ...)                                                                                \
	add((w), (const char *const[]){ __VA_ARGS__ },                                             \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* The name of a word of a global. */
static const char *global(struct world *w, const char *name, unsigned offset, char out[128])
{
	snprintf(out, 128, "retained:global 0x%llx %.*s",
	    (unsigned long long)sample_symbol(w->o, name)->address + offset,
	    STR_ARG(object_build_id(w->o)));
	return out;
}

static void name_all(struct world *w)
{
	const struct ui ui = { .ctx = w, .line = keep };
	struct err e;

	builder_finish(&w->b);
	assert_int_equal(sym_retained_name(&w->p, &ui, &e), OK);
	assert_int_equal(profile_check(&w->p, &e), OK);
}

/* The holders of a sample, root first, with a bar between. */
static struct str path_of(struct world *w, size_t sample)
{
	size_t depth;
	const uint32_t *stack = sample_stack(&w->p, sample, &depth);

	buf_clear(&w->text);
	for (size_t i = depth; i-- > 0;) {
		const struct function *f = retained_function(&w->p, stack[i]);

		if (!retained_is_holder(&w->p, f)) {
			assert_int_equal(i, 0);
			break;
		}
		buf_printf(
		    &w->text, "%s%.*s", w->text.n ? "|" : "", STR_ARG(profile_str(&w->p, f->name)));
	}
	return buf_str(&w->text);
}

static void is_path(struct world *w, size_t sample, const char *want)
{
	assert_true(text_is(path_of(w, sample), want));
}

/* "global cache (holders.c:24)|…" */
static void is_path_of(
    struct world *w, size_t sample, const char *name, const char *mark, const char *rest)
{
	char want[256];

	snprintf(want, sizeof want, "global %s (holders.c:%lld)|%s", name,
	    (long long)sample_line(mark), rest);
	is_path(w, sample, want);
}

/* Entries of a chained table have one path, however long the chain is. */
static void check_table(const char *sample)
{
	const char *const rest = ".bucket[*]|->next*|->key";
	char root[128], first[128];
	struct world w;

	begin(&w, sample);
	global(&w, "cache", 8, root);
	ADD(&w, root, "retained:step 64 4096", "retained:step 8 24");
	ADD(&w, root, "retained:step 0 4096", "retained:step 0 24", "retained:step 8 24");
	ADD(&w, root, "retained:step 8 4096", "retained:step 0 24 repeated", "retained:step 8 24");
	/* The entries themselves. */
	ADD(&w, root, "retained:step 8 4096");
	/* Those that lie in the table itself have no loop of their own before them. */
	global(&w, "cache", 16 + 24 + 16, first);
	ADD(&w, first);
	name_all(&w);
	for (size_t i = 0; i < 3; i++)
		is_path_of(&w, i, "cache", "mark: cache", rest);
	is_path_of(&w, 3, "cache", "mark: cache", ".bucket[*]|->next*");
	is_path_of(&w, 4, "cache", "mark: cache", ".first[*].text");
	assert_int_equal(w.said.n, 0);
	end(&w);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		check_table(compilers[i]);
}

/* Two fields lead to their own type. */
static void check_tree(const char *sample)
{
	const char *const rest = "->(left|right)*|->value";
	char root[128];
	struct world w;

	begin(&w, sample);
	global(&w, "tree", 0, root);
	ADD(&w, root, "retained:step 8 24", "retained:step 16 24");
	ADD(&w, root, "retained:step 0 24", "retained:step 8 24 repeated", "retained:step 16 24");
	ADD(&w, root, "retained:step 0 24 repeated mixed", "retained:step 16 24");
	name_all(&w);
	for (size_t i = 0; i < 3; i++)
		is_path_of(&w, i, "tree", "mark: tree", rest);
	end(&w);
}

static void test_tree(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		check_tree(compilers[i]);
}

static void check_thread_local(const char *sample)
{
	struct object_types *types;
	uint64_t at = 0;
	char root[128], want[128];
	struct world w;
	struct err e;

	begin(&w, sample);
	assert_int_equal(object_types_new(&types, w.o, &e), OK);
	while (object_types_variable(types, at, true)->size != 8)
		at += 8;
	snprintf(root, sizeof root, "retained:tls 0x%llx", (unsigned long long)at);
	snprintf(want, sizeof want, "thread-local thread_tree (holders.c:%lld)|->left*",
	    (long long)sample_line("struct node *thread_tree"));
	object_types_free(types);
	ADD(&w, root, "retained:step 0 24");
	name_all(&w);
	is_path(&w, 0, want);
	end(&w);
}

static void test_thread_local(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		check_thread_local(compilers[i]);
}

/* Beyond what types say, and where words have no sense, there are offsets and names as given. */
static void test_unknown(void **state)
{
	char anything[128], cache[128], inside[128];
	struct world w;

	(void)state;
	begin(&w, "holders-gcc");
	global(&w, "anything", 0, anything);
	ADD(&w, anything, "retained:step 16 64", "retained:step -8 64");
	ADD(&w, anything, "retained:step 16 65536", "retained:step 0 32 mixed");
	ADD(&w, "retained:stack", "retained:step 16 64");
	ADD(&w, "retained:nowhere");
	ADD(&w, "retained:global 0x1 ");
	ADD(&w, "retained:global nothing");
	ADD(&w, "retained:step");
	ADD(&w, "retained:step 1");
	ADD(&w, "retained:step 1 x", "retained:");
	/* In the middle of a word of a struct there is no field; a step may leave its type. */
	global(&w, "cache", 3, cache);
	ADD(&w, cache);
	global(&w, "tree", 0, inside);
	ADD(&w, inside, "retained:step 40 64");
	ADD(&w, inside, "retained:step 9223372036854775807 18446744073709551615");
	name_all(&w);
	is_path_of(&w, 0, "anything", "void *anything", "->+16|->-8");
	is_path_of(&w, 1, "anything", "void *anything", "[*]|->...*");
	is_path(&w, 2, "as given|->+16");
	for (size_t i = 3; i < 8; i++)
		is_path(&w, i, "as given");
	is_path(&w, 8, "as given|as given");
	snprintf(cache, sizeof cache, "global cache (holders.c:%lld)",
	    (long long)sample_line("mark: cache"));
	is_path(&w, 9, cache);
	is_path_of(&w, 10, "tree", "mark: tree", "[*].value");
	end(&w);
}

/* A binary that is not there is said once; a name that was given stays. */
static void test_no_binary(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "holders-gcc");
	w.file = "/nowhere/program";
	ADD(&w, "retained:global 0x4000 00ff", "retained:step 0 24");
	ADD(&w, "retained:global 0x4008 00ff", "retained:step 0 24");
	name_all(&w);
	is_path(&w, 0, "as given|->+0");
	assert_true(str_find(buf_str(&w.said), STR("/nowhere/program")) != STR_NPOS);
	assert_true(str_find(str_skip(buf_str(&w.said), 30), STR("Variables of")) == STR_NPOS);
	end(&w);
}

/* Named once, a profile is left alone. */
static void test_twice(void **state)
{
	const struct function *before;
	char root[128];
	struct world w;
	struct err e;

	(void)state;
	begin(&w, "holders-gcc");
	global(&w, "tree", 0, root);
	ADD(&w, root, "retained:step 0 24");
	name_all(&w);
	is_path_of(&w, 0, "tree", "mark: tree", "->left*");
	before = w.p.functions;
	assert_int_equal(sym_retained_name(&w.p, NULL, &e), OK);
	is_path_of(&w, 0, "tree", "mark: tree", "->left*");
	assert_non_null(before);
	end(&w);
}

/* Whichever allocation fails, that is said, and the profile can be released. */
static void test_out_of_memory(void **state)
{
	enum err_code code = ERR_NOMEM;
	size_t n;

	(void)state;
	for (n = 1; code != OK && n < 1000; n++) {
		const struct ui ui = { .line = NULL };
		char root[128];
		struct world w;
		struct err e;

		begin(&w, "holders-gcc");
		global(&w, "tree", 0, root);
		ADD(&w, root, "retained:step 0 24", "retained:step 16 24");
		builder_finish(&w.b);
		alloc_fail_at(n);
		code = sym_retained_name(&w.p, &ui, &e);
		alloc_fail_at(0);
		assert_true(code == OK || code == ERR_NOMEM);
		end(&w);
	}
	assert_int_equal(code, OK);
	assert_true(n > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_thread_local),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_no_binary),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
