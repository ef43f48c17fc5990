/*
 * What only glibc has, as weak references: under another C library (a program linked with musl that
 * is started from a profiled shell) a preloaded library that needs them would keep the program from
 * starting. There the runtime is dormant (host.h); what may still run asks before it calls.
 */
#ifndef RUNTIME_GLIBC_ONLY_H
#define RUNTIME_GLIBC_ONLY_H

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#pragma weak dladdr1
#pragma weak dlvsym
#pragma weak gnu_get_libc_version
#pragma weak sigabbrev_np
#pragma weak strerrordesc_np

static inline bool rt_is_glibc(void)
{
	return gnu_get_libc_version != NULL;
}

/* An error number in words, of the C locale; NULL for one that is none. RT_SIGSAFE */
static inline const char *rt_error_text(int number)
{
	return strerrordesc_np ? strerrordesc_np(number) : "failed";
}

#endif
