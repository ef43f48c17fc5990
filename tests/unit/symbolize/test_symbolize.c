/* Profiles with addresses get names: from the sample program, from a server, by demangling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "symbolize/symbolize.h"
#include "unit/net/loopback.h"
#include "unit/object/sample.h"

/* Messages a test has seen, a line each. */
static struct buf said;

static void keep_line(void *ctx, bool is_error, struct str text)
{
	(void)ctx;
	(void)is_error;
	buf_add_str(&said, text);
	buf_char(&said, '\n');
}

static const struct ui ui = { .line = keep_line };

static int clear_said(void **state)
{
	(void)state;
	buf_clear(&said);
	return 0;
}

#define START 0x7f0000001000u

/* One mapping of `file` and n locations at start + offsets[i]. */
static void make(struct profile *p, const char *file, const char *build_id, uint64_t offset,
    const uint64_t *offsets, uint32_t n)
{
	struct err e;
	struct mapping *m;
	struct location *l;

	assert_int_equal(profile_init(p, &e), OK);
	m = ARENA_NEW(&p->arena, struct mapping);
	l = ARENA_ARRAY(&p->arena, struct location, n);
	assert_non_null(m);
	assert_non_null(l);
	*m = (struct mapping){ .id = 1,
		.start = START,
		.limit = START + 0x1000,
		.offset = offset,
		.file = profile_intern(p, str_c(file)),
		.build_id = profile_intern(p, str_c(build_id)) };
	for (uint32_t i = 0; i < n; i++)
		l[i] = (struct location){ .id = i + 1, .address = START + offsets[i] };
	p->mappings = m;
	p->n_mappings = 1;
	p->locations = l;
	p->n_locations = n;
}

static struct str line_name(const struct profile *p, uint32_t location, uint32_t i)
{
	const struct line *line = location_lines(p, &p->locations[location]) + i;

	return profile_str(p, p->functions[line->function].name);
}

/* The sample's executable page and an address in sample_outer, relative to that page. */
static uint64_t outer_address(uint64_t *page)
{
	struct object *o = sample_open("pie");
	uint64_t at = sample_symbol(o, "sample_outer")->address;

	object_close(o);
	*page = at & ~4095ULL;
	return at & 4095;
}

static void test_local(void **state)
{
	struct symbolize_mode mode = symbolize_parse_mode(STR("local"), &ui);
	uint64_t page;
	uint64_t offsets[2] = { outer_address(&page), 0xfff };
	const struct location *before;
	struct profile p;
	struct err e;

	(void)state;
	make(&p, SAMPLE_DIR "/pie", "", page, offsets, 2);
	before = p.locations;
	assert_int_equal(symbolize_local(&p, &mode, &ui, &e), OK);
	assert_ptr_not_equal(p.locations, before); /* published arrays are not written */
	assert_int_equal(before[0].n_lines, 0);
	assert_int_equal(p.locations[0].n_lines, 1);
	assert_true(text_is(line_name(&p, 0, 0), "sample_outer"));
	assert_true(p.mappings[0].has_functions && p.mappings[0].has_line_numbers);
	assert_true(p.mappings[0].has_filenames && p.mappings[0].has_inline_frames);
	assert_int_equal(p.locations[1].n_lines, 1); /* in no function: a line that says nothing */
	assert_true(text_is(line_name(&p, 1, 0), ""));
	assert_int_equal(said.n, 0);
	profile_release(&p);
}

static void test_fast(void **state)
{
	struct symbolize_mode mode = symbolize_parse_mode(STR("fastlocal"), &ui);
	uint64_t page;
	uint64_t offset = outer_address(&page);
	struct profile p;
	struct err e;

	(void)state;
	make(&p, SAMPLE_DIR "/pie", "", page, &offset, 1);
	assert_int_equal(symbolize_local(&p, &mode, &ui, &e), OK);
	assert_true(text_is(line_name(&p, 0, 0), "sample_outer"));
	assert_false(p.mappings[0].has_line_numbers);
	profile_release(&p);
}

static void check_refusal(const char *file, const char *build_id, const char *want)
{
	struct symbolize_mode mode = symbolize_parse_mode(STR(""), &ui);
	uint64_t offset = 0x10;
	struct profile p;
	struct err e;

	buf_clear(&said);
	make(&p, file, build_id, 0x1000, &offset, 1);
	assert_int_equal(symbolize_local(&p, &mode, &ui, &e), OK);
	assert_string_equal(buf_c(&said), want);
	assert_int_equal(p.locations[0].n_lines, 0);
	profile_release(&p);
}

#define HINT                                                                                       \
	"Some binary filenames not available. Symbolization may be incomplete.\n"                  \
	"Try setting PPROF_BINARY_PATH to the search path for local binaries.\n"

