/*
 * The separate debug file of an object: found by build id or .gnu_debuglink, opened once. Called by
 * symtab.c and dwarf.c when the object itself is stripped.
 */
#include "object/object_impl.h"

struct object *object_debug(struct object *o)
{
	struct arena a = { 0 };
	struct str path;
	struct err ignored;

	if (o->debug_tried || o->is_debug_file || o->fd < 0)
		return o->debug;
	o->debug_tried = true;
	if (find_debug_file(o, &a, &path, &o->debug_log) &&
	    object_open(&o->debug, path, &ignored) == OK)
		o->debug->is_debug_file = true;
	arena_release(&a);
	return o->debug;
}

bool object_lacks_debug_file(struct object *o)
{
	return !object_has_section(o, ".debug_info") && !object_has_section(o, ".zdebug_info") &&
	       !object_debug(o);
}

bool object_set_debug(struct object *o, struct str path)
{
	struct object *debug;
	struct err ignored;

	if (object_debug(o) || o->is_debug_file || object_open(&debug, path, &ignored) != OK)
		return false;
	if (!str_eq(object_build_id(debug), o->build_id)) {
		object_close(debug);
		return false;
	}
	debug->is_debug_file = true;
	o->debug = debug;
	return true;
}

const struct find_log *object_debug_tries(struct object *o)
{
	(void)object_debug(o);
	return &o->debug_log;
}
