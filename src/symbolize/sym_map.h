/*
 * Symbols from text files: /proc/kallsyms for the running kernel and /tmp/perf-PID.map, in which
 * JIT compilers tell Linux perf where their code is. Used by sym_local.c.
 */
#ifndef SYMBOLIZE_SYM_MAP_H
#define SYMBOLIZE_SYM_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "core/str.h"

struct sym_map_entry {
	uint64_t start;
	uint64_t end; /* first address behind */
	struct str name;
};

struct sym_map {
	struct str text;             /* owned: names lie in it */
	VEC(struct sym_map_entry) v; /* by start */
};

/* True for mapping files that are read here. */
bool sym_map_is_kernel(struct str file);
bool sym_map_is_jit(struct str file);

/*
 * Loads the symbols of a mapping. The kernel's are given only when build_id is the running
 * kernel's, else ERR_UNSUPPORTED. ERR_NOT_FOUND with the reason when there are none, ERR_IO,
 * ERR_LIMIT, ERR_NOMEM.
 */
enum err_code sym_map_load(
    struct sym_map *m, struct str file, struct str build_id, struct err *e) MUST_USE;
/* As a load of either format from text, which is taken: "START SIZE NAME" or "START T NAME". */
enum err_code sym_map_parse(
    struct sym_map *m, struct str taken, bool kernel, struct err *e) MUST_USE;
void sym_map_release(struct sym_map *m);

/* "" when nothing is there. */
struct str sym_map_find(const struct sym_map *m, uint64_t address);

#endif
