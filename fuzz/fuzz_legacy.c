/*
 * Any bytes as a legacy profile: what is read must be a valid profile, with mappings numbered in
 * order, and must survive the pruning that its drop_frames ask for.
 */
#include <stdint.h>
#include <stdlib.h>

#include "profile/check.h"
#include "profile/legacy/legacy.h"
#include "profile/prune.h"

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile p;
	struct err e;

	if (legacy_decode(&p, (struct str){ (const char *)data, size }, &e) != OK) {
		require(p.samples.n == 0 && p.arena.head == NULL);
		return 0;
	}
	require(profile_check(&p, &e) == OK);
	for (uint32_t i = 0; i < p.n_mappings; i++)
		require(p.mappings[i].id == i + 1);
	/* Its own expressions are long; they are compiled for what has functions only. */
	if (p.n_functions)
		require(profile_remove_uninteresting(&p, &e) == OK);
	require(profile_check(&p, &e) == OK);
	profile_release(&p);
	return 0;
}
