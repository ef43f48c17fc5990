/* Profiles from files and a server: results, messages, binaries, saved copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/fs.h"
#include "fetch/fetch.h"
#include "fetch/locate.h"
#include "fetch/save.h"
#include "profile/decode.h"
#include "profile/encode.h"
#include "unit/net/loopback.h"

static char root[] = "/tmp/pprof-test-fetch-XXXXXX";
static struct buf said;
static struct buf good; /* a profile with one sample of 5, gzipped */

static void keep_line(void *ctx, bool is_error, struct str text)
{
	(void)ctx;
	(void)is_error;
	buf_add_str(&said, text);
	buf_char(&said, '\n');
}

static const struct ui ui = { .line = keep_line };

static void make(struct profile *p, bool with_mapping)
{
	struct value_type *type;
	struct location *l;
	struct mapping *m;
	int64_t *value;
	uint32_t *at, *stack;
	struct err e;

	assert_int_equal(profile_init(p, &e), OK);
	type = ARENA_NEW(&p->arena, struct value_type);
	l = ARENA_NEW(&p->arena, struct location);
	m = ARENA_NEW(&p->arena, struct mapping);
	value = ARENA_NEW(&p->arena, int64_t);
	at = ARENA_ARRAY(&p->arena, uint32_t, 2);
	stack = ARENA_NEW(&p->arena, uint32_t);
	assert_false(arena_failed(&p->arena));
	*type = (struct value_type){ profile_intern(p, STR("objects")),
		profile_intern(p, STR("count")) };
	*m = (struct mapping){ .id = 1, .start = 0x1000, .limit = 0x2000 };
	*l = (struct location){
		.id = 1, .address = 0x1234, .mapping = with_mapping ? 0 : PROFILE_NONE
	};
	*value = 5;
	at[1] = 1;
	p->sample_types = type;
	p->n_sample_types = 1;
	p->samples = (struct samples){ .n = 1, .values = value, .stack_at = at, .stacks = stack };
	p->locations = l;
	p->n_locations = 1;
	p->mappings = m;
	p->n_mappings = with_mapping;
}

/* Gives p a value more in front of the one it has. */
static void add_type(struct profile *p)
{
	struct value_type *types = ARENA_ARRAY(&p->arena, struct value_type, 2);
	int64_t *values = ARENA_ARRAY(&p->arena, int64_t, 2);

	assert_false(arena_failed(&p->arena));
	types[0] =
	    (struct value_type){ profile_intern(p, STR("space")), profile_intern(p, STR("bytes")) };
	types[1] = p->sample_types[0];
	values[0] = 64;
	values[1] = p->samples.values[0];
	p->sample_types = types;
	p->n_sample_types = 2;
	p->samples.values = values;
}

static void put_file(const char *name, struct str bytes)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", root, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	fclose(f);
}

static struct str in_root(const char *name)
{
	static char texts[4][4096];
	static unsigned next;
	char *text = texts[next++ % 4];

	snprintf(text, 4096, "%s/%s", root, name);
	return str_c(text);
}

static int start(void **state)
{
	struct profile p;
	struct err e;

	(void)state;
	if (!mkdtemp(root))
		return 1;
	make(&p, true);
	assert_int_equal(profile_encode_gzip(&p, &good, &e), OK);
	profile_release(&p);
	put_file("good.pb.gz", buf_str(&good));
	put_file("words.txt", STR("these are words\n"));
	return 0;
}

static int finish(void **state)
{
	char command[200];

	(void)state;
	buf_release(&said);
	buf_release(&good);
	snprintf(command, sizeof command, "rm -rf %s", root);
	return system(command);
}

static int clear_said(void **state)
{
	(void)state;
	buf_clear(&said);
	return 0;
}

static enum err_code fetch(struct fetch_result *r, const struct str *sources, size_t n,
    const struct str *bases, size_t n_bases, struct err *e)
{
	struct fetch_options o = { .sources = sources,
		.n_sources = n,
		.bases = bases,
		.n_bases = n_bases,
		.binary_path = STR("/nowhere") };

	return fetch_profiles(r, &o, &ui, e);
}

