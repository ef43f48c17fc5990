/*
 * Mappings that are no file: the kernel, the vdso, code of just-in-time compilers. They are named
 * only when it is certain that they are this machine's: by build id, or by a process's own map.
 */
#ifndef SYMBOLIZE_SYM_SPECIAL_H
#define SYMBOLIZE_SYM_SPECIAL_H

#include "object/object.h"
#include "symbolize/sym_text.h"

/* What a special mapping turned out to be; both NULL: nothing is known. */
struct sym_special {
	struct object *object; /* the vdso; the caller closes it */
	struct sym_text text;  /* the kernel's symbols or a compiler's; empty otherwise */
	const char *why;       /* why nothing is known; never NULL then */
};

/* Looks at a mapping that symbolize_is_special or sym_text_is_perf_map is true of. ERR_NOMEM. */
enum err_code sym_special_open(
    struct sym_special *s, struct str file, struct str build_id, struct err *e) MUST_USE;
void sym_special_release(struct sym_special *s);

#endif
