/*
 * The table of named profiles; see profiles.h. Called by rt_routes.c, pages.c, api.c and dump.c.
 * Sample types, their order and the descriptions are Go's where Go has the profile, as scrapers
 * tell profiles apart by them.
 */
#include "runtime/profiles.h"

#include "core/heapframes.h"
#include "runtime/contend.h"
#include "runtime/counttext.h"
#include "runtime/custom.h"
#include "runtime/fds.h"
#include "runtime/mapranges.h"
#include "runtime/rt.h"
#include "runtime/textform.h"
#include "runtime/threads_profile.h"

#define HEAP_VALUES                                                                                \
	{                                                                                          \
		{ "alloc_objects", "count" }, { "alloc_space", "bytes" },                          \
		    { "inuse_objects", "count" },                                                  \
		{                                                                                  \
			"inuse_space", "bytes"                                                     \
		}                                                                                  \
	}

static const struct rt_shape heap_shape = { HEAP_VALUES, 4, { "space", "bytes" }, "inuse_space",
	HEAP_DROP_FRAMES };
static const struct rt_shape allocs_shape = { HEAP_VALUES, 4, { "space", "bytes" }, "alloc_space",
	HEAP_DROP_FRAMES };

static const struct rt_shape contention_shape = { { { "contentions", "count" },
						      { "delay", "nanoseconds" } },
	2, { "contentions", "count" }, NULL, NULL };

static const struct rt_shape fd_shape = { { { "fd", "count" } }, 1, { "fd", "count" }, NULL, NULL };

static bool heap_take(const struct rt_profile_kind *kind, struct rt_snapshot *s)
{
	(void)kind;
	return rt_snapshot_take(s);
}

static size_t heap_count(const struct rt_profile_kind *kind)
{
	(void)kind;
	return (size_t)(rt_is_ready() ? rt_stats_get(RT_STAT_RECORDS) - 1 : 0);
}

static void heap_text(
    const struct rt_profile_kind *kind, struct rt_snapshot *s, struct rt_bytes *out)
{
	(void)kind;
	rt_textform_heap(s, out);
}

static bool mmap_take(const struct rt_profile_kind *kind, struct rt_snapshot *s)
{
	(void)kind;
	return rt_mapranges_snapshot(s);
}

static size_t mmap_count(const struct rt_profile_kind *kind)
{
	(void)kind;
	return rt_mapranges_count();
}

/* Sorted by name. */
static const struct rt_profile_kind profiles[] = {
	{ "allocs", "A sampling of all past memory allocations", &allocs_shape, true, true,
	    heap_take, heap_text, heap_count, NULL, NULL, NULL },
	{ "block", "Stack traces that led to blocking on synchronization primitives",
	    &contention_shape, true, false, rt_contend_block_take, rt_counttext_contention,
	    rt_contend_block_count, NULL, NULL, NULL },
	{ "fd", "Open file descriptors by the stacks that opened them", &fd_shape, true, false,
	    rt_fds_take, rt_counttext_count, rt_fds_count, rt_fds_enabled, NULL, NULL },
	{ "goroutine",
	    "Stack traces of all current threads, under the name that scrapers know. Use debug=2 "
	    "as a query parameter for one paragraph a thread.",
	    &rt_goroutine_shape, true, false, rt_goroutine_take, rt_counttext_count,
	    rt_threads_count, NULL, rt_threads_take, rt_threads_dump },
	{ "heap",
	    "A sampling of memory allocations of live objects. The gc parameter is accepted "
	    "and does nothing: frees are counted at once.",
	    &heap_shape, true, true, heap_take, heap_text, heap_count, NULL, NULL, NULL },
	{ "mmap",
	    "Address space by the stacks that called mmap, mremap and sbrk: every call, not "
	    "a sampling",
	    &heap_shape, true, false, mmap_take, heap_text, mmap_count, rt_mapranges_enabled, NULL,
	    NULL },
	{ "mutex", "Stack traces of holders of contended mutexes", &contention_shape, true, false,
	    rt_contend_mutex_take, rt_counttext_contention, rt_contend_mutex_count, NULL, NULL,
	    NULL },
	{ "threadcreate", "Stack traces that led to the creation of the threads that there are",
	    &rt_threadcreate_shape, true, false, rt_threadcreate_take, rt_counttext_count,
	    rt_threads_count, NULL, NULL, NULL },
	{ "threads",
	    "Stack traces of all current threads, each with its name, id, state and what it "
	    "waits in",
	    &rt_threads_shape, false, false, rt_threads_take, rt_counttext_count, rt_threads_count,
	    NULL, rt_threads_take, rt_threads_dump },
};

#define PROFILES (sizeof(profiles) / sizeof(profiles[0]))

_Static_assert(PROFILES + RT_CUSTOM_MAX <= RT_PROFILES_MAX, "a list has room for all");

static bool is_there(const struct rt_profile_kind *kind)
{
	return !kind->is_there || kind->is_there();
}

/* Into a list of n, by name. */
static void insert(
    const struct rt_profile_kind **list, size_t n, const struct rt_profile_kind *kind)
{
	while (n > 0 && str_cmp(str_c(list[n - 1]->name), str_c(kind->name)) > 0) {
		list[n] = list[n - 1];
		n--;
	}
	list[n] = kind;
}

size_t rt_profiles_list(const struct rt_profile_kind **out)
{
	size_t n = 0, customs = rt_custom_count();

	for (size_t i = 0; i < PROFILES; i++)
		if (is_there(&profiles[i]))
			insert(out, n++, &profiles[i]);
	for (size_t i = 0; i < customs; i++)
		insert(out, n++, rt_custom_at(i));
	return n;
}

const struct rt_profile_kind *rt_profiles_find(struct str name)
{
	size_t customs = rt_custom_count();

	for (size_t i = 0; i < PROFILES; i++)
		if (str_is(name, profiles[i].name))
			return is_there(&profiles[i]) ? &profiles[i] : NULL;
	for (size_t i = 0; i < customs; i++)
		if (str_is(name, rt_custom_at(i)->name))
			return rt_custom_at(i);
	return NULL;
}

static bool encode(
    const struct rt_profile_kind *kind, const struct rt_snapshot *s, struct rt_bytes *out)
{
	struct rt_bytes plain = { 0 };
	bool good = rt_encode(s, kind->shape, &plain) && rt_encode_gzip(&plain, out);

	rt_bytes_release(&plain);
	return good;
}

bool rt_profiles_render(
    const struct rt_profile_kind *kind, struct rt_snapshot *s, int debug, struct rt_bytes *out)
{
	bool good = true;

	if (debug > 1 && kind->dump)
		kind->dump(kind, s, out);
	else if (debug)
		kind->text(kind, s, out);
	else
		good = encode(kind, s, out);
	rt_snapshot_release(s);
	return good && !out->failed;
}

bool rt_profiles_take(const struct rt_profile_kind *kind, int debug, struct rt_snapshot *s)
{
	return debug > 1 && kind->take_dump ? kind->take_dump(kind, s) : kind->take(kind, s);
}

bool rt_profiles_write(const struct rt_profile_kind *kind, int debug, struct rt_bytes *out)
{
	struct rt_snapshot s;

	return rt_profiles_take(kind, debug, &s) && rt_profiles_render(kind, &s, debug, out);
}
