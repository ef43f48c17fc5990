/*
 * What the programs under test (agree_preload.c) tell the one that runs them (agree.c), in a file
 * that all of them map.
 */
#ifndef BENCH_AGREE_H
#define BENCH_AGREE_H

#include <stdatomic.h>
#include <stdint.h>

#define AGREE_DIFFERENCES 64
#define AGREE_NEAR        4 /* addresses of each walk from the last common one on */

/* How our walk and the other one differ. */
enum agree_class {
	AGREE_SAME,     /* all addresses equal */
	AGREE_LONGER,   /* the other's is the beginning of ours, and ended by an error */
	AGREE_SHORTER,  /* ours is the beginning of the other's */
	AGREE_EXTRA,    /* as AGREE_LONGER, but the other one ended normally */
	AGREE_DIVERGED, /* different addresses */
	AGREE_CLASSES,
};

struct agree_difference {
	_Atomic uint32_t ready;
	enum agree_class class;
	int ours_end, other_end; /* enum unwind_end; the other's last result */
	uint32_t ours_n, other_n, common;
	char module[64];  /* file name of the object with the last common address */
	uintptr_t offset; /* of that address in it */
	uintptr_t ours[AGREE_NEAR], other[AGREE_NEAR];
	uint8_t code[16]; /* at the last common address */
};

struct agree_results {
	_Atomic uint64_t samples, frames, missed;
	_Atomic uint64_t ends[4]; /* of ours, by enum unwind_end */
	_Atomic uint64_t classes[AGREE_CLASSES];
	_Atomic uint32_t n_differences; /* may be more than there is room for */
	struct agree_difference differences[AGREE_DIFFERENCES];
};

#endif
