/* Memory limits as read from trees of files that look like /proc and /sys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/memlimit.h"

#define MB (1ull << 20)

static char root[] = "/tmp/pprof-memlimit-XXXXXX";

/* Writes root/path, making its directories. */
static void put(const char *path, const char *text)
{
	char whole[500];
	FILE *f;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *p = whole + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(whole, 0700);
		*p = '/';
	}
	f = fopen(whole, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	(void)state;
	strcpy(strrchr(root, '-') + 1, "XXXXXX");
	return mkdtemp(root) ? 0 : 1;
}

static int teardown(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void v2_takes_the_least_limit_above(void **state)
{
	struct rt_memlimit m;
	struct rt_memuse use;

	(void)state;
	put("/proc/self/cgroup", "0::/a.slice/b.service\n");
	put("/sys/fs/cgroup/a.slice/b.service/memory.max", "max\n");
	put("/sys/fs/cgroup/a.slice/memory.max", "104857600\n");
	put("/sys/fs/cgroup/a.slice/memory.stat", "anon 62914560\nfile 30000000\nkernel 1\n");
	put("/proc/self/statm", "30000 2560 700 1 0 100 0\n");
	rt_memlimit_find(&m, root);
	assert_int_equal(m.memory, 100 * MB);
	use = rt_memlimit_use(&m);
	assert_int_equal(use.limit, 100 * MB);
	assert_int_equal(use.used, 60 * MB); /* others in the group count */
	assert_int_equal(use.kind, RT_MEMLIMIT_GROUP);
	put("/proc/self/statm", "30000 20480 700 1 0 100 0\n");
	assert_int_equal(rt_memlimit_use(&m).used, 20480 * (uint64_t)getpagesize());
}

/* In a container with a view of its own, the group is the root. */
static void v2_in_a_namespace(void **state)
{
	struct rt_memlimit m;

	(void)state;
	put("/proc/self/cgroup", "0::/\n");
	put("/sys/fs/cgroup/memory.max", "52428800\n");
	rt_memlimit_find(&m, root);
	assert_int_equal(m.memory, 50 * MB);
	assert_int_equal(rt_memlimit_use(&m).used, 0); /* nothing to read */
}

/* The path is the host's, where the container sees its own group at the top. */
static void v1_finds_the_group_at_the_top(void **state)
{
	struct rt_memlimit m;

	(void)state;
	put("/proc/self/cgroup",
	    "9:name=systemd:/x\n4:cpu,memory:/docker/0123\n1:cpu:/docker/0123\n");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "209715200\n");
	put("/sys/fs/cgroup/memory/memory.stat", "cache 5\nrss 7\ntotal_rss 31457280\n");
	put("/proc/self/statm", "1 1 1 1 0 1 0\n");
	rt_memlimit_find(&m, root);
	assert_int_equal(m.memory, 200 * MB);
	assert_int_equal(rt_memlimit_use(&m).used, 30 * MB);
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	rt_memlimit_find(&m, root);
	assert_true(m.memory > 200 * MB); /* the machine's */
	assert_string_equal(m.group_stat, "");
	assert_int_equal(rt_memlimit_use(&m).kind, RT_MEMLIMIT_MACHINE);
	put("/proc/meminfo", "MemTotal:  900 kB\nMemAvailable:    2048 kB\nBuffers: 1 kB\n");
	assert_int_equal(rt_memlimit_left(&m), 2 * MB);
	put("/proc/meminfo", "MemTotal:  900 kB\nMemAvailable:\n");
	assert_true(rt_memlimit_left(&m) == RT_MEMLIMIT_NONE);
}

static void nonsense_is_no_limit(void **state)
{
	struct rt_memlimit m;

	(void)state;
	put("/proc/self/cgroup", "\n:\n::\n0:\nmemory\n4:memory://///\n0::no/slash\n");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "-5\n");
	put("/sys/fs/cgroup/memory.max", "12x\n");
	put("/proc/self/statm", "x y\n");
	rt_memlimit_find(&m, root);
	assert_true(m.memory > 200 * MB && m.memory != RT_MEMLIMIT_NONE);
	assert_int_equal(rt_memlimit_use(&m).used, 0);
}

static void the_address_space_counts_when_it_is_nearer(void **state)
{
	struct rlimit old, limit;
	struct rt_memlimit m;
	struct rt_memuse use;

	(void)state;
	put("/proc/self/cgroup", "0::/\n");
	put("/proc/self/statm", "200000 2 1 1 0 1 0\n");
	getrlimit(RLIMIT_AS, &old);
	limit = old;
	limit.rlim_cur = 1ull << 40;
	setrlimit(RLIMIT_AS, &limit);
	rt_memlimit_find(&m, root);
	setrlimit(RLIMIT_AS, &old);
	assert_int_equal(m.address, 1ull << 40);
	use = rt_memlimit_use(&m);
	assert_int_equal(use.limit, 1ull << 40);
	assert_int_equal(use.kind, RT_MEMLIMIT_ADDRESS);
	assert_int_equal(use.used, 200000 * (uint64_t)getpagesize());
}

static void the_real_files_can_be_read(void **state)
{
	struct rt_memlimit m;
	struct rt_memuse use;

	(void)state;
	rt_memlimit_find(&m, "");
	use = rt_memlimit_use(&m);
	assert_true(use.used > 0 && use.used < use.limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(v2_takes_the_least_limit_above, setup, teardown),
		cmocka_unit_test_setup_teardown(v2_in_a_namespace, setup, teardown),
		cmocka_unit_test_setup_teardown(v1_finds_the_group_at_the_top, setup, teardown),
		cmocka_unit_test_setup_teardown(nonsense_is_no_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    the_address_space_counts_when_it_is_nearer, setup, teardown),
		cmocka_unit_test(the_real_files_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
