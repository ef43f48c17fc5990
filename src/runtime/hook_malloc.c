/*
 * What is interposed of malloc, nothing else. Each function is a countdown or a filter look-up and
 * a tail call to the next allocator; what is rare is a cold function below it.
 *
 * Compiled without the compiler's knowledge of malloc and friends, or it would turn one of them
 * into a call to another and loop.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/heap_gate.h"
#include "runtime/heap_sample.h"
#include "runtime/rt.h"

#define EXPORT __attribute__((visibility("default")))
/* Where the program called from: the hooks reach the cold functions by a jump. */
#define CALLER __builtin_return_address(0)

/* Prototypes here: libc's headers declare some only for some language modes. */
EXPORT void *malloc(size_t n);
EXPORT void *calloc(size_t count, size_t size);
EXPORT void *realloc(void *p, size_t n);
EXPORT void *reallocarray(void *p, size_t count, size_t size);
EXPORT void free(void *p);
EXPORT void cfree(void *p);
EXPORT void free_sized(void *p, size_t n);
EXPORT void free_aligned_sized(void *p, size_t alignment, size_t n);
EXPORT void *memalign(size_t alignment, size_t n);
EXPORT void *aligned_alloc(size_t alignment, size_t n);
EXPORT int posix_memalign(void **out, size_t alignment, size_t n);
EXPORT void *valloc(size_t n);
EXPORT void *pvalloc(size_t n);
EXPORT size_t malloc_usable_size(void *p);

/* Body of a cold function: ask, call the next, record. */
#define SAMPLED(n, call)                                                                           \
	do {                                                                                       \
		uint64_t mean;                                                                     \
		bool due = rt_heap_due((n), &mean);                                                \
		void *p = (call);                                                                  \
                                                                                                   \
		if (due && p)                                                                      \
			rt_heap_sample(p, (n), mean, CALLER);                                      \
		return p;                                                                          \
	} while (0)

static RT_COLD void *cold_malloc(size_t n)
{
	SAMPLED(n, rt.real.malloc(n));
}

void *malloc(size_t n)
{
	if (!rt_gate_pass(n))
		return cold_malloc(n);
	return rt.real.malloc(n);
}

static RT_COLD void *cold_calloc(size_t count, size_t size)
{
	SAMPLED(count * size, rt.real.calloc(count, size));
}

void *calloc(size_t count, size_t size)
{
	size_t n;

	/* The next calloc refuses an overflow; SIZE_MAX costs nothing in the gate. */
	if (__builtin_mul_overflow(count, size, &n))
		n = SIZE_MAX;
	if (!rt_gate_pass(n))
		return cold_calloc(count, size);
	return rt.real.calloc(count, size);
}

static RT_COLD void *cold_memalign(size_t alignment, size_t n)
{
	SAMPLED(n, rt.real.memalign(alignment, n));
}

void *memalign(size_t alignment, size_t n)
{
	if (!rt_gate_pass(n))
		return cold_memalign(alignment, n);
	return rt.real.memalign(alignment, n);
}

static RT_COLD void *cold_aligned_alloc(size_t alignment, size_t n)
{
	SAMPLED(n, rt.real.aligned_alloc(alignment, n));
}

void *aligned_alloc(size_t alignment, size_t n)
{
	if (!rt_gate_pass(n))
		return cold_aligned_alloc(alignment, n);
	return rt.real.aligned_alloc(alignment, n);
}

static RT_COLD int cold_posix_memalign(void **out, size_t alignment, size_t n)
{
	uint64_t mean;
	bool due = rt_heap_due(n, &mean);
	int failed = rt.real.posix_memalign(out, alignment, n);

	if (due && !failed && *out)
		rt_heap_sample(*out, n, mean, CALLER);
	return failed;
}

int posix_memalign(void **out, size_t alignment, size_t n)
{
	if (!rt_gate_pass(n))
		return cold_posix_memalign(out, alignment, n);
	return rt.real.posix_memalign(out, alignment, n);
}

static RT_COLD void *cold_valloc(size_t n)
{
	SAMPLED(n, rt.real.valloc(n));
}

void *valloc(size_t n)
{
	if (!rt_gate_pass(n))
		return cold_valloc(n);
	return rt.real.valloc(n);
}

static RT_COLD void *cold_pvalloc(size_t n)
{
	SAMPLED(n, rt.real.pvalloc(n));
}

void *pvalloc(size_t n)
{
	if (!rt_gate_pass(n))
		return cold_pvalloc(n);
	return rt.real.pvalloc(n);
}

/*
 * A realloc is a free of the old block and an allocation of the new size, also when the block
 * stays in place: each size then has its own, right chance of being sampled. The old entry is out
 * of the table before the real call, as another thread may get that address at once; it is put
 * back when the call fails.
 */
static RT_COLD void *cold_realloc(void *p, size_t n, bool due, uint64_t mean, void *caller)
{
	struct rt_live was;
	bool known = rt_heap_detach(p, &was);
	void *q = rt_unlikely(rt_real_is_boot(p)) ? rt_real_boot_move(p, n) : rt.real.realloc(p, n);

	/* NULL for size 0 may be success: glibc has freed the block. */
	if (known && !q && n != 0)
		rt_heap_restore(p, &was);
	else if (known)
		rt_heap_freed(&was);
	if (due && q)
		rt_heap_sample(q, n, mean, caller);
	return q;
}

static RT_COLD void *cold_realloc_due(void *p, size_t n)
{
	uint64_t mean = 0;
	bool due = rt_heap_due(n, &mean);

	return cold_realloc(p, n, due, mean, CALLER);
}

static RT_COLD void *cold_realloc_known(void *p, size_t n)
{
	uint64_t mean = 0;
	bool due = !rt_gate_pass(n) && rt_heap_due(n, &mean);

	return cold_realloc(p, n, due, mean, CALLER);
}

void *realloc(void *p, size_t n)
{
	if (rt_gate_known(p))
		return cold_realloc_known(p, n);
	if (!rt_gate_pass(n))
		return cold_realloc_due(p, n);
	return rt.real.realloc(p, n);
}

static RT_COLD void *refuse_array(void)
{
	errno = ENOMEM;
	return NULL;
}

/* As realloc, spelled out so that its jumps keep the program's return address. */
void *reallocarray(void *p, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		return refuse_array();
	if (rt_gate_known(p))
		return cold_realloc_known(p, n);
	if (!rt_gate_pass(n))
		return cold_realloc_due(p, n);
	return rt.real.realloc(p, n);
}

/* Takes p out of the table; false when the next allocator must not see it. */
static RT_COLD bool forget(void *p)
{
	rt_heap_forget(p);
	return !rt_real_is_boot(p);
}

static RT_COLD void cold_free(void *p)
{
	if (forget(p))
		rt.real.free(p);
}

void free(void *p)
{
	if (rt_gate_known(p))
		cold_free(p);
	else
		rt.real.free(p);
}

void cfree(void *p)
{
	free(p);
}

void free_sized(void *p, size_t n)
{
	if (rt_gate_known(p) && !forget(p))
		return;
	if (rt.real.free_sized)
		rt.real.free_sized(p, n);
	else
		rt.real.free(p);
}

void free_aligned_sized(void *p, size_t alignment, size_t n)
{
	if (rt_gate_known(p) && !forget(p))
		return;
	if (rt.real.free_aligned_sized)
		rt.real.free_aligned_sized(p, alignment, n);
	else
		rt.real.free(p);
}

size_t malloc_usable_size(void *p)
{
	return rt_unlikely(rt_real_is_boot(p)) ? rt_real_boot_size(p) : rt.real.usable_size(p);
}
