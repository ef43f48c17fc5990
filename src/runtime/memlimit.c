/*
 * Memory limits; see memlimit.h. Called by watch.c. Formats: proc(5) for statm and cgroup; the
 * kernel's admin-guide/cgroup-v2 and cgroup-v1/memory for the rest.
 */
#include "runtime/memlimit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "core/fmt.h"
#include "core/str.h"

#define TEXT_MAX  8192
#define PATH_ROOM 600

/* v1 writes the greatest multiple of a page for "none". */
#define NONE_FROM (1ULL << 62)

/* The file's beginning; empty when it cannot be read. */
static struct str read_text(const char *path, char text[TEXT_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = 1;

	if (fd < 0)
		return (struct str){ text, 0 };
	while (got != 0 && n < TEXT_MAX) {
		got = read(fd, text + n, TEXT_MAX - n);
		if (got < 0 && errno != EINTR)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return (struct str){ text, n };
}

/* root, three parts, NUL; false when they do not fit. */
static bool join(
    char path[PATH_ROOM], const char *root, const char *base, struct str group, const char *name)
{
	struct fmt_buf b = fmt_buf_of(path, PATH_ROOM);

	fmt_c(&b, root);
	fmt_c(&b, base);
	fmt_str(&b, group);
	fmt_c(&b, name);
	fmt_end(&b);
	return !b.failed;
}

static uint64_t read_limit(const char *path)
{
	char text[TEXT_MAX];
	uint64_t n;

	/* v2 has the word "max" for none. */
	if (!str_to_u64(str_trim(read_text(path, text)), 10, &n) || n >= NONE_FROM)
		return RT_MEMLIMIT_NONE;
	return n;
}

/* The group and all above it: the least limit counts, and the use of the group that has it. */
static void walk_up(struct rt_memlimit *m, const char *base, struct str group, const char *limit)
{
	char path[PATH_ROOM];

	while (group.n > 0 && group.p[group.n - 1] == '/')
		group.n--;
	for (;;) {
		uint64_t n = RT_MEMLIMIT_NONE;

		if (join(path, m->root, base, group, limit))
			n = read_limit(path);
		if (n < m->memory && join(m->group_stat, m->root, base, group, "/memory.stat"))
			m->memory = n;
		if (group.n == 0)
			return;
		while (group.n > 0 && group.p[group.n - 1] != '/')
			group.n--;
		group.n -= group.n > 0;
	}
}

/* True when the comma-separated list has the word. */
static bool list_has(struct str list, const char *word)
{
	struct str one;

	while (list.n > 0 && str_split(&list, ',', &one))
		if (str_is(one, word))
			return true;
	return false;
}

/* Lines "number:controllers:path"; v2's has no controllers. */
static void find_group(struct rt_memlimit *m)
{
	char text[TEXT_MAX], path[PATH_ROOM];
	struct str rest, line, number, controllers;

	if (!join(path, m->root, "/proc/self/cgroup", STR(""), ""))
		return;
	rest = read_text(path, text);
	while (rest.n > 0 && str_split(&rest, '\n', &line)) {
		if (!str_split(&line, ':', &number) || !str_split(&line, ':', &controllers))
			continue;
		if (controllers.n == 0)
			walk_up(m, "/sys/fs/cgroup", line, "/memory.max");
		if (!list_has(controllers, "memory"))
			continue;
		m->is_v1 = true;
		walk_up(m, "/sys/fs/cgroup/memory", line, "/memory.limit_in_bytes");
	}
}

void rt_memlimit_find(struct rt_memlimit *m, const char *root)
{
	struct rlimit address;
	struct sysinfo machine;
	uint64_t all;

	*m = (struct rt_memlimit){
		.root = root, .memory = RT_MEMLIMIT_NONE, .address = RT_MEMLIMIT_NONE
	};
	find_group(m);
	if (sysinfo(&machine) == 0) {
		all = (uint64_t)machine.totalram * machine.mem_unit;
		if (all < m->memory) {
			m->memory = all;
			m->group_stat[0] = '\0';
		}
	}
	if (getrlimit(RLIMIT_AS, &address) == 0 && address.rlim_cur != RLIM_INFINITY)
		m->address = address.rlim_cur;
}

/* The group's memory that could not just be dropped: v2 "anon", v1 "total_rss". */
static uint64_t group_use(const struct rt_memlimit *m)
{
	char text[TEXT_MAX];
	struct str rest, line, name;
	uint64_t n;

	if (!m->group_stat[0])
		return 0;
	rest = read_text(m->group_stat, text);
	while (rest.n > 0 && str_split(&rest, '\n', &line))
		if (str_split(&line, ' ', &name) && str_is(name, m->is_v1 ? "total_rss" : "anon") &&
		    str_to_u64(line, 10, &n))
			return n;
	return 0;
}

/* Address space and resident memory of this process, in bytes. */
static void own_use(const struct rt_memlimit *m, uint64_t *address, uint64_t *resident)
{
	char text[TEXT_MAX], path[PATH_ROOM];
	uint64_t page = (uint64_t)getpagesize();
	struct str rest, word;

	*address = *resident = 0;
	if (!join(path, m->root, "/proc/self/statm", STR(""), ""))
		return;
	rest = read_text(path, text);
	if (str_split(&rest, ' ', &word) && str_to_u64(word, 10, address) &&
	    str_split(&rest, ' ', &word) && str_to_u64(word, 10, resident)) {
		*address *= page;
		*resident *= page;
	}
}

struct rt_memuse rt_memlimit_use(const struct rt_memlimit *m)
{
	uint64_t address, resident, group = group_use(m);
	struct rt_memuse memory, space;

	own_use(m, &address, &resident);
	memory = (struct rt_memuse){ resident > group ? resident : group, m->memory,
		m->group_stat[0]                ? RT_MEMLIMIT_GROUP
		: m->memory != RT_MEMLIMIT_NONE ? RT_MEMLIMIT_MACHINE
						: RT_MEMLIMIT_UNKNOWN };
	space = (struct rt_memuse){ address, m->address, RT_MEMLIMIT_ADDRESS };
	if ((double)space.used / (double)space.limit > (double)memory.used / (double)memory.limit)
		return space;
	return memory;
}

uint64_t rt_memlimit_left(const struct rt_memlimit *m)
{
	char text[TEXT_MAX], path[PATH_ROOM];
	struct str rest, line, name;
	uint64_t kb;

	if (!join(path, m->root, "/proc/meminfo", STR(""), ""))
		return RT_MEMLIMIT_NONE;
	rest = read_text(path, text);
	while (rest.n > 0 && str_split(&rest, '\n', &line)) {
		if (!str_split(&line, ':', &name) || !str_is(name, "MemAvailable"))
			continue;
		line = str_trim(line);
		if (str_to_u64(str_head(line, str_find_char(line, ' ')), 10, &kb) &&
		    kb < RT_MEMLIMIT_NONE >> 10)
			return kb << 10;
	}
	return RT_MEMLIMIT_NONE;
}
