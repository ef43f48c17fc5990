/*
 * Programs that never ran: allocation sites of known nature, leaking or not, seen through heap
 * sampling, as series of profiles made by the runtime's own encoder and read by the tool's decoder.
 * Callers: test_leaks_sim.c (short, in the tests) and leaks_table.c (long, for docs/leaks.md).
 *
 * Scenarios are as rough as they are to be reproducible: sampled blocks come as Poisson processes,
 * each with a time of death. There are two families of each kind: the one that thresholds were
 * chosen with, and another, differently made, that they are tested with.
 */
#ifndef TESTS_LEAKS_SIM_H
#define TESTS_LEAKS_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "leaks/leaks.h"

enum sim_kind {
	/* leaks */
	SIM_LEAK,
	SIM_LEAK_STATIC,
	SIM_LEAK_CHURN,
	SIM_LEAK_TTL,
	SIM_LEAK_BATCH,
	SIM_LEAK_DIURNAL,
	SIM_LEAKS, /* how many */
	/* none */
	SIM_TTL_SAWTOOTH = SIM_LEAKS,
	SIM_TTL_SMOOTH,
	SIM_LRU_FULL,
	SIM_LRU_FILLING,
	SIM_WARM_UP,
	SIM_DIURNAL,
	SIM_POOL,
	SIM_CHURN,
	SIM_STATIC,
	SIM_BURST_HELD,
	SIM_BURST_FREED,
	SIM_KINDS,
};

struct sim_block {
	double born, died; /* seconds since the start; died may be INFINITY */
	uint32_t site, size;
};

struct sim {
	uint64_t random;
	bool held_out;         /* the family that is tested with */
	double before, window; /* seconds from the start to the first profile, and from there on */
	uint64_t period;       /* bytes between samples */
	unsigned moments;
	double leak_rate; /* bytes a second */
	bool no_births;   /* profiles as other runtimes make them */
	VEC(struct sim_block) blocks;
};

const char *sim_name(enum sim_kind kind);

/* The runtime's tables, which the encoder reads. Once. */
bool sim_start(void);

/* Adds a site's blocks. */
void sim_add(struct sim *s, enum sim_kind kind, uint32_t site);
void sim_clear(struct sim *s);

/* Encodes, decodes and analyzes; the report is released by the caller. False on any failure. */
bool sim_judge(struct sim *s, struct leaks_report *out);

/* Uniform in [a, b). */
double sim_uniform(struct sim *s, double a, double b);

#endif
