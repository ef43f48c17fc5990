/*
 * The one error idiom of the tool. A function that can fail returns enum err_code and takes
 * struct err *e last. The place that sees the fault fills it; callers may put context in front
 * with err_prefix; only the faces (cli, shell, web) print.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))

enum err_code {
	OK = 0,
	ERR_NOMEM,       /* an allocation failed */
	ERR_IO,          /* a system call failed; sys holds errno */
	ERR_FORMAT,      /* the input is not what it claims to be */
	ERR_LIMIT,       /* the input asks for more than we allow */
	ERR_USAGE,       /* the user asked for something that makes no sense */
	ERR_UNSUPPORTED, /* known, but not offered */
	ERR_NOT_FOUND,   /* what was named does not exist */
	ERR_CANCELLED,   /* nobody waits for the result any more */
};

struct err {
	enum err_code code;
	int sys;       /* errno when code is ERR_IO */
	uint64_t at;   /* byte offset in the input when code is ERR_FORMAT and it is known */
	char msg[480]; /* complete sentence, no newline */
};

void err_set(struct err *e, enum err_code code, uint64_t at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* As err_set, with errno kept in e->sys; the text gets ": <strerror>" in Go's lower-case form. */
void err_set_sys(struct err *e, int sys, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts context in front of the message: "context: message". */
void err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Go's wording of an errno ("no such file or directory"): error texts are compared by users. */
const char *err_sys_text(int sys);

/* The value is the constant itself, not a call's result: gcc then knows outputs were not set. */
#define FAIL(e, c, ...)       (err_set((e), (c), 0, __VA_ARGS__), (enum err_code)(c))
#define FAIL_AT(e, at, ...)   (err_set((e), ERR_FORMAT, (at), __VA_ARGS__), (enum err_code)ERR_FORMAT)
#define FAIL_SYS(e, sys, ...) (err_set_sys((e), (sys), __VA_ARGS__), (enum err_code)ERR_IO)
#define FAIL_NOMEM(e)         (err_set((e), ERR_NOMEM, 0, "out of memory"), (enum err_code)ERR_NOMEM)

#define TRY(call)                                                                                  \
	do {                                                                                       \
		enum err_code try_ = (call);                                                       \
		if (try_ != OK)                                                                    \
			return try_;                                                               \
	} while (0)

#endif
