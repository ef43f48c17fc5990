/*
 * New location, line, function and mapping tables of a profile, while names are added to it.
 * Used by sym_local.c and sym_remote.c. The old tables stay untouched (profile.h's rule) until
 * sym_tables_publish replaces them.
 */
#ifndef SYMBOLIZE_SYM_TABLES_H
#define SYMBOLIZE_SYM_TABLES_H

#include <stdbool.h>

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "profile/profile.h"

struct sym_tables {
	struct profile *p;
	struct mapping *mappings;   /* copies, to be changed in place */
	struct location *locations; /* likewise */
	VEC(struct line) lines;
	VEC(struct function) functions;
	struct map functions_map; /* of those added here, by name, file and start line */
};

/* A zero struct is valid to release. The tables lie in p's arena, or are freed by release. */
enum err_code sym_tables_init(struct sym_tables *t, struct profile *p, struct err *e) MUST_USE;
void sym_tables_release(struct sym_tables *t);

/*
 * Index of the function with these facts, made when it is new; PROFILE_NONE when memory is short.
 * system_name is the mangled name and tells functions apart, name is what is shown.
 */
uint32_t sym_tables_function(
    struct sym_tables *t, str_id system_name, str_id name, str_id file, int64_t start_line);
/* Makes room for n functions more at once; false when memory is short. */
bool sym_tables_expect(struct sym_tables *t, size_t n);
/*
 * Gives a location n lines in place of those it has, for the caller to fill, leaf first; NULL when
 * memory is short. They move when the next location's are asked for.
 */
struct line *sym_tables_lines(struct sym_tables *t, uint32_t location, uint32_t n);
/* Gives it n lines that are there already, perhaps for others too. */
void sym_tables_set_lines(struct sym_tables *t, uint32_t location, uint32_t first, uint32_t n);

/* True when nothing names the location: it has no line, or one that says nothing. */
bool sym_tables_is_nameless(const struct sym_tables *t, uint32_t location);

/* Puts the tables into the profile. ERR_NOMEM when anything before ran short. */
enum err_code sym_tables_publish(struct sym_tables *t, struct err *e) MUST_USE;

#endif
