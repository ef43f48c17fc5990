/*
 * What reports ask for and driver fills: source text from the file system, symbols, code and
 * inlined frames from the binaries of the profile's mappings.
 */
#ifndef DRIVER_SOURCES_H
#define DRIVER_SOURCES_H

#include "report/source.h"
#include "symbolize/symbolize.h"

/*
 * Fills *ops; s is kept and must outlive it. Like s, the operations on binaries belong to one
 * thread at a time.
 */
void sources_fill(struct source_ops *ops, struct symbolizer *s);

#endif
