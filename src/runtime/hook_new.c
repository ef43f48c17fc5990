/*
 * C++ operators new and delete, for allocators that do not make them of malloc (cxx_next.h). Where
 * malloc is entered anyway, an operator new only passes the call on. Deletes always look for a
 * sample: they cost little, and an allocator may give by malloc what it takes by itself.
 *
 * Not in libpprof.a: beside a C++ library that is linked statically too, there would be no next
 * operator to find.
 */
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>

#include "runtime/cxx_next.h"
#include "runtime/heap_gate.h"
#include "runtime/heap_sample.h"
#include "runtime/rt.h"

#define EXPORT __attribute__((visibility("default")))
#define CALLER __builtin_return_address(0)

/* What the operators are until they have been looked up; defined below. */
#define X(name, symbol, parameters, arguments) static RT_COLD void *first_##name parameters;
RT_CXX_NEWS(X)
#undef X
#define X(name, symbol, parameters, arguments) static RT_COLD void first_##name parameters;
RT_CXX_DELETES(X)
#undef X

static struct rt_cxx next = {
#define X(name, symbol, parameters, arguments) .name = first_##name,
	RT_CXX_NEWS(X) RT_CXX_DELETES(X)
#undef X
};

#define X(name, symbol, parameters, arguments)                                                     \
	EXPORT void *hook_##name parameters __asm__(symbol);                                       \
                                                                                                   \
	static RT_COLD void *cold_##name parameters                                                \
	{                                                                                          \
		uint64_t mean;                                                                     \
		bool due = rt_heap_due(n, &mean);                                                  \
		void *p = next.name arguments;                                                     \
                                                                                                   \
		if (due && p)                                                                      \
			rt_heap_sample(p, n, mean, CALLER);                                        \
		return p;                                                                          \
	}                                                                                          \
                                                                                                   \
	void *hook_##name parameters                                                               \
	{                                                                                          \
		if (next.counted.name && !rt_gate_pass(n))                                         \
			return cold_##name arguments;                                              \
		return next.name arguments;                                                        \
	}
RT_CXX_NEWS(X)
#undef X

#define X(name, symbol, parameters, arguments)                                                     \
	EXPORT void hook_##name parameters __asm__(symbol);                                        \
                                                                                                   \
	static RT_COLD void cold_##name parameters                                                 \
	{                                                                                          \
		rt_heap_forget(p);                                                                 \
		next.name arguments;                                                               \
	}                                                                                          \
                                                                                                   \
	void hook_##name parameters                                                                \
	{                                                                                          \
		if (rt_gate_known(p))                                                              \
			cold_##name arguments;                                                     \
		else                                                                               \
			next.name arguments;                                                       \
	}
RT_CXX_DELETES(X)
#undef X

/*
 * The first call of an operator that start-up did not find: its library came later, by dlopen. When
 * there is none at all it is malloc's block that is given, or NULL when there is no memory: what
 * could throw is not there either.
 */
static void *give(size_t n)
{
	return malloc(n);
}

static void *give_quiet(size_t n, const void *tag)
{
	(void)tag;
	return malloc(n);
}

static void *give_aligned(size_t n, size_t align)
{
	return memalign(align, n);
}

static void *give_aligned_quiet(size_t n, size_t align, const void *tag)
{
	(void)tag;
	return memalign(align, n);
}

#define GIVE(f)                                                                                    \
	_Generic((f), void *(*)(size_t)                                                            \
		 : give, void *(*)(size_t, const void *)                                           \
		 : give_quiet, void *(*)(size_t, size_t)                                           \
		 : give_aligned, void *(*)(size_t, size_t, const void *)                           \
		 : give_aligned_quiet)

#define X(name, symbol, parameters, arguments)                                                     \
	static void *first_##name parameters                                                       \
	{                                                                                          \
		rt_cxx_resolve(&next, CALLER);                                                     \
		if (next.name != first_##name)                                                     \
			return next.name arguments;                                                \
		return GIVE(next.name) arguments;                                                  \
	}
RT_CXX_NEWS(X)
#undef X

#define X(name, symbol, parameters, arguments)                                                     \
	static void first_##name parameters                                                        \
	{                                                                                          \
		rt_cxx_resolve(&next, CALLER);                                                     \
		if (next.name != first_##name)                                                     \
			next.name arguments;                                                       \
		else                                                                               \
			free(p);                                                                   \
	}
RT_CXX_DELETES(X)
#undef X

/* After the runtime's start-up, before the program's constructors. */
__attribute__((constructor(102))) static void resolve(void)
{
	rt_cxx_resolve(&next, NULL);
}
