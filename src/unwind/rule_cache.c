/* See rule_cache.h; what is not on the hot path. */
#include "unwind/rule_cache.h"

void unwind_cache_flush(struct unwind_cache *cache)
{
	/* Release: who sees the new generation sees what the caller did before, e.g. unmapping. */
	atomic_fetch_add_explicit(&cache->generation, 1, memory_order_release);
}

void unwind_cache_after_fork(struct unwind_cache *cache)
{
	atomic_store(&cache->zones_busy, 0);
}
