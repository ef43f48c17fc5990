/* The next allocator; see real.h. Called by hook_malloc.c and, eagerly, by init.c. */
#include "runtime/real.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "runtime/heap_live.h"
#include "runtime/rt.h"
#include "runtime/tls.h"

#define BOOT_BYTES 16384
#define BOOT_ALIGN 16

/* The boot arena: each block is preceded by its size in BOOT_ALIGN bytes. */
static struct {
	_Alignas(BOOT_ALIGN) unsigned char bytes[BOOT_BYTES];
	_Atomic size_t used;
} boot;

static void *boot_alloc(size_t n)
{
	size_t need = ((n + BOOT_ALIGN - 1) & ~(size_t)(BOOT_ALIGN - 1)) + BOOT_ALIGN;
	size_t at;

	if (n > BOOT_BYTES)
		return NULL;
	at = atomic_fetch_add(&boot.used, need);
	if (at > BOOT_BYTES || need > BOOT_BYTES - at)
		return NULL;
	memcpy(boot.bytes + at, &n, sizeof(n));
	/* The hooks' free path must stop at this block for ever. */
	rt_filter_pin((uintptr_t)boot.bytes + at + BOOT_ALIGN);
	return boot.bytes + at + BOOT_ALIGN;
}

bool rt_real_is_boot(const void *p)
{
	return (uintptr_t)p - (uintptr_t)boot.bytes < BOOT_BYTES;
}

size_t rt_real_boot_size(const void *p)
{
	size_t n;

	memcpy(&n, (const unsigned char *)p - BOOT_ALIGN, sizeof(n));
	return n;
}

void *rt_real_boot_move(void *p, size_t n)
{
	size_t old = rt_real_boot_size(p);
	void *q = rt.real.malloc(n);

	if (q)
		memcpy(q, p, old < n ? old : n);
	return q;
}

/*
 * Only the dynamic linker can tell the next malloc, and its table is only in programs that it
 * loads: a -static link fails here, with this function's name, instead of the program later
 * (static_link.c).
 */
static bool static_programs_have_no_next_malloc(void)
{
	const ElfW(Dyn) *volatile table = _DYNAMIC;

	return !table;
}

/* dlsym's object pointer as a function pointer, without a cast that ISO C does not know. */
static void look_up(void *slot, const char *name, const char *other)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (!f && other)
		f = dlsym(RTLD_NEXT, other);
	if (f)
		memcpy(slot, &f, sizeof(f));
}

static void *valloc_by_memalign(size_t n)
{
	return rt.real.memalign((size_t)sysconf(_SC_PAGESIZE), n);
}

static void *pvalloc_by_memalign(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (n > SIZE_MAX - page) {
		errno = ENOMEM;
		return NULL;
	}
	return rt.real.memalign(page, (n + page - 1) & ~(page - 1));
}

static size_t usable_size_unknown(void *p)
{
	(void)p;
	return 0;
}

/* malloc last: it is what tells others that the rest is there. */
static void publish(const struct rt_real *found)
{
	struct rt_real r = *found;

	r.malloc = rt_real_first_malloc;
	rt.real = r;
	__atomic_store_n(&rt.real.malloc, found->malloc, __ATOMIC_RELEASE);
}

bool rt_real_resolve(void)
{
	struct rt_real r = { .valloc = valloc_by_memalign,
		.pvalloc = pvalloc_by_memalign,
		.usable_size = usable_size_unknown };

	if (rt.real.malloc != rt_real_first_malloc)
		return true;
	if (rt_tls.resolving || static_programs_have_no_next_malloc())
		return false;
	rt_tls.resolving = true;
	look_up(&r.malloc, "malloc", NULL);
	look_up(&r.free, "free", NULL);
	look_up(&r.calloc, "calloc", NULL);
	look_up(&r.realloc, "realloc", NULL);
	look_up(&r.memalign, "memalign", "aligned_alloc");
	look_up(&r.aligned_alloc, "aligned_alloc", "memalign");
	look_up(&r.posix_memalign, "posix_memalign", NULL);
	look_up(&r.valloc, "valloc", NULL);
	look_up(&r.pvalloc, "pvalloc", NULL);
	look_up(&r.usable_size, "malloc_usable_size", NULL);
	look_up(&r.free_sized, "free_sized", NULL);
	look_up(&r.free_aligned_sized, "free_aligned_sized", NULL);
	look_up(&r.dlclose, "dlclose", NULL);
	dlerror(); /* what was not found is not the program's error */
	rt_tls.resolving = false;
	if (!r.malloc || !r.free || !r.calloc || !r.realloc || !r.memalign || !r.posix_memalign)
		return false;
	publish(&r);
	return true;
}

RT_COLD void *rt_real_first_malloc(size_t n)
{
	void *p;

	if (rt_real_resolve())
		return rt.real.malloc(n);
	p = boot_alloc(n);
	if (!p)
		errno = ENOMEM;
	return p;
}

RT_COLD void *rt_real_first_calloc(size_t count, size_t size)
{
	size_t n;

	if (rt_real_resolve())
		return rt.real.calloc(count, size);
	if (__builtin_mul_overflow(count, size, &n))
		n = SIZE_MAX;
	return rt_real_first_malloc(n); /* the boot arena is never reused, so it is zero */
}

RT_COLD void rt_real_first_free(void *p)
{
	if (p && !rt_real_is_boot(p) && rt_real_resolve())
		rt.real.free(p);
}

RT_COLD void *rt_real_first_realloc(void *p, size_t n)
{
	void *q;

	if (rt_real_resolve())
		return p && rt_real_is_boot(p) ? rt_real_boot_move(p, n) : rt.real.realloc(p, n);
	q = rt_real_first_malloc(n);
	if (p && q) {
		size_t old = rt_real_boot_size(p);

		memcpy(q, p, old < n ? old : n);
	}
	return q;
}

RT_COLD void *rt_real_first_memalign(size_t alignment, size_t n)
{
	if (rt_real_resolve())
		return rt.real.memalign(alignment, n);
	if (alignment <= BOOT_ALIGN)
		return rt_real_first_malloc(n);
	errno = ENOMEM;
	return NULL;
}

RT_COLD int rt_real_first_posix_memalign(void **out, size_t alignment, size_t n)
{
	if (rt_real_resolve())
		return rt.real.posix_memalign(out, alignment, n);
	if (alignment > BOOT_ALIGN)
		return ENOMEM;
	*out = boot_alloc(n);
	return *out ? 0 : ENOMEM;
}

RT_COLD void *rt_real_first_valloc(size_t n)
{
	if (rt_real_resolve())
		return rt.real.valloc(n);
	errno = ENOMEM;
	return NULL;
}

RT_COLD size_t rt_real_first_usable_size(void *p)
{
	if (!p)
		return 0;
	if (rt_real_is_boot(p))
		return rt_real_boot_size(p);
	return rt_real_resolve() ? rt.real.usable_size(p) : 0;
}