static void test_files_are_added(void **state)
{
	struct str sources[300];
	struct fetch_result r;
	struct err e;

	(void)state;
	for (size_t i = 0; i < 300; i++)
		sources[i] = in_root("good.pb.gz");
	assert_int_equal(fetch(&r, sources, 300, sources, 2, &e), OK);
	assert_int_equal(r.sources.samples.n, 1);
	assert_int_equal(r.sources.samples.values[0], 1500);
	assert_true(r.has_bases);
	assert_int_equal(r.bases.samples.values[0], 10);
	assert_false(r.any_remote);
	assert_int_equal(said.n, 0);
	fetch_result_release(&r);
}

static void test_some_fail(void **state)
{
	struct str sources[] = { in_root("no.pb.gz"), in_root("good.pb.gz"), in_root("words.txt") };
	char want[8192];
	struct fetch_result r;
	struct err e;

	(void)state;
	assert_int_equal(fetch(&r, sources, 3, NULL, 0, &e), OK);
	assert_int_equal(r.sources.samples.values[0], 5);
	snprintf(want, sizeof want,
	    "%.*s: stat %.*s: no such file or directory\n"
	    "%.*s: parsing profile: unrecognized profile format\n"
	    "Fetched 1 source profiles out of 3\n",
	    STR_ARG(sources[0]), STR_ARG(sources[0]), STR_ARG(sources[2]));
	assert_string_equal(buf_c(&said), want);
	fetch_result_release(&r);
}

/* One that can be read and has no types is no profile to go on with. */
static void test_one_without_types(void **state)
{
	struct str sources[] = { in_root("typeless.pb"), in_root("words.txt") };
	struct fetch_result r;
	struct err e;

	(void)state;
	put_file("typeless.pb", (struct str){ "\x32", 2 });
	assert_int_equal(fetch(&r, sources, 2, NULL, 0, &e), ERR_FORMAT);
	assert_string_equal(e.msg, "problem fetching source profiles: profiles have empty common "
				   "sample type list");
}

static void test_all_fail(void **state)
{
	struct str none[] = { STR("no-such-file") };
	struct str one[] = { in_root("good.pb.gz") };
	struct fetch_result r;
	struct err e;

	(void)state;
	assert_int_equal(fetch(&r, none, 1, NULL, 0, &e), ERR_NOT_FOUND);
	assert_string_equal(e.msg, "failed to fetch any source profiles");
	assert_int_equal(fetch(&r, one, 1, none, 1, &e), ERR_NOT_FOUND);
	assert_string_equal(e.msg, "failed to fetch any base profiles");
}

/*
 * Files are added up while they are read, until one has other types than the first: what was added
 * is read again then, and nothing is said twice.
 */
static void test_types_differ(void **state)
{
	struct str good_path = in_root("good.pb.gz");
	struct str sources[] = { in_root("words.txt"), good_path, good_path, in_root("two.pb.gz"),
		good_path };
	struct buf two = { 0 };
	char want[8192];
	struct fetch_result r;
	struct profile p;
	struct err e;

	(void)state;
	make(&p, true);
	add_type(&p);
	assert_int_equal(profile_encode_gzip(&p, &two, &e), OK);
	profile_release(&p);
	put_file("two.pb.gz", buf_str(&two));
	buf_release(&two);
	assert_int_equal(fetch(&r, sources, 5, NULL, 0, &e), OK);
	assert_int_equal(r.sources.n_sample_types, 1);
	assert_true(str_is(profile_str(&r.sources, r.sources.sample_types[0].type), "objects"));
	assert_int_equal(r.sources.samples.n, 1);
	assert_int_equal(r.sources.samples.values[0], 20);
	snprintf(want, sizeof want,
	    "%.*s: parsing profile: unrecognized profile format\n"
	    "Fetched 4 source profiles out of 5\n",
	    STR_ARG(sources[0]));
	assert_string_equal(buf_c(&said), want);
	fetch_result_release(&r);
}

