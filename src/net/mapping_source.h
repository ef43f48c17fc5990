/*
 * Which URL a mapping came from, so that its addresses can be named by the server they were taken
 * from. fetch/ writes the list, symbolize/ reads it. The key is the mapping's build id, else its
 * file, else the URL itself.
 */
#ifndef NET_MAPPING_SOURCE_H
#define NET_MAPPING_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/vec.h"
#include "core/str.h"

struct mapping_source {
	struct str key;
	struct str url;
	uint64_t start; /* of the mapping in the profile from that URL */
};

/* A zero struct is a valid empty list. Texts lie in the arena. */
struct mapping_sources {
	struct arena arena;
	VEC(struct mapping_source) list;
};

/* Appends a copy; a failed allocation shows in list.failed or the arena. */
static inline void mapping_sources_add(
    struct mapping_sources *s, struct str key, struct str url, uint64_t start)
{
	(void)VEC_PUSH(&s->list,
	    (struct mapping_source){ arena_str(&s->arena, key), arena_str(&s->arena, url), start });
}

static inline void mapping_sources_release(struct mapping_sources *s)
{
	VEC_RELEASE(&s->list);
	arena_release(&s->arena);
}

#endif
