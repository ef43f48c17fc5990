/*
 * Variables and types of a binary, from DWARF: which global or thread-local variable lies at an
 * address, and which field lies at an offset in a type. For the names of who holds memory.
 */
#ifndef OBJECT_TYPES_H
#define OBJECT_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "object/object.h"

typedef uint32_t object_type; /* number of a type of this reader; 0 unknown */

struct object_variable {
	struct str name;
	struct str file; /* as the compiler wrote it; "" unknown */
	int64_t line;    /* of its declaration; 0 unknown */
	uint64_t address;
	uint64_t size;
	object_type type;
};

struct object_types;

/* Reads all variables of o, which must outlive *out. Without DWARF there are none. ERR_NOMEM. */
enum err_code object_types_new(struct object_types **out, struct object *o, struct err *e) MUST_USE;
void object_types_free(struct object_types *t);

/* The variable that covers an object address, or an offset in the object's TLS; NULL. */
const struct object_variable *object_types_variable(
    const struct object_types *t, uint64_t address, bool is_tls);

/* What was found at an offset in a type. */
struct object_place {
	object_type in; /* innermost struct or union with a field there; 0 none */
	uint64_t at;    /* where that one begins in the type, or in an element of an array in it */
	object_type to; /* what the pointer there points to; 0: no pointer, or to what is unknown */
};

/*
 * Goes down to the pointer at an offset in a type and appends the way there: ".list.head", "[*]".
 * False when there is no field.
 */
bool object_types_descend(struct object_types *t, object_type type, uint64_t offset,
    struct buf *path, struct object_place *out);

/* Bytes of a type; 0 unknown. */
uint64_t object_types_size(struct object_types *t, object_type type);
/* Whether a type derives from this one. */
bool object_types_is_base(struct object_types *t, object_type type);
/* True of a pointer; *to is what it points to. */
bool object_types_is_pointer(struct object_types *t, object_type type, object_type *to);

#endif