static void test_refusals(void **state)
{
	(void)state;
	check_refusal("", "", "Main binary filename not available.\n");
	check_refusal("/no/app", "",
	    "Local symbolization failed for app: stat /no/app: no such file or directory\n" HINT);
	check_refusal("/no/app", "abcd",
	    "Local symbolization failed for app (build ID abcd): stat /no/app: no such file or "
	    "directory\n" HINT);
	check_refusal(SAMPLE_DIR "/pie", "abcd",
	    "Local symbolization failed for pie (build ID abcd): build ID mismatch\n");
	check_refusal("[vdso]", "", "");
	check_refusal("http://h/debug/pprof/heap", "", "");
}

/* Two addresses that have no place in the binary: its one reason is said once. */
static void test_no_base(void **state)
{
	struct symbolize_mode mode = symbolize_parse_mode(STR(""), &ui);
	const uint64_t offsets[] = { 0x10, 0x20 };
	struct profile p;
	struct str rest, line;
	struct err e;

	(void)state;
	buf_clear(&said);
	make(&p, SAMPLE_DIR "/pie", "", 0x70000000, offsets, 2);
	assert_int_equal(symbolize_local(&p, &mode, &ui, &e), OK);
	rest = buf_str(&said);
	assert_true(str_split(&rest, '\n', &line));
	assert_true(str_starts(line, STR("Local symbolization failed for pie: ")));
	assert_int_equal(rest.n, 0);
	profile_release(&p);
}

static void test_modes(void **state)
{
	struct symbolize_mode m;

	(void)state;
	m = symbolize_parse_mode(STR(""), &ui);
	assert_true(m.local && m.remote && !m.force && !m.fast && !m.none);
	m = symbolize_parse_mode(STR("LOCAL:Force"), &ui);
	assert_true(m.local && !m.remote && m.force);
	m = symbolize_parse_mode(STR("remote:demangle=templates"), &ui);
	assert_true(!m.local && m.remote && m.force && m.demangle == DEMANGLE_TEMPLATES);
	m = symbolize_parse_mode(STR("demangle=default"), &ui);
	assert_true(!m.force && m.demangle == DEMANGLE_DEFAULT);
	assert_true(symbolize_parse_mode(STR("no"), &ui).none);
	assert_int_equal(said.n, 0);
	m = symbolize_parse_mode(STR("foo"), &ui);
	assert_true(m.local && m.remote);
	assert_string_equal(buf_c(&said),
	    "ignoring unrecognized symbolization option: foo\n"
	    "expecting -symbolize=[local|fastlocal|remote|none][:force]"
	    "[:demangle=[none|full|templates|default]\n");
}

static void answer(struct loopback *l, const char *request, struct buf *out)
{
	static const char names[] = "num_symbols: 1\n0x7f0000005010 far_function\n";

	snprintf(l->ctx, 1024, "%s", request);
	if (strstr(request, "POST /debug/pprof/symbol "))
		loopback_reply(out, "200 OK", "", names, sizeof names - 1);
	else
		loopback_reply(out, "404 Not Found", "", "", 0);
}

static void add_source(struct mapping_sources *s, const char *key, int port, const char *path)
{
	char url[200];

	snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
	mapping_sources_add(s, str_c(key), str_c(url), START + 0x4000);
}

/* A line that says nothing, as a binary without the function's name leaves behind. */
static void add_nameless_line(struct profile *p)
{
	struct location *l = ARENA_NEW(&p->arena, struct location);

	p->functions = ARENA_NEW(&p->arena, struct function);
	p->lines = ARENA_NEW(&p->arena, struct line);
	assert_true(l && p->functions && p->lines);
	p->n_functions = 1;
	p->n_lines = 1;
	*l = p->locations[0];
	l->n_lines = 1;
	p->locations = l;
}

static void test_remote_names_what_the_binary_did_not(void **state)
{
	uint64_t offset = 0x10;
	struct mapping_sources urls = { 0 };
	static char request[1024];
	struct loopback server;
	struct profile p;
	struct err e;

	(void)state;
	loopback_start(&server, answer, request);
	add_source(&urls, "app", server.port, "/debug/pprof/heap?gc=1");
	make(&p, "app", "", 0, &offset, 1);
	add_nameless_line(&p);
	assert_int_equal(symbolize_remote(&p, false, &urls, NULL, &ui, &e), OK);
	assert_non_null(strstr(request, "0x7f0000005010"));
	assert_true(text_is(line_name(&p, 0, 0), "far_function"));
	loopback_stop(&server);
	mapping_sources_release(&urls);
	profile_release(&p);
}

static void test_remote(void **state)
{
	uint64_t offsets[2] = { 0x10, 0x20 };
	struct mapping_sources urls = { 0 };
	static char request[1024];
	struct loopback server;
	struct profile p;
	struct err e;

	(void)state;
	loopback_start(&server, answer, request);
	add_source(&urls, "app", server.port, "/debug/pprof/heap?gc=1");
	make(&p, "app", "", 0, offsets, 2);
	assert_int_equal(symbolize_remote(&p, false, &urls, NULL, &ui, &e), OK);
	/* The server's mapping begins 0x4000 later. */
	assert_non_null(strstr(request, "0x7f0000005010+0x7f0000005020"));
	assert_int_equal(p.locations[0].n_lines, 1);
	assert_true(text_is(line_name(&p, 0, 0), "far_function"));
	assert_int_equal(p.locations[1].n_lines, 0);
	assert_true(p.mappings[0].has_functions);
	loopback_stop(&server);
	mapping_sources_release(&urls);
	profile_release(&p);
}

