/*
 * Libraries that only some reports need, loaded when they are: libcurl and libmicrohttpd alone
 * bring forty others, and loading those took most of the time of a small report. Callers use the
 * library's own header; its functions are stubs (latelib_stubs.h) that jump through slots.
 */
#ifndef BASE_LATELIB_H
#define BASE_LATELIB_H

#include "base/err.h"

struct latelib_function {
	const char *name;
	void **slot;
};

struct latelib {
	const char *soname;
	struct latelib_function functions[]; /* up to a NULL name */
};

/*
 * To be called before any function of the library: ERR_UNSUPPORTED when it is not installed or
 * lacks a function. Calls after the first cost a look-up each. Any thread; the library stays.
 */
enum err_code latelib_load(const struct latelib *lib, struct err *e) MUST_USE;

#endif
