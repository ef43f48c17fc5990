/* The pages under /debug/pprof/ that are not profiles. Each appends its body to *out. RT_ANY */
#ifndef RUNTIME_PAGES_H
#define RUNTIME_PAGES_H

#include "runtime/mem.h"
#include "runtime/rt_routes.h"

void rt_pages_index(const struct rt_request *req, struct rt_bytes *out);
/* The arguments of the program, separated by NUL. */
void rt_pages_cmdline(const struct rt_request *req, struct rt_bytes *out);
/* The profiler about itself: state, losses by cause, options. */
void rt_pages_self(const struct rt_request *req, struct rt_bytes *out);
/* Names of the addresses in the query, or in the body of a POST, separated by '+'. */
void rt_pages_symbol(const struct rt_request *req, struct rt_bytes *out);

#endif
