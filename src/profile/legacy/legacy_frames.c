/*
 * The expressions are what a converted profile is expected to carry, byte for byte: whoever reads
 * it later sees them. So the names in them, and their order, are the ones that google/pprof
 * documents, some of them of programs that nobody runs any more.
 */
#include "profile/legacy/legacy_frames.h"

/* Entry points of C libraries, of tcmalloc and of macOS, the Go runtime, and allocators inside. */
#define ALLOCATOR_FRAMES                                                                           \
	"calloc|cfree|malloc|free|memalign|do_memalign|(__)?posix_memalign|"                       \
	"pvalloc|valloc|realloc|tcmalloc::.*|tc_calloc|tc_cfree|tc_malloc|"                        \
	"tc_free|tc_memalign|tc_posix_memalign|tc_pvalloc|tc_valloc|tc_realloc|"                   \
	"tc_new|tc_delete|tc_newarray|tc_deletearray|tc_new_nothrow|"                              \
	"tc_newarray_nothrow|malloc_zone_malloc|malloc_zone_calloc|"                               \
	"malloc_zone_valloc|malloc_zone_realloc|malloc_zone_memalign|"                             \
	"malloc_zone_free|runtime\\..*|BaseArena::.*|(::)?do_malloc_no_errno|"                     \
	"(::)?do_malloc_pages|(::)?do_malloc|DoSampledAllocation|"                                 \
	"MallocedMemBlock::MallocedMemBlock|_M_allocate|"                                          \
	"__builtin_(vec_)?delete|__builtin_(vec_)?new|"                                            \
	"__gnu_cxx::new_allocator::allocate|__libc_malloc|"                                        \
	"__malloc_alloc_template::allocate|allocate|cpp_alloc|"                                    \
	"operator new(\\[\\])?|simple_alloc::allocate"

/* Of those, what may stand in the middle of a stack. */
#define ALLOCATOR_KEPT "runtime\\.panic|runtime\\.reflectcall|runtime\\.call[0-9]*"

/* Where a lock records how long it was waited for. */
#define LOCK_FRAMES                                                                                \
	"RecordLockProfileData|(base::)?RecordLockProfileData.*|"                                  \
	"(base::)?SubmitMutexProfileData.*|"                                                       \
	"(base::)?SubmitSpinLockProfileData.*|(base::Mutex::)?AwaitCommon.*|"                      \
	"(base::Mutex::)?Unlock.*|(base::Mutex::)?UnlockSlow.*|"                                   \
	"(base::Mutex::)?ReaderUnlock.*|(base::MutexLock::)?~MutexLock.*|"                         \
	"(Mutex::)?AwaitCommon.*|(Mutex::)?Unlock.*|(Mutex::)?UnlockSlow.*|"                       \
	"(Mutex::)?ReaderUnlock.*|(MutexLock::)?~MutexLock.*|"                                     \
	"(SpinLock::)?Unlock.*|(SpinLock::)?SlowUnlock.*|"                                         \
	"(SpinLockHolder::)?~SpinLockHolder.*"

/* The profiler's signal handler. */
#define PROFILER_FRAMES                                                                            \
	"ProfileData::Add|ProfileData::prof_handler|CpuProfiler::prof_handler|"                    \
	"__pthread_sighandler|__restore"

#define MAX_TYPES 4

struct frame_rule {
	const char *types[MAX_TYPES]; /* the names of all sample types */
	const char *drop;
	const char *keep;
};

static const struct frame_rule rules[] = {
	{ { "allocations", "size" }, ALLOCATOR_FRAMES, ALLOCATOR_KEPT },
	{ { "objects", "space" }, ALLOCATOR_FRAMES, ALLOCATOR_KEPT },
	{ { "inuse_objects", "inuse_space" }, ALLOCATOR_FRAMES, ALLOCATOR_KEPT },
	{ { "alloc_objects", "alloc_space" }, ALLOCATOR_FRAMES, ALLOCATOR_KEPT },
	{ { "alloc_objects", "alloc_space", "inuse_objects", "inuse_space" }, ALLOCATOR_FRAMES,
	    ALLOCATOR_KEPT },
	{ { "contentions", "delay" }, LOCK_FRAMES, "" },
};

static bool has_types(const struct profile *p, const char *const types[MAX_TYPES])
{
	uint32_t n = 0;

	while (n < MAX_TYPES && types[n])
		n++;
	if (n != p->n_sample_types)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!str_is(profile_str(p, p->sample_types[i].type), types[i]))
			return false;
	return true;
}

void legacy_set_frames(struct profile *p)
{
	const char *drop = PROFILER_FRAMES;
	const char *keep = "";

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (!has_types(p, rules[i].types))
			continue;
		drop = rules[i].drop;
		keep = rules[i].keep;
		break;
	}
	p->drop_frames = profile_intern_kept(p, str_c(drop));
	p->keep_frames = profile_intern_kept(p, str_c(keep));
}
