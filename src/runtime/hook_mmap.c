/*
 * mmap, munmap, mremap and sbrk, for the mmap profile. In the preloaded library only. Without
 * that (mapranges.h) each is one test and a jump to the next function of its name. What libc does
 * inside (thread stacks, its own malloc, the dynamic linker) does not come by here.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/init.h"
#include "runtime/mapranges.h"
#include "runtime/rt.h"

#define EXPORT    __attribute__((visibility("default")))
#define CALLER    __builtin_return_address(0)
#define PAGE_MASK ((size_t)4095)

EXPORT void *mmap(void *addr, size_t n, int prot, int flags, int fd, off_t offset);
EXPORT void *mmap64(void *addr, size_t n, int prot, int flags, int fd, off_t offset)
    __attribute__((alias("mmap")));
EXPORT int munmap(void *addr, size_t n);
EXPORT void *mremap(void *addr, size_t n, size_t fresh, int flags, ...);
EXPORT void *sbrk(intptr_t change);

/* Before the others are looked up, somebody's constructor may want memory. */
static void *raw_mmap(void *addr, size_t n, int prot, int flags, int fd, off_t offset)
{
	return (void *)syscall(SYS_mmap, addr, n, prot, flags, fd, offset);
}

static int raw_munmap(void *addr, size_t n)
{
	return (int)syscall(SYS_munmap, addr, n);
}

static void *raw_mremap(void *addr, size_t n, size_t fresh, int flags, ...)
{
	va_list args;
	void *to;

	va_start(args, flags);
	to = va_arg(args, void *);
	va_end(args);
	return (void *)syscall(SYS_mremap, addr, n, fresh, flags, to);
}

static void *first_sbrk(intptr_t change);

static struct {
	void *(*mmap)(void *, size_t, int, int, int, off_t);
	int (*munmap)(void *, size_t);
	void *(*mremap)(void *, size_t, size_t, int, ...);
	void *(*sbrk)(intptr_t);
	bool on;
} next = { raw_mmap, raw_munmap, raw_mremap, first_sbrk, false };

static void look_up(void *slot, const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (f)
		memcpy(slot, &f, sizeof(f));
}

static void *first_sbrk(intptr_t change)
{
	look_up(&next.sbrk, "sbrk");
	if (next.sbrk != first_sbrk)
		return next.sbrk(change);
	errno = ENOMEM;
	return (void *)-1;
}

__attribute__((constructor(102))) static void resolve(void)
{
	rt_init();
	look_up(&next.mmap, "mmap");
	look_up(&next.munmap, "munmap");
	look_up(&next.mremap, "mremap");
	look_up(&next.sbrk, "sbrk");
	next.on = rt_is_ready() && rt_mapranges_enabled();
}

static size_t whole_pages(size_t n)
{
	return n + PAGE_MASK < n ? n : (n + PAGE_MASK) & ~PAGE_MASK;
}

static RT_COLD void *noted_mmap(
    void *addr, size_t n, int prot, int flags, int fd, off_t offset, void *caller)
{
	bool replaces = (flags & MAP_FIXED) != 0;
	struct rt_map_cut cut = { 0 };
	void *p;

	if (replaces)
		rt_mapranges_cut((uintptr_t)addr, whole_pages(n), &cut);
	p = next.mmap(addr, n, prot, flags, fd, offset);
	if (p == MAP_FAILED) {
		rt_mapranges_restore(&cut);
		return p;
	}
	rt_mapranges_unmapped(&cut);
	rt_mapranges_mapped((uintptr_t)p, whole_pages(n), caller);
	return p;
}

void *mmap(void *addr, size_t n, int prot, int flags, int fd, off_t offset)
{
	if (rt_likely(!next.on))
		return next.mmap(addr, n, prot, flags, fd, offset);
	return noted_mmap(addr, n, prot, flags, fd, offset, CALLER);
}

static RT_COLD int noted_munmap(void *addr, size_t n)
{
	struct rt_map_cut cut;
	int failed;

	rt_mapranges_cut((uintptr_t)addr, whole_pages(n), &cut);
	failed = next.munmap(addr, n);
	if (failed)
		rt_mapranges_restore(&cut);
	else
		rt_mapranges_unmapped(&cut);
	return failed;
}

int munmap(void *addr, size_t n)
{
	if (rt_likely(!next.on))
		return next.munmap(addr, n);
	return noted_munmap(addr, n);
}

/* A move is an unmapping and a mapping, as realloc is a free and an allocation. */
static RT_COLD void *noted_mremap(
    void *addr, size_t n, size_t fresh, int flags, void *to, void *caller)
{
	struct rt_map_cut was, under = { 0 };
	void *p;

	rt_mapranges_cut((uintptr_t)addr, whole_pages(n), &was);
	if (flags & MREMAP_FIXED)
		rt_mapranges_cut((uintptr_t)to, whole_pages(fresh), &under);
	p = next.mremap(addr, n, fresh, flags, to);
	if (p == MAP_FAILED) {
		rt_mapranges_restore(&was);
		rt_mapranges_restore(&under);
		return p;
	}
	rt_mapranges_unmapped(&under);
	if (flags & MREMAP_DONTUNMAP)
		rt_mapranges_restore(&was);
	else
		rt_mapranges_unmapped(&was);
	rt_mapranges_mapped((uintptr_t)p, whole_pages(fresh), caller);
	return p;
}

void *mremap(void *addr, size_t n, size_t fresh, int flags, ...)
{
	va_list args;
	void *to;

	va_start(args, flags);
	to = va_arg(args, void *);
	va_end(args);
	if (rt_likely(!next.on))
		return next.mremap(addr, n, fresh, flags, to);
	return noted_mremap(addr, n, fresh, flags, to, CALLER);
}

static RT_COLD void *noted_sbrk(intptr_t change, void *caller)
{
	struct rt_map_cut cut = { 0 };
	char *p;

	if (change < 0) {
		char *top = next.sbrk(0);

		rt_mapranges_cut((uintptr_t)top + (uintptr_t)change, -(size_t)change, &cut);
	}
	p = next.sbrk(change);
	if (p == (char *)-1)
		rt_mapranges_restore(&cut);
	else
		rt_mapranges_unmapped(&cut);
	if (p != (char *)-1 && change > 0)
		rt_mapranges_mapped((uintptr_t)p, (size_t)change, caller);
	return p;
}

void *sbrk(intptr_t change)
{
	if (rt_likely(!next.on) || change == 0)
		return next.sbrk(change);
	return noted_sbrk(change, CALLER);
}