/* Sources that do not fit together do not hide what is wrong with the base. */
static void test_base_is_told(void **state)
{
	struct str sources[] = { in_root("good.pb.gz"), in_root("other.pb.gz") };
	struct str bases[] = { STR("no-such-file") };
	struct buf bytes = { 0 };
	struct fetch_result r;
	struct profile p;
	struct err e;

	(void)state;
	make(&p, true);
	add_type(&p);
	p.n_sample_types = 1; /* "space" alone */
	assert_int_equal(profile_encode_gzip(&p, &bytes, &e), OK);
	profile_release(&p);
	put_file("other.pb.gz", buf_str(&bytes));
	buf_release(&bytes);
	assert_int_not_equal(fetch(&r, sources, 2, bases, 1, &e), OK);
	assert_string_equal(
	    e.msg, "problem fetching source profiles: profiles have empty common sample type list");
	assert_string_equal(
	    buf_c(&said), "no-such-file: stat no-such-file: no such file or directory\n");
}

/* One without a state file is no source. */
static void test_directory(void **state)
{
	struct str sources[] = { str_c(root) };
	char want[300];
	struct fetch_result r;
	struct err e;

	(void)state;
	assert_int_equal(fetch(&r, sources, 1, NULL, 0, &e), ERR_NOT_FOUND);
	snprintf(want, sizeof want, "%s: read %s: is a directory\n", root, root);
	assert_string_equal(buf_c(&said), want);
}

static void answer(struct loopback *l, const char *request, struct buf *out)
{
	(void)l;
	if (strstr(request, "GET /debug/pprof/heap"))
		loopback_reply(out, "200 OK", "", good.p, good.n);
	else if (strstr(request, "GET /bad "))
		loopback_reply(out, "500 Internal Server Error",
		    "X-Go-Pprof: 1\r\nContent-Type: text/plain", "broken", 6);
	else
		loopback_reply(out, "404 Not Found", "", "", 0);
}

/* A server's own address, and the page that lists the profiles. */
static void test_pages(void **state)
{
	static const char *const paths[] = { "", "/", "/debug/pprof", "/debug/pprof/" };
	struct loopback server;
	struct fetch_result r;
	struct err e;

	(void)state;
	loopback_start(&server, answer, NULL);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		char url[200], want[400];

		snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server.port, paths[i]);
		snprintf(want, sizeof want,
		    "%s: server response: 404 Not Found\nThat is no profile's address; try "
		    "http://127.0.0.1:%d/debug/pprof/heap\n",
		    url, server.port);
		struct str sources[] = { str_c(url) };

		assert_int_equal(fetch(&r, sources, 1, NULL, 0, &e), ERR_NOT_FOUND);
		assert_non_null(strstr(buf_c(&said), want));
	}
	loopback_stop(&server);
}

static void test_url(void **state)
{
	struct loopback server;
	char url[2][200];
	char want[1000];
	struct fetch_result r;
	struct err e;

	(void)state;
	loopback_start(&server, answer, NULL);
	snprintf(url[0], sizeof url[0], "127.0.0.1:%d/debug/pprof/heap", server.port);
	snprintf(url[1], sizeof url[1], "http://127.0.0.1:%d/bad", server.port);
	struct str sources[] = { str_c(url[0]), str_c(url[1]) };

	assert_int_equal(fetch(&r, sources, 2, NULL, 0, &e), OK);
	assert_true(r.any_remote);
	snprintf(want, sizeof want,
	    "Fetching profile over HTTP from http://%s\n"
	    "Fetching profile over HTTP from %s\n"
	    "%s: server response: 500 Internal Server Error - broken\n"
	    "Fetched 1 source profiles out of 2\n",
	    url[0], url[1], url[1]);
	assert_string_equal(buf_c(&said), want);

	/* The nameless mapping is lent the URL's name until symbolizing is done. */
	snprintf(want, sizeof want, "http://%s", url[0]);
	assert_int_equal(r.urls.list.n, 1);
	assert_true(str_is(r.urls.list.p[0].key, want));
	assert_int_equal(r.urls.list.p[0].start, 0x1000);
	assert_true(str_is(profile_str(&r.sources, r.sources.mappings[0].file), want));
	assert_int_equal(fetch_unsource_mappings(&r.sources, &e), OK);
	assert_int_equal(r.sources.mappings[0].file, 0);
	fetch_result_release(&r);
	loopback_stop(&server);
}

