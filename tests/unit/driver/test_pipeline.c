/* Views of a loaded profile: what percentages refer to, warnings, errors, and memory running out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "driver/pipeline.h"
#include "gen/builder.h"

static struct driver d;

/* main → a (30), main → b (70), the latter labelled key=v; two values, the second ten times. */
static int start(void **state)
{
	static const struct ui silent = { 0 };
	static const struct driver_faces none = { 0 };
	const int64_t values[][2] = { { 30, 300 }, { 70, 700 } };
	struct builder b;
	uint32_t m, f[3];

	(void)state;
	driver_init(&d, &silent, &none);
	builder_begin(&b, &d.profile);
	builder_type(&b, "samples", "count");
	builder_type(&b, "cpu", "nanoseconds");
	m = builder_mapping(&b, 0x1000, 0x9000, 0, "/bin/prog", "");
	f[0] = builder_frame(&b, m, 0x1100, builder_function(&b, "main", "main.c", 1), 5);
	f[1] = builder_frame(&b, m, 0x1200, builder_function(&b, "a", "a.c", 10), 11);
	f[2] = builder_frame(&b, m, 0x1300, builder_function(&b, "b", "b.c", 20), 22);
	builder_sample(&b, (const uint32_t[]){ f[1], f[0] }, 2, values[0]);
	builder_sample(&b, (const uint32_t[]){ f[2], f[0] }, 2, values[1]);
	builder_label(&b, "key", "v");
	builder_finish(&b);
	return 0;
}

static int end(void **state)
{
	(void)state;
	driver_release(&d);
	return 0;
}

static enum err_code view_of(
    const char *command, const char *param, struct view *v, struct buf *warnings, struct err *e)
{
	return pipeline_view(
	    v, &d, command_find(str_c(command)), str_c(param), &d.config, warnings, e);
}

static void warnings_are(const char *command, const char *want)
{
	struct buf warnings = { 0 };
	struct view v;
	struct err e;

	assert_int_equal(view_of(command, "", &v, &warnings, &e), OK);
	assert_string_equal(buf_c(&warnings), want);
	pipeline_release(&v);
	buf_release(&warnings);
}

static void fails(const char *command, const char *param, const char *message)
{
	struct buf warnings = { 0 };
	struct view v;
	struct err e;

	assert_int_not_equal(view_of(command, param, &v, &warnings, &e), OK);
	assert_string_equal(e.msg, message);
	assert_null(v.profile.sample_types);
	buf_release(&warnings);
}

static void totals_come_before_the_filters(void **state)
{
	struct buf warnings = { 0 };
	struct view v;
	struct err e;

	(void)state;
	d.config.focus = STR("^a$");
	assert_int_equal(view_of("top", "", &v, &warnings, &e), OK);
	assert_int_equal(v.options.total, 1000);
	assert_int_equal(v.profile.samples.n, 1);
	pipeline_release(&v);
	d.config.relative_percentages = true;
	assert_int_equal(view_of("top", "", &v, &warnings, &e), OK);
	assert_int_equal(v.options.total, 300);
	pipeline_release(&v);
	assert_int_equal(d.profile.samples.n, 2);
	buf_release(&warnings);
}

static void values_are_chosen_by_name(void **state)
{
	struct buf warnings = { 0 };
	struct view v;
	struct err e;

	(void)state;
	d.config.sample_index = STR("samples");
	d.config.mean = true;
	assert_int_equal(view_of("top", "", &v, &warnings, &e), OK);
	assert_int_equal(v.options.value_index, 0);
	assert_true(str_is(v.options.sample_type, "mean_samples"));
	assert_true(str_is(v.options.sample_unit, "count"));
	pipeline_release(&v);
	buf_release(&warnings);
}

static void label_frames_can_be_focused_on(void **state)
{
	struct buf warnings = { 0 };
	struct view v;
	struct err e;

	(void)state;
	d.config.tagroot = STR("key");
	d.config.focus = STR("^v$");
	assert_int_equal(view_of("top", "", &v, &warnings, &e), OK);
	assert_int_equal(v.profile.samples.n, 1);
	assert_string_equal(buf_c(&warnings), "");
	pipeline_release(&v);
	buf_release(&warnings);
}

