/*
 * The modules that stacks in a state file lead through, in the file: so that the tool can find
 * functions without this process. Kept only when there is a file (or a child may come to have
 * one); the endpoint's profiles ask /proc instead.
 */
#ifndef RUNTIME_STATE_MODULES_H
#define RUNTIME_STATE_MODULES_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/state.h"

/* Notes all executable mappings that there are. Reads /proc/self/maps. RT_ANY */
void rt_state_modules_init(struct rt_state *s);

/*
 * Notes the modules of a new stack's addresses that are not noted yet: so dlopen needs no hook.
 * Reads loaded objects' headers, asks the loader's lock-free table, no system call. RT_NOALLOC
 */
void rt_state_modules_note(const uintptr_t *pcs, size_t depth);

/* After dlclose: marks what is gone. RT_NOALLOC where the loader has a table, else RT_ANY */
void rt_state_modules_unloaded(void);

#endif
