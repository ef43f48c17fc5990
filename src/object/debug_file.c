/*
 * The separate debug file of an object: found by build id or .gnu_debuglink, opened once. Called by
 * symtab.c and dwarf.c when the object itself is stripped.
 */
#include "object/find.h"
#include "object/object_impl.h"

struct object *object_debug(struct object *o)
{
	struct arena a = { 0 };
	struct str path;
	struct err ignored;

	if (o->debug_tried || o->is_debug_file || o->fd < 0)
		return o->debug;
	o->debug_tried = true;
	if (find_debug_file(o, &a, &path, NULL) && object_open(&o->debug, path, &ignored) == OK)
		o->debug->is_debug_file = true;
	arena_release(&a);
	return o->debug;
}
