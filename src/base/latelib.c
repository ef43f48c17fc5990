/* Loading a library when it is needed, see latelib.h. */
#include "base/latelib.h"

#include <dlfcn.h>

static enum err_code fill(const struct latelib *lib, void *handle, struct err *e)
{
	for (const struct latelib_function *f = lib->functions; f->name; f++) {
		void *found = dlsym(handle, f->name);

		if (!found)
			return FAIL(e, ERR_UNSUPPORTED, "%s has no %s", lib->soname, f->name);
		/* Threads that load at the same time write the same. */
		__atomic_store_n(f->slot, found, __ATOMIC_RELEASE);
	}
	return OK;
}

enum err_code latelib_load(const struct latelib *lib, struct err *e)
{
	void *handle = dlopen(lib->soname, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return FAIL(e, ERR_UNSUPPORTED, "cannot load %s: %s", lib->soname, dlerror());
	return fill(lib, handle, e);
}
