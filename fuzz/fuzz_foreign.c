/* Any bytes as perf.data and as folded stacks: what is read must be a valid profile. */
#include <stdint.h>
#include <stdlib.h>

#include "profile/check.h"
#include "profile/foreign/foreign.h"

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void try_reader(foreign_reader *read, struct str bytes)
{
	struct profile p = { 0 };
	struct err e;
	bool mine;

	if (read(&p, bytes, &mine, &e) != OK || !mine)
		require(p.samples.n == 0 && p.arena.head == NULL);
	else
		require(profile_check(&p, &e) == OK);
	profile_release(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str bytes = { (const char *)data, size };

	try_reader(perf_read, bytes);
	try_reader(folded_read, bytes);
	return 0;
}
