/*
 * The vtable through which a report gets source text and machine code. report/ opens no file and
 * knows no binary format: driver fills this from object/ and the file system, tests from memory.
 */
#ifndef REPORT_SOURCE_H
#define REPORT_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/str.h"
#include "profile/profile.h"

struct source_frame {
	struct str function; /* demangled */
	struct str file;
	int64_t line;
	int64_t column;
};

struct source_instruction {
	uint64_t address; /* of the process, as in the profile */
	struct str text;  /* "mov %rax,%rbx", tabs as the disassembler prints them */
	struct str function;
	struct str file;         /* base name or path, "" unknown */
	int64_t line;            /* 0 unknown */
	uint64_t object_address; /* in the binary's own terms, as objdump shows it */
};

struct source_symbol {
	struct str *names; /* aliases at the same address, the first is the main one */
	uint32_t n_names;
	uint64_t start, end; /* process addresses, end inclusive as in the profile's mapping */
};

struct source_ops {
	void *ctx;
	/*
	 * Text of a source file after the search of source_path. The result lives in `arena`. The
	 * error's message is what the report prints ("could not find file F on path P").
	 */
	enum err_code (*read_file)(void *ctx, struct str path, struct str source_path,
	    struct str trim_path, struct arena *arena, struct str *text, struct err *e);
	/* Symbols of a mapping's binary whose (raw or demangled) name `match` accepts. May be NULL.
	 */
	enum err_code (*symbols)(void *ctx, const struct profile *p, const struct mapping *m,
	    bool (*match)(void *match_ctx, struct str name), void *match_ctx, uint64_t address,
	    struct arena *arena, struct source_symbol **out, uint32_t *n, struct err *e);
	/* Instructions of [start, end) of a mapping's binary. May be NULL. */
	enum err_code (*disassemble)(void *ctx, const struct profile *p, const struct mapping *m,
	    uint64_t start, uint64_t end, bool intel, struct arena *arena,
	    struct source_instruction **out, uint32_t *n, struct err *e);
	/* Inlined frames of an address, leaf first. May be NULL. */
	enum err_code (*frames)(void *ctx, const struct profile *p, const struct mapping *m,
	    uint64_t address, struct arena *arena, struct source_frame **out, uint32_t *n,
	    struct err *e);
};

#endif
