/*
 * Symbols that no ELF file has: the kernel's list (/proc/kallsyms) and the maps that just-in-time
 * compilers write for perf (/tmp/perf-PID.map). Addresses are those of the process, names all there
 * is.
 */
#ifndef SYMBOLIZE_SYM_TEXT_H
#define SYMBOLIZE_SYM_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "core/str.h"

struct sym_text_entry {
	uint64_t start, end; /* end is not part of it */
	struct str name;     /* in bytes */
};

struct sym_text {
	struct buf bytes;
	VEC(struct sym_text_entry) v; /* by start */
};

void sym_text_release(struct sym_text *t);

/* True for "/tmp/perf-123.map": its own name says what it is. */
bool sym_text_is_perf_map(struct str file);
/* Lines "START SIZE name", hexadecimal. Of two that overlap the later written one counts. */
enum err_code sym_text_read_perf_map(struct sym_text *t, struct str path, struct err *e) MUST_USE;
/*
 * Lines "ADDRESS t name[\t[module]]". ERR_UNSUPPORTED when the kernel shows zeros only, as it does
 * to users who may not see addresses.
 */
enum err_code sym_text_read_kallsyms(struct sym_text *t, struct str path, struct err *e) MUST_USE;

/* "" when nothing covers the address. */
struct str sym_text_find(const struct sym_text *t, uint64_t address);

#endif
