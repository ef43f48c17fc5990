/*
 * The addresses of a profile with what was sampled there, and which of them the report's symbol
 * asks for. Called by codelines.c.
 */
#ifndef REPORT_SITES_H
#define REPORT_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "core/str.h"
#include "report/report.h"

/* One address. Locations without one get an address of their own, above all mappings. */
struct site {
	uint64_t address;
	uint64_t flat, cum; /* modulo 2^64 */
	uint32_t location;  /* one that has this address */
	bool made_up;       /* there is no code at the address */
	bool wanted;        /* a function there matches */
};

struct sites_name {
	struct str system, name;
};

struct sites {
	struct site *v; /* by address; in the report's arena */
	size_t n;
	VEC(struct str) wanted; /* names of functions that match and have samples */
	struct map by_wanted;
	VEC(struct sites_name) names; /* mangled names that have another printed one */
	struct map by_system;
};

/* Functions match by name, mangled name or file; all of a binary do when its file name matches. */
enum err_code sites_collect(struct sites *s, struct report *r, struct err *e) MUST_USE;
void sites_release(struct sites *s);

bool sites_wants(const struct sites *s, struct str function);
/* The printed name of a mangled one; the name itself when it is not known. */
struct str sites_pretty(const struct sites *s, struct str name);
/* Index of the first site at or above an address. */
size_t sites_at(const struct sites *s, uint64_t address);

#endif
