/* Addresses to sockets, and which names are this machine's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/listener.h"

static bool opens(const char *address, bool any, struct rt_listener *l)
{
	char why[256];
	struct fmt_buf b = fmt_buf_of(why, sizeof(why));
	bool good = rt_listener_open(l, address, any, &b);

	assert_int_equal(b.n > 0, !good);
	return good;
}

static void loopback_addresses(void **state)
{
	static const char *const good[] = { "127.0.0.1:0", ":0", "localhost:0", "127.9.9.9:0" };
	struct rt_listener l;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(opens(good[i], false, &l));
		assert_true(l.is_loopback);
		assert_memory_equal(l.text, "127.", 4);
		assert_true(strtoul(strrchr(l.text, ':') + 1, NULL, 10) > 0);
		rt_listener_close(&l);
	}
}

static void bad_addresses(void **state)
{
	static const char *const bad[] = { "", "127.0.0.1", "localhost:", "localhost:x",
		"127.0.0.1:65536", "example.com:80", "unix:", "127.0.0.1:-1", "[::1" };
	struct rt_listener l;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(opens(bad[i], true, &l));
}

static void other_addresses_only_when_allowed(void **state)
{
	struct rt_listener l;

	(void)state;
	assert_false(opens("0.0.0.0:0", false, &l));
	assert_true(opens("0.0.0.0:0", true, &l));
	assert_false(l.is_loopback);
	rt_listener_close(&l);
}

static void a_used_port_is_refused(void **state)
{
	struct rt_listener l, other;

	(void)state;
	assert_true(opens("127.0.0.1:0", false, &l));
	assert_false(opens(l.text, false, &other));
	rt_listener_close(&l);
}

static void unix_sockets(void **state)
{
	char address[64] = "unix:/tmp/pprof-test-XXXXXX";
	struct rt_listener l, other;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(address + 5));
	strcat(address, "/s");
	assert_true(opens(address, false, &l));
	assert_int_equal(stat(address + 5, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_string_equal(l.text, address);
	assert_false(opens(address, false, &other)); /* in use */
	close(l.fd);
	assert_true(opens(address, false, &other)); /* left over by a process that died */
	rt_listener_close(&other);
	assert_int_equal(stat(address + 5, &st), -1);
	address[strlen(address) - 2] = '\0';
	rmdir(address + 5);
}

static void own_names(void **state)
{
	static const char *const own[] = { "localhost", "localhost:6060", "127.0.0.1:1",
		"127.1.2.3", "[::1]:80", "app.localhost:80" };
	static const char *const others[] = { "", "evil.example", "localhost.evil.example",
		"127.0.0.1.evil.example", "127.evil.example", "10.0.0.1:6060", "127.", "[::2]" };

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		assert_true(rt_listener_is_own_name(str_c(own[i])));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(rt_listener_is_own_name(str_c(others[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_addresses),
		cmocka_unit_test(bad_addresses),
		cmocka_unit_test(other_addresses_only_when_allowed),
		cmocka_unit_test(a_used_port_is_refused),
		cmocka_unit_test(unix_sockets),
		cmocka_unit_test(own_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
