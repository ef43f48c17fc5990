/* Public functions of the CPU profile; see include/pprof/pprof.h. */
#include <errno.h>
#include <string.h>

#include "pprof/pprof.h"
#include "runtime/api.h"
#include "runtime/dump.h"
#include "runtime/glibc_only.h"
#include "runtime/rt_cpu.h"
#include "runtime/init.h"
#include "runtime/rt.h"
#include "runtime/rt_encode.h"

/* Of the profile that pprof_start_cpu_profile has started. Guarded by rt_init_lock. */
static struct {
	int fd;
	int32_t pid; /* of the process that it runs in; 0: none */
} started;

static _Atomic uint32_t rate; /* 0: as PPROF_CPU_HZ says */

int pprof_set_cpu_rate(int hz)
{
	if (hz < 0 || (uint32_t)hz > RT_CPU_HZ_MAX)
		return rt_api_fail("the rate must be 0 to 10000");
	atomic_store(&rate, (uint32_t)hz);
	return 0;
}

int pprof_start_cpu_profile(int fd)
{
	uint32_t hz = atomic_load(&rate);
	const char *why;

	rt_init();
	rt_init_lock();
	why = rt_cpu_start(hz ? hz : (uint32_t)rt.options.cpu_hz);
	if (!why) {
		started.fd = fd;
		started.pid = rt.pid;
	}
	rt_init_unlock();
	return why ? rt_api_fail(why) : 0;
}

/* NULL, or why there is no profile in fd. */
static const char *stop_and_write(int fd)
{
	struct rt_bytes plain = { 0 }, out = { 0 };
	const char *why = "not enough memory for the profile";
	struct rt_snapshot s;

	if (!rt_cpu_stop(&s))
		return why;
	if (rt_encode(&s, &rt_cpu_shape, &plain) && rt_encode_gzip(&plain, &out))
		why = rt_dump_bytes(fd, out.p, out.n) ? NULL : rt_error_text(errno);
	rt_snapshot_release(&s);
	rt_bytes_release(&plain);
	rt_bytes_release(&out);
	return why;
}

int pprof_stop_cpu_profile(void)
{
	const char *why = NULL;
	int saved = errno;

	rt_init_lock();
	if (started.pid != 0 && started.pid == rt.pid)
		why = stop_and_write(started.fd);
	started.pid = 0;
	rt_init_unlock();
	errno = saved;
	return why ? rt_api_fail(why) : 0;
}
