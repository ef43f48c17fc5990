/* Which flags fit together, and the address of the web pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver/commands_table.h"
#include "driver/driver.h"
#include "driver/request.h"

static struct request r;
static struct config c;

static int start(void **state)
{
	(void)state;
	request_init(&r);
	config_init(&c);
	return 0;
}

static void check_fails(const char *message)
{
	struct buf messages = { 0 };
	struct err e;

	assert_int_equal(request_check(&r, &c, &messages, &e), ERR_USAGE);
	assert_string_equal(e.msg, message);
	buf_release(&messages);
}

static void conflicts_are_told(void **state)
{
	(void)state;
	c.normalize = true;
	check_fails("must have base profile to normalize by");
	r.base = STR("a");
	r.diff_base = STR("b");
	check_fails("-base and -diff_base flags cannot both be specified");
	r.no_browser = true;
	check_fails("-no_browser only makes sense with -http");
	r.http = STR(":8080");
	r.command = &commands[0];
	check_fails("-http is not compatible with an output format on the command line");
	r.n_commands = 2;
	check_fails("must set at most one output format");
	r.conflict = STR("files lines");
	check_fails("conflicting options set: [files lines]");
}

static void value_shorthands_choose_the_sample(void **state)
{
	struct buf messages = { 0 };
	struct err e;

	(void)state;
	r.mean_delay = true;
	r.inuse_space = true;
	assert_int_equal(request_check(&r, &c, &messages, &e), OK);
	assert_true(str_is(c.sample_index, "delay"));
	assert_true(c.mean);
	assert_string_equal(buf_c(&messages), "Multiple value selections, ignoring -inuse_space\n");
	buf_release(&messages);
}

static void an_explicit_sample_index_wins(void **state)
{
	struct buf messages = { 0 };
	struct err e;

	(void)state;
	c.sample_index = STR("samples");
	r.contentions = true;
	assert_int_equal(request_check(&r, &c, &messages, &e), OK);
	assert_true(str_is(c.sample_index, "samples"));
	assert_string_equal(buf_c(&messages), "Multiple value selections, ignoring -contentions\n");
	buf_release(&messages);
}

static void splits_addresses(void **state)
{
	static const struct {
		const char *text, *host, *error;
		uint16_t port;
	} cases[] = {
		{ "localhost:80", "localhost", NULL, 80 },
		{ ":", "localhost", NULL, 0 },
		{ ":0", "localhost", NULL, 0 },
		{ "[::1]:6060", "::1", NULL, 6060 },
		{ "0.0.0.0:65535", "0.0.0.0", NULL, 65535 },
		{ "foo", NULL, "could not split http address: address foo: missing port in address",
		    0 },
		{ "a:b:1", NULL,
		    "could not split http address: address a:b:1: too many colons in address", 0 },
		{ "[::1", NULL,
		    "could not split http address: address [::1: missing ']' in address", 0 },
		{ "[::1]", NULL,
		    "could not split http address: address [::1]: missing port in address", 0 },
		{ "x:abc", NULL,
		    "invalid port number: strconv.Atoi: parsing \"abc\": invalid syntax", 0 },
		{ "x:70000", NULL, "invalid port number: 70000", 0 },
	};
	struct arena keep = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str host = { "", 0 };
		uint16_t port = 0;
		struct err e;
		enum err_code code =
		    driver_http_address(str_c(cases[i].text), &keep, &host, &port, &e);

		print_message("%s\n", cases[i].text);
		assert_int_equal(code, cases[i].error ? ERR_USAGE : OK);
		if (cases[i].error)
			assert_string_equal(e.msg, cases[i].error);
		else
			assert_string_equal(host.p, cases[i].host);
		assert_int_equal(port, cases[i].port);
	}
	arena_release(&keep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(conflicts_are_told, start),
		cmocka_unit_test_setup(value_shorthands_choose_the_sample, start),
		cmocka_unit_test_setup(an_explicit_sample_index_wins, start),
		cmocka_unit_test(splits_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
