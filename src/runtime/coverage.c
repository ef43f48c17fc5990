/* Which allocations the hooks see; see coverage.h. Called by init.c, preload.c and pages.c. */
#include "runtime/coverage.h"

#include <dlfcn.h>
#include <string.h>

#include "runtime/copies.h"
#include "runtime/cxx_next.h"
#include "runtime/rt.h"
#include "runtime/rt_text.h"

static const char *bypass; /* set by init, then constant */

/* Whether what the first malloc gives out comes to ours, as through another copy of this library.
 */
static bool comes_to_ours(void *malloc_at)
{
	void *(*first_malloc)(size_t);
	void (*first_free)(void *);
	void *free_at = dlsym(RTLD_DEFAULT, "free");

	memcpy(&first_malloc, &malloc_at, sizeof(malloc_at));
	memcpy(&first_free, &free_at, sizeof(free_at));
	return free_at && rt_cxx_through_malloc(first_malloc, first_free);
}

void rt_coverage_init(void)
{
	Dl_info first, own;
	void *f = dlsym(RTLD_DEFAULT, "malloc");

	if (f && dladdr(f, &first) && dladdr(&rt, &own) && first.dli_fbase != own.dli_fbase &&
	    !comes_to_ours(f))
		bypass = first.dli_fname;
	dlerror();
}

const char *rt_coverage_bypass(void)
{
	return bypass;
}

/* The file that a symbol of the program's scope is from; "" when there is none. */
static const char *file_of(const void *symbol)
{
	Dl_info info;

	return symbol && dladdr(symbol, &info) && info.dli_fname ? info.dli_fname : "";
}

static void print_new(struct rt_bytes *out)
{
	void *f = dlsym(RTLD_DEFAULT, "_Znwm");
	void *d = dlsym(RTLD_DEFAULT, "_ZdlPv");
	void *(*new_one)(size_t);
	void (*delete_one)(void *);

	dlerror();
	if (!f || !d) /* no C++, or out of the program's scope */
		return;
	memcpy(&new_one, &f, sizeof(f));
	memcpy(&delete_one, &d, sizeof(d));
	rt_text_c(out, "operator_new ");
	rt_text_c(out, rt_cxx_through_malloc(new_one, delete_one) ? "seen" : "not seen");
	rt_text_c(out, "\t# of ");
	rt_text_c(out, file_of(f));
	rt_text_c(out, "\n");
}

void rt_coverage_print(struct rt_bytes *out)
{
	rt_text_c(out, "malloc ");
	rt_text_c(out, bypass ? "not seen" : "seen");
	rt_text_c(out, "\t# of ");
	rt_text_c(out, bypass ? bypass : file_of(rt_copies_allocator()));
	if (bypass)
		rt_text_c(out, ": it comes before ours, so nothing is sampled");
	rt_text_c(out, "\n");
	print_new(out);
}
