/*
 * Source and machine code of the functions that the report's symbol matches: which lines to show,
 * and which instructions belong to each. Called by weblist.c, which prints it.
 */
#ifndef REPORT_CODELINES_H
#define REPORT_CODELINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "core/str.h"
#include "report/report.h"
#include "report/sites.h"

struct codelines_code {
	uint64_t address;
	uint64_t object_address; /* what is printed */
	uint64_t length;         /* bytes */
	struct str text;         /* "" when there is no code, only samples */
	struct str file;         /* of the innermost inlined function */
	int64_t line;
	uint64_t flat, cum; /* modulo 2^64 */
};

/* A call that was inlined between the shown line and the instruction. */
struct codelines_call {
	struct str file;
	int64_t line;
};

/* An instruction as part of a source line. */
struct codelines_use {
	struct str file; /* cleaned path */
	int64_t line;    /* 0 unknown */
	struct str function;
	uint32_t code;                      /* index */
	const struct codelines_call *calls; /* caller first */
	uint32_t n_calls;
};

/* A run of lines of one function in one file. */
struct codelines_block {
	struct str function, file;
	int64_t begin, end; /* line numbers; end is not shown */
	uint64_t flat, cum;
	size_t first_use, n_uses; /* by line, then address */
	uint64_t file_flat;       /* of the whole file, each instruction once */
};

struct codelines {
	struct sites sites;
	VEC(struct codelines_code) code;
	VEC(struct codelines_use) uses;
	VEC(struct codelines_block) blocks; /* by file (or its weight), then line */
};

/*
 * ERR_NOT_FOUND when the symbol matches no function with samples. Texts live in the report's
 * arena. codelines_release is valid after any result.
 */
enum err_code codelines_make(struct codelines *l, struct report *r, struct err *e) MUST_USE;
void codelines_release(struct codelines *l);

#endif
