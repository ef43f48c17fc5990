/* Stands in for the runtime in test_run: tells an address on the pipe, keeps a trace of the
 * environment it was started in. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void start(void)
{
	const char *fd = getenv("PPROF_NOTIFY_FD");
	const char *addr = getenv("PPROF_ADDR");
	const char *out = getenv("PPROF_OUT");
	const char *rate = getenv("PPROF_HEAP_RATE");
	char line[300];
	int n;

	if (!fd)
		return;
	n = snprintf(line, sizeof line, "%s out=%s rate=%s\n", addr ? addr : "-", out ? out : "-",
	    rate ? rate : "-");
	if (getenv("FAKE_WARNING"))
		n += snprintf(
		    line + n, sizeof line - (size_t)n, "warning: %s\n", getenv("FAKE_WARNING"));
	if (write(atoi(fd), line, (size_t)n) < 0)
		_exit(9);
	close(atoi(fd));
	unsetenv("PPROF_NOTIFY_FD");
}
