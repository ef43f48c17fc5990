/*
 * Names of procedure linkage table stubs ("strlen@plt"), which no symbol has. For disasm.c.
 */
#ifndef OBJECT_PLT_H
#define OBJECT_PLT_H

#include "object/object.h"

/*
 * The imported function that the stub at exactly this object address jumps to; "" when there is no
 * stub. x86-64 only: elsewhere always "". Lives as long as o.
 */
struct str object_plt_name(struct object *o, uint64_t address);

#endif
