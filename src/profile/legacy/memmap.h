/*
 * The memory map at the end of a legacy profile: lines of /proc/PID/maps or of the brief form
 * "start-end: file", and what pprof does to them before it trusts them.
 */
#ifndef PROFILE_LEGACY_MEMMAP_H
#define PROFILE_LEGACY_MEMMAP_H

#include "base/err.h"
#include "profile/legacy/builder.h"
#include "profile/legacy/lines.h"

/*
 * Reads all lines behind the current one as the memory map into b->mappings: adjacent ranges of one
 * file are joined, the one that looks like the main program comes first. Lines that are no ranges
 * are ignored, but "name=value" defines what "$name" stands for in later ones. ERR_FORMAT (a line
 * is too long), ERR_LIMIT, ERR_NOMEM.
 */
enum err_code memmap_read(struct legacy_builder *b, struct lines *l, struct err *e) MUST_USE;

/*
 * Gives every location its mapping, after some repairs to the mappings; addresses that lie in none
 * get a mapping of the whole address space. ERR_LIMIT, ERR_NOMEM.
 */
enum err_code memmap_assign(struct legacy_builder *b, struct err *e) MUST_USE;

#endif