static void test_seconds(void **state)
{
	struct str sources[] = { STR("127.0.0.1:1/debug/pprof/heap") };
	struct fetch_options o = { .sources = sources, .n_sources = 1, .seconds = 90 };
	struct fetch_result r;
	struct err e;

	(void)state;
	assert_int_equal(fetch_profiles(&r, &o, &ui, &e), ERR_NOT_FOUND);
	assert_string_equal(buf_c(&said),
	    "Fetching profile over HTTP from http://127.0.0.1:1/debug/pprof/heap?seconds=90\n"
	    "Please wait... (1m30s)\n"
	    "127.0.0.1:1/debug/pprof/heap: http fetch: Get "
	    "\"http://127.0.0.1:1/debug/pprof/heap?seconds=90\": dial tcp 127.0.0.1:1: connect: "
	    "connection refused\n");
}

static void test_locate(void **state)
{
	struct profile p;
	struct err e;

	(void)state;
	make(&p, false);
	assert_int_equal(
	    locate_binaries(&p, STR("./app"), STR("abcd"), STR("/nowhere"), &ui, &e), OK);
	assert_int_equal(p.n_mappings, 1);
	assert_int_equal(p.mappings[0].id, 1);
	assert_int_equal(p.mappings[0].limit, 0);
	assert_int_equal(p.locations[0].mapping, 0);
	assert_true(str_is(profile_str(&p, p.mappings[0].file), "./app"));
	assert_true(str_is(profile_str(&p, p.mappings[0].build_id), "abcd"));
	/* A build id that is there stays. */
	assert_int_equal(locate_binaries(&p, STR(""), STR("ef"), STR("/nowhere"), &ui, &e), OK);
	assert_true(str_is(profile_str(&p, p.mappings[0].build_id), "abcd"));
	profile_release(&p);
}

static void check_saved(const char *name)
{
	struct profile p;
	struct buf bytes = { 0 };
	char want[4096];
	struct err e;

	make(&p, true);
	buf_clear(&said);
	assert_int_equal(fetch_save(&p, &ui, &e), OK);
	profile_release(&p);
	snprintf(want, sizeof want, "Saved profile in %s/%s\n", root, name);
	assert_string_equal(buf_c(&said), want);
	assert_int_equal(fs_read(in_root(name), 1 << 20, &bytes, &e), OK);
	assert_int_equal(profile_decode(&p, buf_str(&bytes), &e), OK);
	assert_int_equal(p.samples.values[0], 5);
	profile_release(&p);
	buf_release(&bytes);
}

static void test_save(void **state)
{
	struct profile p;
	struct err e;

	(void)state;
	setenv("PPROF_TMPDIR", root, 1);
	check_saved("pprof.objects.001.pb.gz");
	check_saved("pprof.objects.002.pb.gz");

	/* A directory that cannot be made: said, and the next one is taken. */
	setenv("PPROF_TMPDIR", in_root("good.pb.gz/x").p, 1);
	setenv("HOME", root, 1);
	make(&p, true);
	buf_clear(&said);
	assert_int_equal(fetch_save(&p, &ui, &e), OK);
	assert_non_null(strstr(buf_c(&said), "Could not use temp dir "));
	assert_true(fs_exists(in_root("pprof/pprof.objects.001.pb.gz")));
	profile_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_files_are_added, clear_said),
		cmocka_unit_test_setup(test_some_fail, clear_said),
		cmocka_unit_test_setup(test_all_fail, clear_said),
		cmocka_unit_test_setup(test_one_without_types, clear_said),
		cmocka_unit_test_setup(test_types_differ, clear_said),
		cmocka_unit_test_setup(test_base_is_told, clear_said),
		cmocka_unit_test_setup(test_directory, clear_said),
		cmocka_unit_test_setup(test_pages, clear_said),
		cmocka_unit_test_setup(test_url, clear_said),
		cmocka_unit_test_setup(test_seconds, clear_said),
		cmocka_unit_test_setup(test_locate, clear_said),
		cmocka_unit_test_setup(test_save, clear_said),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
