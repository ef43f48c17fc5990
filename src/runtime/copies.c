/* Other copies of this library; see copies.h. Called by retain*.c, coverage.c and cxx_next.c. */
#include "runtime/copies.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "core/elfnote.h"
#include "runtime/glibc_only.h"
#include "runtime/rt.h"

static const void *base_of(const void *address)
{
	Dl_info info;

	return dladdr(address, &info) ? info.dli_fbase : NULL;
}

static void *symbol_of_object(const char *name, const char *symbol)
{
	void *handle = dlopen(name, RTLD_NOLOAD | RTLD_LAZY), *found;

	if (!handle)
		return NULL;
	found = dlsym(handle, symbol);
	if (rt.real.dlclose)
		rt.real.dlclose(handle);
	return found;
}

void *rt_copies_symbol(const void *address, const char *symbol)
{
	Dl_info info;

	if (!address || !dladdr(address, &info) || !info.dli_fname)
		return NULL;
	return symbol_of_object(info.dli_fname, symbol);
}

bool rt_copies_has(const void *address)
{
	const void *version = rt_copies_symbol(address, "pprof_version");

	return base_of(address) == base_of(&rt) ||
	       (version && base_of(version) == base_of(address));
}

/*
 * The malloc behind the object with this one, as RTLD_NEXT finds it there: objects that were there
 * at the start are searched in the order of the loader's list, and the C library is one of them.
 */
static const void *malloc_behind(const void *malloc)
{
	struct link_map *object = NULL;
	Dl_info info;

	if (!dladdr1(malloc, &info, (void **)&object, RTLD_DL_LINKMAP) || !object)
		return NULL;
	while ((object = object->l_next)) {
		const void *next = symbol_of_object(object->l_name, "malloc");
		struct link_map *has = NULL;

		if (next && dladdr1(next, &info, (void **)&has, RTLD_DL_LINKMAP) && has == object)
			return next;
	}
	return NULL;
}

const void *rt_copies_allocator(void)
{
	const void *at, *behind;

	memcpy(&at, &rt.real.malloc, sizeof(at));
	while (rt_copies_has(at) && (behind = malloc_behind(at)))
		at = behind;
	dlerror(); /* what was not found is not the program's error */
	return at;
}

const struct rt_mem_table *rt_copies_table(struct str notes, size_t align)
{
	struct str name = { "pprof", 6 }, desc;
	int32_t away;

	if (!elfnote_find(notes, align, name, RT_MEM_NOTE, &desc) || desc.n != sizeof(away))
		return NULL;
	memcpy(&away, desc.p, sizeof(away));
	return (const struct rt_mem_table *)((uintptr_t)desc.p + (uintptr_t)(intptr_t)away);
}