static void test_remote_refused(void **state)
{
	uint64_t offset = 0x10;
	struct mapping_sources urls = { 0 };
	static char request[1024];
	char want[200];
	struct loopback server;
	struct profile p;
	struct err e;

	(void)state;
	loopback_start(&server, answer, request);
	add_source(&urls, "app", server.port, "/other");
	make(&p, "app", "", 0, &offset, 1);
	assert_int_equal(symbolize_remote(&p, false, &urls, NULL, &ui, &e), ERR_IO);
	snprintf(want, sizeof want,
	    "http post http://127.0.0.1:%d/symbolz: server response: 404 Not Found", server.port);
	assert_string_equal(e.msg, want);
	loopback_stop(&server);
	mapping_sources_release(&urls);
	profile_release(&p);
}

static void test_demangle(void **state)
{
	struct profile p;
	struct function *f;
	struct err e;

	(void)state;
	make(&p, "", "", 0, NULL, 0);
	f = ARENA_ARRAY(&p.arena, struct function, 3);
	assert_non_null(f);
	f[0].system_name = profile_intern(&p, STR("_ZN2ns3BoxIiE3getEv"));
	f[0].name = f[0].system_name;
	f[1].system_name = f[0].name;
	f[1].name = profile_intern(&p, STR("given"));
	f[2].name = f[2].system_name = profile_intern(&p, STR("plain"));
	p.functions = f;
	p.n_functions = 3;
	assert_int_equal(symbolize_demangle(&p, false, DEMANGLE_DEFAULT, &e), OK);
	assert_true(text_is(profile_str(&p, p.functions[0].name), "ns::Box::get"));
	assert_true(text_is(profile_str(&p, p.functions[1].name), "given"));
	assert_true(text_is(profile_str(&p, p.functions[2].name), "plain"));
	assert_int_equal(symbolize_demangle(&p, true, DEMANGLE_FULL, &e), OK);
	assert_true(text_is(profile_str(&p, p.functions[1].name), "ns::Box<int>::get()"));
	assert_int_equal(symbolize_demangle(&p, true, DEMANGLE_NONE, &e), OK);
	assert_true(text_is(profile_str(&p, p.functions[0].name), "_ZN2ns3BoxIiE3getEv"));
	profile_release(&p);
}

static void test_symbolizer(void **state)
{
	uint64_t page;
	uint64_t offset = outer_address(&page);
	struct symbolizer *s;
	struct object *first, *second;
	struct profile p;
	uint64_t base;
	struct err e;

	(void)state;
	make(&p, SAMPLE_DIR "/pie", "", page, &offset, 1);
	assert_int_equal(symbolizer_new(&s, &e), OK);
	assert_int_equal(symbolizer_get(s, &p, p.mappings, START + offset, &first, &base, &e), OK);
	assert_int_equal(base, START - page);
	assert_int_equal(symbolizer_get(s, &p, p.mappings, START + offset, &second, &base, &e), OK);
	assert_ptr_equal(first, second);
	symbolizer_free(s);
	profile_release(&p);
}

/* Whichever allocation fails, the answer is ERR_NOMEM and the profile is as it was. */
static void test_out_of_memory(void **state)
{
	struct symbolize_mode mode = symbolize_parse_mode(STR("local"), &ui);
	uint64_t page;
	uint64_t offset = outer_address(&page);
	enum err_code rc = ERR_NOMEM;
	size_t n;

	(void)state;
	for (n = 1; rc != OK && n < 1000; n++) {
		const struct location *before;
		struct profile p;
		struct err e;

		make(&p, SAMPLE_DIR "/pie", "", page, &offset, 1);
		before = p.locations;
		alloc_fail_at(n);
		rc = symbolize_local(&p, &mode, &ui, &e);
		alloc_fail_at(0);
		assert_true(rc == OK || rc == ERR_NOMEM);
		assert_true(rc == OK ? p.locations[0].n_lines == 1 : p.locations == before);
		profile_release(&p);
	}
	assert_int_equal(rc, OK);
	assert_true(n > 10);
}

static int stop(void **state)
{
	(void)state;
	buf_release(&said);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_local, clear_said),
		cmocka_unit_test_setup(test_fast, clear_said),
		cmocka_unit_test_setup(test_refusals, clear_said),
		cmocka_unit_test_setup(test_no_base, clear_said),
		cmocka_unit_test_setup(test_modes, clear_said),
		cmocka_unit_test_setup(test_remote, clear_said),
		cmocka_unit_test_setup(test_remote_names_what_the_binary_did_not, clear_said),
		cmocka_unit_test_setup(test_remote_refused, clear_said),
		cmocka_unit_test_setup(test_demangle, clear_said),
		cmocka_unit_test_setup(test_symbolizer, clear_said),
		cmocka_unit_test_setup(test_out_of_memory, clear_said),
	};

	return cmocka_run_group_tests(tests, NULL, stop);
}
