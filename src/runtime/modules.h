/*
 * Loaded objects: which one an address is in, for unwinding (any context) and for the profile's
 * mappings (ordinary context, from /proc/self/maps).
 */
#ifndef RUNTIME_MODULES_H
#define RUNTIME_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/elfnote.h"
#include "core/str.h"
#include "runtime/mem.h"
#include "unwind/unwind.h"

/*
 * Fills *out for the object that holds pc, as unwind_ops.find_module wants it. By the loader's own
 * lock-free table (glibc 2.35 and later), else by a snapshot. RT_SIGSAFE
 */
bool rt_modules_find(uintptr_t pc, struct unwind_module *out);

/* The object that holds pc, by the loader's table; borrowed, valid while the object is loaded. */
struct rt_object {
	uintptr_t start, end; /* all of it, or a segment of one with holes */
	uintptr_t bias;       /* what is added to addresses in its file */
	const char *name;     /* as the loader has it: "" for the program, maybe relative */
	const void *headers;  /* ElfW(Phdr)[] */
	size_t n_headers;
};

/* False when pc is in none or there is no such table (before glibc 2.35). RT_SIGSAFE */
bool rt_modules_object(uintptr_t pc, struct rt_object *out);

/* Whether the loader has an object over all of [start, end); touches none. RT_SIGSAFE */
bool rt_modules_has(uintptr_t start, uintptr_t end);
/* Whether there is such a table. RT_SIGSAFE */
bool rt_modules_have_table(void);

/* Looks up what rt_modules_find needs. Init only. */
void rt_modules_init(void);
/* Renews the snapshot, where it is used. RT_ANY */
void rt_modules_refresh(void);
/* The same when an object was missed since, which dlopen does not tell; true when it was. RT_ANY */
bool rt_modules_catch_up(void);

/* An executable mapping of a file (or the vdso), by address. */
struct rt_mapping {
	uint64_t start, end, offset;
	struct str path; /* borrowed from the list */
	char build_id[2 * ELFNOTE_MAX_BUILD_ID + 1];
};

struct rt_mappings {
	struct rt_bytes text;  /* /proc/self/maps as read */
	struct rt_bytes array; /* struct rt_mapping[] in address order */
	size_t n;
};

/* Appends all of a file in /proc; false when it cannot be read or memory is short. RT_ANY */
bool rt_modules_read_file(const char *path, struct rt_bytes *out);
/* Reads the list; empty when /proc cannot be read or memory is short. No malloc. RT_ANY */
void rt_mappings_init(struct rt_mappings *m);
void rt_mappings_release(struct rt_mappings *m);
/* Number of the mapping that holds pc; m->n when none does. */
size_t rt_mappings_find(const struct rt_mappings *m, uint64_t pc);

static inline const struct rt_mapping *rt_mappings_at(const struct rt_mappings *m, size_t i)
{
	return (const struct rt_mapping *)(const void *)m->array.p + i;
}

#endif
