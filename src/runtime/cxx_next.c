/* The next operators new and delete; see cxx_next.h. Called by hook_new.c and coverage.c. */
#include "runtime/cxx_next.h"

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#include "runtime/copies.h"
#include "runtime/rt.h"
#include "runtime/tls.h"

/* More than a trial costs. */
#define TRIAL_BUDGET ((uint64_t)1 << 20)
#define TRIAL_BYTES  64
#define TRIAL_ALIGN  64

/* std::nothrow: an object without contents; only its address is passed. */
static const char quiet_tag;

/* A symbol of the object that `caller` is in, or of what it was linked with. */
static void *look_up_from(void *caller, const char *symbol)
{
	void *found = rt_copies_symbol(caller, symbol);

	return found && !rt_copies_has(found) ? found : NULL;
}

static void look_up(void *slot, const char *symbol, void *caller)
{
	void *f = dlsym(RTLD_NEXT, symbol);

	if (!f)
		f = look_up_from(caller, symbol);
	if (f)
		memcpy(slot, &f, sizeof(f));
}

/*
 * A trial: the gate takes from the thread's budget whenever our malloc is entered. Returns what the
 * thread had left before.
 */
static uint64_t begin_trial(void)
{
	uint64_t left = rt_tls.left;

	rt_tls.left = TRIAL_BUDGET;
	return left;
}

static bool end_trial(uint64_t left)
{
	bool entered = rt_tls.left != TRIAL_BUDGET;

	rt_tls.left = left;
	return entered;
}

bool rt_cxx_through_malloc(void *(*new_one)(size_t), void (*delete_one)(void *))
{
	uint64_t left = begin_trial();
	void *p = new_one(TRIAL_BYTES);
	bool through = end_trial(left);

	delete_one(p);
	return through;
}

static bool plain(const struct rt_cxx *cxx, void *(*f)(size_t))
{
	return rt_cxx_through_malloc(f, cxx->delete_one);
}

static bool quiet(const struct rt_cxx *cxx, void *(*f)(size_t, const void *))
{
	uint64_t left = begin_trial();
	void *p = f(TRIAL_BYTES, &quiet_tag);
	bool through = end_trial(left);

	cxx->delete_one(p);
	return through;
}

static bool aligned(const struct rt_cxx *cxx, void *(*f)(size_t, size_t))
{
	uint64_t left = begin_trial();
	void *p = f(TRIAL_BYTES, TRIAL_ALIGN);
	bool through = end_trial(left);

	cxx->delete_one_aligned(p, TRIAL_ALIGN);
	return through;
}

static bool aligned_quiet(const struct rt_cxx *cxx, void *(*f)(size_t, size_t, const void *))
{
	uint64_t left = begin_trial();
	void *p = f(TRIAL_BYTES, TRIAL_ALIGN, &quiet_tag);
	bool through = end_trial(left);

	cxx->delete_one_aligned(p, TRIAL_ALIGN);
	return through;
}

#define TRY(cxx, f)                                                                                \
	_Generic((f), void *(*)(size_t)                                                            \
		 : plain, void *(*)(size_t, const void *)                                          \
		 : quiet, void *(*)(size_t, size_t)                                                \
		 : aligned, void *(*)(size_t, size_t, const void *)                                \
		 : aligned_quiet)(cxx, f)

void rt_cxx_resolve(struct rt_cxx *cxx, void *caller)
{
	const struct rt_cxx before = *cxx;

#define X(name, symbol, parameters, arguments) look_up(&cxx->name, symbol, caller);
	RT_CXX_DELETES(X)
	RT_CXX_NEWS(X)
#undef X
	/* Single operators first: an operator that calls one which counts is through, too. */
#define X(name, symbol, parameters, arguments)                                                     \
	if (cxx->name != before.name)                                                              \
		cxx->counted.name = !TRY(cxx, cxx->name);
	RT_CXX_NEWS(X)
#undef X
}
