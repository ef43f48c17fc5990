/*
 * The next allocator's C++ operators new and delete: what hook_new.c stands in front of.
 *
 * libstdc++'s call malloc, so what they allocate is counted there; tcmalloc's, mimalloc's and
 * jemalloc's go past malloc, some of them for some of the operators only. Which is which is not
 * guessed by name but tried: each operator is called once, and when our malloc was not entered
 * meanwhile, its allocations are counted by our operator.
 */
#ifndef RUNTIME_CXX_NEXT_H
#define RUNTIME_CXX_NEXT_H

#include <stdbool.h>
#include <stddef.h>

/* X(name, symbol, parameters, arguments). nothrow_t references and align_val_t are what they are
 * in a register: a pointer and a number. Single operators come before those of arrays, which
 * libstdc++ makes of the single ones. */
#define RT_CXX_NEWS(X)                                                                             \
	X(new_one, "_Znwm", (size_t n), (n))                                                       \
	X(new_array, "_Znam", (size_t n), (n))                                                     \
	X(new_one_quiet, "_ZnwmRKSt9nothrow_t", (size_t n, const void *tag), (n, tag))             \
	X(new_array_quiet, "_ZnamRKSt9nothrow_t", (size_t n, const void *tag), (n, tag))           \
	X(new_one_aligned, "_ZnwmSt11align_val_t", (size_t n, size_t align), (n, align))           \
	X(new_array_aligned, "_ZnamSt11align_val_t", (size_t n, size_t align), (n, align))         \
	X(new_one_aligned_quiet, "_ZnwmSt11align_val_tRKSt9nothrow_t",                             \
	    (size_t n, size_t align, const void *tag), (n, align, tag))                            \
	X(new_array_aligned_quiet, "_ZnamSt11align_val_tRKSt9nothrow_t",                           \
	    (size_t n, size_t align, const void *tag), (n, align, tag))

#define RT_CXX_DELETES(X)                                                                          \
	X(delete_one, "_ZdlPv", (void *p), (p))                                                    \
	X(delete_array, "_ZdaPv", (void *p), (p))                                                  \
	X(delete_one_sized, "_ZdlPvm", (void *p, size_t n), (p, n))                                \
	X(delete_array_sized, "_ZdaPvm", (void *p, size_t n), (p, n))                              \
	X(delete_one_quiet, "_ZdlPvRKSt9nothrow_t", (void *p, const void *tag), (p, tag))          \
	X(delete_array_quiet, "_ZdaPvRKSt9nothrow_t", (void *p, const void *tag), (p, tag))        \
	X(delete_one_aligned, "_ZdlPvSt11align_val_t", (void *p, size_t align), (p, align))        \
	X(delete_array_aligned, "_ZdaPvSt11align_val_t", (void *p, size_t align), (p, align))      \
	X(delete_one_sized_aligned, "_ZdlPvmSt11align_val_t", (void *p, size_t n, size_t align),   \
	    (p, n, align))                                                                         \
	X(delete_array_sized_aligned, "_ZdaPvmSt11align_val_t", (void *p, size_t n, size_t align), \
	    (p, n, align))                                                                         \
	X(delete_one_aligned_quiet, "_ZdlPvSt11align_val_tRKSt9nothrow_t",                         \
	    (void *p, size_t align, const void *tag), (p, align, tag))                             \
	X(delete_array_aligned_quiet, "_ZdaPvSt11align_val_tRKSt9nothrow_t",                       \
	    (void *p, size_t align, const void *tag), (p, align, tag))

/* The next operators, and which of the news do not come to our malloc by themselves. */
struct rt_cxx {
#define X(name, symbol, parameters, arguments) void *(*name)parameters;
	RT_CXX_NEWS(X)
#undef X
#define X(name, symbol, parameters, arguments) void(*name) parameters;
	RT_CXX_DELETES(X)
#undef X

	struct {
#define X(name, symbol, parameters, arguments) bool name;
		RT_CXX_NEWS(X)
#undef X
	} counted;
};

/*
 * Looks the operators up behind us, or, for an object that was loaded with its C++ library later
 * and out of the program's scope, from the object that holds the code address `caller` (NULL:
 * none). Leaves what it does not find. May call dlsym and the next allocator. RT_NOALLOC but for
 * that.
 */
void rt_cxx_resolve(struct rt_cxx *cxx, void *caller);

/* Calls operator new once: true when that came to our malloc, or to an operator of ours. RT_ANY */
bool rt_cxx_through_malloc(void *(*new_one)(size_t), void (*delete_one)(void *));

#endif
