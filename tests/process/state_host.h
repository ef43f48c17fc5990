/* What state_host.c tells test_state.c through a shared mapping while it lives. */
#ifndef TESTS_PROCESS_STATE_HOST_H
#define TESTS_PROCESS_STATE_HOST_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define STATE_THREADS 8
/* Sizes of the blocks of "run": no two in one size class. */
#define STATE_SIZES                                                                                \
	{                                                                                          \
		24, 100, 300, 700, 1500, 3000                                                      \
	}
#define STATE_N_SIZES 6

/* Sizes of the other commands. */
#define STATE_PARENT_SIZE   1003 /* allocated before the fork */
#define STATE_PARENT_BLOCKS 1000
#define STATE_CHILD_SIZE    2003 /* allocated by the child */
#define STATE_CHILD_BLOCKS  3000
#define STATE_PLUGIN_SIZE   5003
#define STATE_FILL_BLOCKS   60000

struct state_shared {
	/* Of one thread: counted after the calls, so it may be off by the call it is in. */
	struct {
		_Alignas(64) _Atomic int64_t live_bytes;
		_Atomic int64_t pairs;
	} threads[STATE_THREADS];

	_Atomic int32_t ready; /* 1: there is something to see */
	_Atomic int32_t child; /* its process id */
};

#endif
