/*
 * One line of /proc/PID/maps. Called by the runtime (which modules are loaded) and the tool.
 * The kernel's format, from proc(5):
 *	start-end perms offset major:minor inode            path
 * with hexadecimal numbers but the inode, and a path that may be empty, may hold spaces and may
 * end in " (deleted)". Nothing is allocated; the path is borrowed from the line.
 */
#ifndef CORE_MAPS_H
#define CORE_MAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/str.h"

struct maps_line {
	uint64_t start; /* first address */
	uint64_t end;   /* one past the last; always above start */
	bool readable;
	bool writable;
	bool executable;
	bool is_shared;  /* 's', else private 'p' */
	uint64_t offset; /* bytes into the file */
	uint32_t dev_major;
	uint32_t dev_minor;
	uint64_t inode;
	struct str path; /* as in the line, borrowed: "", "[heap]", "/usr/x.so (deleted)" */
};

/*
 * Parses one line, without or with its newline. False when any field is missing or malformed;
 * *out is then unspecified.
 */
bool maps_parse_line(struct str line, struct maps_line *out);

/* path without a trailing " (deleted)"; *deleted (may be NULL) tells whether it was there. */
struct str maps_path(const struct maps_line *line, bool *deleted);

#endif
