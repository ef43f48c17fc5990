/*
 * Readable names for C++ and Rust symbols (libiberty) and google/pprof's simplification of names
 * that are already demangled. Called by symbolize/ for every function of a profile, and by symbol
 * matching.
 */
#ifndef OBJECT_DEMANGLE_H
#define OBJECT_DEMANGLE_H

#include <stdbool.h>

#include "base/buf.h"
#include "core/str.h"

enum demangle_mode {
	DEMANGLE_DEFAULT,   /* no parameters, no template parameters */
	DEMANGLE_TEMPLATES, /* no parameters */
	DEMANGLE_FULL,      /* everything but clone suffixes */
	DEMANGLE_NONE,      /* names stay as they are */
};

/* Longest mangled name that is demangled, in bytes. */
#define DEMANGLE_MAX 65536

/*
 * Appends the demangled form of a mangled name to out and returns true; false (and nothing
 * appended) when name is not mangled.
 */
bool demangle_symbol(struct str name, enum demangle_mode mode, struct buf *out);

/*
 * What a function's Name becomes from its SystemName: demangled, else, when it looks like C++
 * source text, stripped of (...) and <...>, else unchanged.
 */
void demangle_function(struct str system_name, enum demangle_mode mode, struct buf *out);

/*
 * Is it a name that demangle_function leaves as it is, told at a glance? Most names of a C or Go
 * program are; false says nothing.
 */
bool demangle_is_plain(struct str s);

#endif
