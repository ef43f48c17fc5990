/*
 * The child of a retention snapshot: a copy of the process that nothing else runs in. It looks at
 * the memory that it has, writes what it finds and ends. It may crash on the way, which its parent
 * sees and says.
 */
#ifndef RUNTIME_RETAIN_CHILD_H
#define RUNTIME_RETAIN_CHILD_H

#include "runtime/retain_wire.h"

/*
 * Runs in a child made without the C library, with all signals blocked: system calls and memory of
 * its own only. `out` is shared with the parent. Does not return.
 */
_Noreturn void retain_child_run(const struct retain_input *in, struct retain_result *out);

#endif
