/*
 * One ELF file: kind, build id, segments, symbols, and how its addresses relate to a mapping of a
 * process. Everything that symbolizes or disassembles goes through a struct object. The bytes are
 * those of the profiled machine and not trusted: libelf reads the headers, every range is checked
 * against the file before it is used, and counts meet a limit before memory.
 *
 * "Object address" below means an address as the file's symbol table has it (st_value); it is the
 * process address minus the base that object_base() computes. An object is used by one thread.
 */
#ifndef OBJECT_OBJECT_H
#define OBJECT_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/str.h"

/* Most symbols that are read from one file. */
#define OBJECT_MAX_SYMBOLS (1u << 24)

struct object;

/* Opens path. Messages are google/pprof's: "stat X: …", "unrecognized binary format: X". */
enum err_code object_open(struct object **out, struct str path, struct err *e) MUST_USE;
/*
 * Opens bytes that stay valid until object_close; name is used in messages and copied. No separate
 * debug file is looked for.
 */
enum err_code object_open_memory(
    struct object **out, const void *data, size_t n, struct str name, struct err *e) MUST_USE;
void object_close(struct object *o);

/* Path it was opened with. Lives as long as o, like every text returned below. */
struct str object_path(const struct object *o);
/* Lower-case hexadecimal GNU build id; "" when there is none. */
struct str object_build_id(const struct object *o);
/* When the file was written, seconds since 1970; 0 unknown. */
int64_t object_changed(const struct object *o);
/* e_machine of the ELF header. */
unsigned object_machine(const struct object *o);
/* True for ET_REL, ET_EXEC, ET_DYN respectively. */
bool object_is_relocatable(const struct object *o);
bool object_is_fixed(const struct object *o);
bool object_is_dynamic(const struct object *o);
/* True when a dynamic linker loads it (PT_INTERP): not a static program, not a library. */
bool object_has_interpreter(const struct object *o);
/* True when it needs a library whose name begins so (DT_NEEDED). */
bool object_needs(struct object *o, struct str start);

/* Where a file is mapped in a process, from a profile's mapping. */
struct object_mapping {
	uint64_t start, limit, offset;
	struct str kernel_symbol; /* that a kernel's addresses count from; "" is "_stext" */
};

/*
 * The base to subtract from a process address in *m to get an object address. addr is one address
 * inside m: it picks among program headers that share a page. m's file is o.
 */
enum err_code object_base(struct object *o, const struct object_mapping *m, uint64_t addr,
    uint64_t *base, struct err *e) MUST_USE;
/* True when the base that object_base gave last is that of every address of its mapping. */
bool object_has_one_base(const struct object *o);

struct object_symbol {
	uint64_t address; /* object address */
	uint64_t size;    /* 0 unknown */
	struct str name;  /* raw (mangled) */
	struct str file;  /* of a local symbol: its STT_FILE, "crtstuff.c"; "" unknown */
	bool is_text;     /* code: a function, or an untyped label in an executable section */
	bool is_thumb; /* of 32-bit ARM in its short form; the bit that says so is not in address */
	bool is_own;   /* from the object itself, not from a file of its debug information */
};

/*
 * All defined symbols, sorted by address, then size, then place in the table; read and sorted on
 * the first call. From .symtab, else the separate debug file's, else .dynsym.
 */
enum err_code object_symbols(
    struct object *o, const struct object_symbol **out, size_t *n, struct err *e) MUST_USE;
/*
 * The code symbol that covers an object address: within its size, or before the next symbol of
 * its section when its size is 0; of several the largest, then the last of the table, as
 * llvm-symbolizer chooses. NULL when there is none or the symbols cannot be read.
 */
const struct object_symbol *object_find_symbol(struct object *o, uint64_t address);

/*
 * The last symbol of any kind at or below an address, in the same section: how disassemblers say
 * where an address is. NULL when the address is in no section or nothing is below it.
 */
const struct object_symbol *object_nearest_symbol(struct object *o, uint64_t address);

/* The first address behind the section that holds this one; UINT64_MAX when none does. */
uint64_t object_section_end(struct object *o, uint64_t address);

/* A symbol with all names of its address, as `nm -n` output read by google/pprof gives it. */
struct object_range {
	struct str *names; /* those that matched, or all when the address did */
	uint32_t n_names;
	uint64_t start, end; /* object addresses; end inclusive */
};
/*
 * Ranges whose raw or demangled name `match` accepts, or that hold `address` (object address; 0
 * none). A matching demangled name stands for the raw one. Results lie in a.
 */
enum err_code object_match_symbols(struct object *o, bool (*match)(void *ctx, struct str name),
    void *ctx, uint64_t address, struct arena *a, struct object_range **out, uint32_t *n,
    struct err *e) MUST_USE;

/*
 * Bytes of the file that lie at object addresses [start, end); n is less at a segment's end. They
 * are read anew by each call and live as long as o.
 */
bool object_read(struct object *o, uint64_t start, uint64_t end, struct str *bytes);

#endif
