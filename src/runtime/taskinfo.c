/* One thread in /proc; see taskinfo.h. Called by threads_signal.c and threads_profile.c. */
#include "runtime/taskinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/fmt.h"

const char *rt_taskinfo_state(char state)
{
	static const char known[] = "RSDTtZXI";
	static const char *const words[] = { "running", "sleeping", "disk sleep", "stopped",
		"tracing stop", "zombie", "dead", "idle" };
	const char *at = state ? strchr(known, state) : NULL;

	return at ? words[at - known] : "unknown";
}

static void copy(char *to, size_t cap, struct str s)
{
	size_t n = s.n < cap ? s.n : cap - 1;

	memcpy(to, s.p, n);
	to[n] = '\0';
}

void rt_taskinfo_parse(struct str status, struct rt_taskinfo *out)
{
	struct str line;

	while (str_split(&status, '\n', &line)) {
		size_t colon = str_find_char(line, ':');
		struct str value;

		if (colon == STR_NPOS)
			continue;
		value = str_trim(str_skip(line, colon + 1));
		if (str_starts(line, STR("Name:")))
			copy(out->name, sizeof(out->name), value);
		else if (str_starts(line, STR("State:")) && value.n > 0)
			out->state = value.p[0];
		else if (str_starts(line, STR("SigBlk:")))
			str_to_u64(value, 16, &out->blocked);
	}
}

size_t rt_taskinfo_file(int32_t tid, const char *file, char *to, size_t cap)
{
	char path[64];
	struct fmt_buf b = fmt_buf_of(path, sizeof(path));
	ssize_t got;
	int fd;

	fmt_c(&b, "/proc/self/task/");
	fmt_i64(&b, tid);
	fmt_char(&b, '/');
	fmt_c(&b, file);
	fd = open(fmt_end(&b), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	do
		got = read(fd, to, cap);
	while (got < 0 && errno == EINTR);
	close(fd);
	return got > 0 ? (size_t)got : 0;
}

bool rt_taskinfo_read(int32_t tid, struct rt_taskinfo *out)
{
	char text[4096];
	size_t n = rt_taskinfo_file(tid, "status", text, sizeof(text));

	*out = (struct rt_taskinfo){ .state = '?' };
	if (n == 0)
		return false;
	rt_taskinfo_parse((struct str){ text, n }, out);
	n = rt_taskinfo_file(tid, "wchan", text, sizeof(text));
	/* "0" stands for none, or for one that may not be told. */
	if (n > 1 || (n == 1 && text[0] != '0'))
		copy(out->wchan, sizeof(out->wchan), (struct str){ text, n });
	return true;
}
