/*
 * How a family of functions is interposed that a profile wants only sometimes. Each exported
 * function is a jump through a pointer: to the next function of its name while nobody wants to
 * know, to ours (on_NAME) while somebody does. So off costs one indirect jump and no test. Before
 * our constructor has run (or in somebody's earlier one) the pointer leads to a look-up.
 *
 * A file names its functions in a list macro of rows X(RESULT, NAME, (PARAMETERS), (ARGUMENTS),
 * VERSION), defines on_NAME for each, and puts HOOK_DECLARE before and HOOK_DEFINE after them.
 * VERSION is NULL but where libc has an older, incompatible function of the same name.
 *
 * HOOK_MISSING(RESULT) is what a function returns that libc does not have.
 */
#ifndef RUNTIME_HOOK_DISPATCH_H
#define RUNTIME_HOOK_DISPATCH_H

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "runtime/glibc_only.h"

#define HOOK_EXPORT __attribute__((visibility("default")))
/* Where the program called from: our functions are reached by a jump. */
#define HOOK_CALLER __builtin_return_address(0)

/* The function's address at *slot, which stays as it is when there is none. */
static inline void hook_look_up(void *slot, const char *name, const char *version)
{
	void *f = version && dlvsym ? dlvsym(RTLD_NEXT, name, version) : NULL;

	if (!f)
		f = dlsym(RTLD_NEXT, name);
	if (f)
		memcpy(slot, &f, sizeof(f));
}

#define HOOK_SLOT(result, name, parameters, arguments, version) result(*name) parameters;
#define HOOK_FIRST(result, name, parameters, arguments, version)                                   \
	static result first_##name parameters;
#define HOOK_ON(result, name, parameters, arguments, version)    static result on_##name parameters;
#define HOOK_START(result, name, parameters, arguments, version) first_##name,

/*
 * The next functions, and where calls go now. SWITCHED: those of LIST that are turned on and off by
 * the pointer; the others' exported functions are the file's own, and go to now.NAME themselves.
 */
#define HOOK_DECLARE(LIST) HOOK_DECLARE_SOME(LIST, LIST)
#define HOOK_DECLARE_SOME(LIST, SWITCHED)                                                          \
	struct hook_calls {                                                                        \
		LIST(HOOK_SLOT)                                                                    \
	};                                                                                         \
	LIST(HOOK_FIRST)                                                                           \
	SWITCHED(HOOK_ON)                                                                          \
	static struct hook_calls next;                                                             \
	static _Alignas(64) struct hook_calls now = { LIST(HOOK_START) };

#define HOOK_DO_FIRST(result, name, parameters, arguments, version)                                \
	static result first_##name parameters                                                      \
	{                                                                                          \
		result(*mine) parameters = first_##name;                                           \
                                                                                                   \
		hook_look_up(&next.name, #name, version);                                          \
		if (!next.name)                                                                    \
			return HOOK_MISSING(result);                                               \
		__atomic_compare_exchange_n(                                                       \
		    &now.name, &mine, next.name, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);       \
		return next.name arguments;                                                        \
	}

#define HOOK_DO_EXPORT(result, name, parameters, arguments, version)                               \
	HOOK_EXPORT result name parameters;                                                        \
	result name parameters                                                                     \
	{                                                                                          \
		return __atomic_load_n(&now.name, __ATOMIC_RELAXED) arguments;                     \
	}

#define HOOK_DO_RESOLVE(result, name, parameters, arguments, version)                              \
	hook_look_up(&next.name, #name, version);

#define HOOK_DO_SWITCH(result, name, parameters, arguments, version)                               \
	if (next.name)                                                                             \
		__atomic_store_n(&now.name, on ? on_##name : next.name, __ATOMIC_RELAXED);

#define HOOK_DO_SETTLE(result, name, parameters, arguments, version)                               \
	if (next.name)                                                                             \
		__atomic_store_n(&now.name, next.name, __ATOMIC_RELAXED);

/* hooks_resolve() looks all up; hooks_switch(on), after it, turns ours on or off. */
#define HOOK_DEFINE(LIST) HOOK_DEFINE_SOME(LIST, LIST)
#define HOOK_DEFINE_SOME(LIST, SWITCHED)                                                           \
	LIST(HOOK_DO_FIRST)                                                                        \
	SWITCHED(HOOK_DO_EXPORT)                                                                   \
	static void hooks_switch(bool on)                                                          \
	{                                                                                          \
		SWITCHED(HOOK_DO_SWITCH)                                                           \
	}                                                                                          \
	static void hooks_resolve(void)                                                            \
	{                                                                                          \
		LIST(HOOK_DO_RESOLVE)                                                              \
		LIST(HOOK_DO_SETTLE)                                                               \
	}

#endif
