/*
 * Function names short enough for a box: what dot and the flame graph show. Paths of Go packages
 * and their versions, packages and arguments of Java, and outer namespaces of C++ go.
 */
#ifndef GRAPH_SHORTNAME_H
#define GRAPH_SHORTNAME_H

#include "base/arena.h"
#include "core/str.h"

/*
 * "github.com/a/b/v2/pkg.(*T).F" is "pkg.(*T).F", "java.util.Map.get(Object)" is "Map.get",
 * "a::b::Class::f<int>" is "Class::f<int>". Other names are returned as they are. The result is a
 * part of `name` or lives in the arena; empty when memory is short.
 */
struct str graph_short_name(struct str name, struct arena *arena);

#endif