static void the_command_decides_the_granularity(void **state)
{
	struct buf warnings = { 0 };
	struct view v;
	struct err e;

	(void)state;
	assert_int_equal(view_of("top", "", &v, &warnings, &e), OK);
	assert_int_equal(v.profile.locations[0].address, 0);
	assert_int_equal(v.profile.lines[0].line, 0);
	pipeline_release(&v);
	assert_int_equal(view_of("raw", "", &v, &warnings, &e), OK);
	assert_int_equal(v.profile.locations[0].address, 0x1100);
	pipeline_release(&v);
	assert_int_equal(view_of("disasm", "0x1200", &v, &warnings, &e), OK);
	assert_true(v.options.has_address);
	assert_int_equal(v.options.address, 0x1200);
	assert_non_null(v.options.symbol);
	pipeline_release(&v);
	buf_release(&warnings);
}

static void what_matches_nothing_is_told(void **state)
{
	(void)state;
	d.config.focus = d.config.ignore = d.config.hide = d.config.show = STR("nothing");
	d.config.show_from = d.config.tagshow = d.config.taghide = STR("nothing");
	d.config.tagfocus = d.config.tagignore = STR("nothing");
	d.config.tagroot = d.config.tagleaf = STR("absent"); /* becomes a file name */
	warnings_are("top", "TagRoot expression matched no samples\n"
			    "TagLeaf expression matched no samples\n"
			    "Focus expression matched no samples\n"
			    "Ignore expression matched no samples\n"
			    "Hide expression matched no samples\n"
			    "Show expression matched no samples\n"
			    "ShowFrom expression matched no samples\n"
			    "TagFocus expression matched no samples\n"
			    "TagIgnore expression matched no samples\n"
			    "TagShow expression matched no samples\n"
			    "TagHide expression matched no samples\n");
}

static void mistakes_are_told(void **state)
{
	(void)state;
	fails(
	    "peek", "(", "parsing argument regexp (: error parsing regexp: missing closing ): `(`");
	d.config.granularity = STR("nonsense");
	fails("top", "", "unexpected granularity");
	d.config.taghide = STR("(");
	fails("top", "", "parsing taghide regexp: error parsing regexp: missing closing ): `(`");
	d.config.prune_from = STR("[a");
	fails(
	    "top", "", "parsing prune_from regexp: error parsing regexp: missing closing ]: `[a`");
	d.config.divide_by = 0;
	fails("top", "", "zero divisor specified");
	d.config.sample_index = STR("2");
	fails("top", "", "sample_index 2 is outside the range [0..1]");
	d.config.sample_index = STR("x");
	fails("top", "", "sample_index \"x\" must be one of: [samples cpu]");
}

/* Every allocation of a view fails once: an error or a result, nothing lost, nothing half made. */
static void memory_may_run_out_anywhere(void **state)
{
	size_t failed = 0;
	bool reached = true;

	(void)state;
	d.config.focus = STR("main");
	d.config.hide = STR("nothing");
	d.config.tagfocus = STR("key=v");
	d.config.tagroot = STR("key");
	for (size_t n = 1; reached && n < 10000; n++) {
		struct buf out = { 0 };
		struct buf warnings = { 0 };
		enum err_code code;
		struct view v;
		struct err e;

		alloc_fail_at(n);
		code = view_of("tree", "", &v, &warnings, &e);
		if (code == OK)
			code = report_generate(&v.profile, &v.options, &out, &warnings, &e);
		reached = alloc_fail_at(0) >= n;
		pipeline_release(&v);
		buf_release(&out);
		buf_release(&warnings);
		failed += code == ERR_NOMEM;
		assert_true(code == OK || code == ERR_NOMEM);
	}
	assert_false(reached);
	assert_true(failed > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(totals_come_before_the_filters, start, end),
		cmocka_unit_test_setup_teardown(values_are_chosen_by_name, start, end),
		cmocka_unit_test_setup_teardown(label_frames_can_be_focused_on, start, end),
		cmocka_unit_test_setup_teardown(the_command_decides_the_granularity, start, end),
		cmocka_unit_test_setup_teardown(what_matches_nothing_is_told, start, end),
		cmocka_unit_test_setup_teardown(mistakes_are_told, start, end),
		cmocka_unit_test_setup_teardown(memory_may_run_out_anywhere, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
