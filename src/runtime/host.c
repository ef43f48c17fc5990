/* Processes that must be left alone; see host.h. Called by init.c and state.c. */
#include "runtime/host.h"

#include <dlfcn.h>
#include <stdint.h>
#include <sys/resource.h>

#include "runtime/glibc_only.h"

/* The program's part of a limit is at least all but one in this many. */
#define SHARE 8

#ifndef __has_feature
#define __has_feature(x) 0
#endif
/* This library itself is built for it, to be tested. */
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define IS_TSAN 1
#else
#define IS_TSAN 0
#endif

static bool has_symbol(const char *name)
{
	bool has = dlsym(RTLD_DEFAULT, name) != NULL;

	dlerror(); /* what was not found is not the program's error */
	return has;
}

const char *rt_host_refuses(void)
{
	if (!rt_is_glibc())
		return "not profiled: the program's C library is not glibc";
	/* What is read and written without locks is a race to those who look for races. */
	if (!IS_TSAN && has_symbol("__tsan_init"))
		return "not profiled: ThreadSanitizer would report what the profiler does";
	/* The replacement that memcheck, helgrind, drd, massif and dhat load. */
	if (has_symbol("_vgr10010ZU_libcZdsoZa_malloc"))
		return "not profiled: Valgrind's tools would report what the profiler does";
	return NULL;
}

static bool fits(int which, size_t n)
{
	struct rlimit limit;

	return getrlimit((__rlimit_resource_t)which, &limit) != 0 ||
	       limit.rlim_cur == RLIM_INFINITY || n <= limit.rlim_cur / SHARE;
}

bool rt_host_has_room(size_t n)
{
	return fits(RLIMIT_AS, n) && fits(RLIMIT_DATA, n);
}
