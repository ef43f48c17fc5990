/*
 * Where the C library has no lock-free table of loaded objects (before glibc 2.35, musl): a copy of
 * the loader's list, renewed in ordinary context and read in any, without a lock.
 */
#ifndef RUNTIME_MODULE_SNAP_H
#define RUNTIME_MODULE_SNAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/unwind.h"

/* Code segments there is room for; further ones are left out. */
#define RT_MODULE_SNAP_MAX 512u

/* Gives each code segment of each loaded object to rt_module_snap_add(to, ...). */
typedef void rt_module_snap_list(void *to);

/* Maps the memory; false when there is none. Init only. */
bool rt_module_snap_init(void);

/* Fills *out for the code that pc is in; false when it is in none. RT_SIGSAFE */
bool rt_module_snap_find(uintptr_t pc, struct unwind_module *out);

/*
 * Makes a new copy. When one is just being made by another thread, that one makes another one
 * and this call returns at once. RT_ANY
 */
void rt_module_snap_renew(rt_module_snap_list *list);
/* The same, when an address was looked for in vain since; true when it was done. RT_ANY */
bool rt_module_snap_catch_up(rt_module_snap_list *list);
void rt_module_snap_add(void *to, const struct unwind_module *module);

/* In a forked child: nobody is making a copy. */
void rt_module_snap_after_fork(void);

#endif
