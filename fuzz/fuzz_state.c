/*
 * State files of any bytes: what is read is a valid profile that can be written and read again; a
 * record that is left out is counted.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/statefmt.h"
#include "fetch/state_read.h"
#include "profile/check.h"
#include "profile/decode.h"
#include "profile/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_profile(const struct profile *p, const struct state_totals *totals)
{
	struct buf bytes = { 0 };
	struct profile again;
	struct err e;

	require(profile_check(p, &e) == OK);
	require(p->samples.n == totals->records);
	for (size_t i = 0; i < p->samples.n; i++) {
		const int64_t *v = sample_values(p, i);

		for (unsigned k = 0; k < 4; k++)
			require(v[k] >= 0);
		require(v[2] <= v[0] && v[3] <= v[1]);
	}
	for (uint32_t i = 1; i < p->n_mappings; i++)
		require(p->mappings[i].start < p->mappings[i].limit);
	require(profile_encode(p, &bytes, &e) == OK);
	require(profile_decode(&again, buf_str(&bytes), &e) == OK);
	require(again.samples.n == p->samples.n && again.n_locations == p->n_locations);
	profile_release(&again);
	buf_release(&bytes);
}

/* The small texts that belong to it. */
static void check_texts(struct str text)
{
	uint64_t ticks;
	uint32_t pid;

	(void)statefmt_start_ticks(text, &ticks);
	if (statefmt_file_name(text, &pid))
		require(str_ends(text, STR(STATEFMT_SUFFIX)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state_totals totals;
	struct profile p;
	uint8_t *bytes = malloc(size ? size : 1); /* aligned, and watched at its end */
	struct err e;

	if (!bytes)
		abort();
	if (size)
		memcpy(bytes, data, size);
	check_texts((struct str){ (const char *)bytes, size });
	if (state_read(&p, (struct str){ (const char *)bytes, size }, &totals, &e) == OK) {
		check_profile(&p, &totals);
		profile_release(&p);
	} else {
		require(e.msg[0] != '\0');
	}
	free(bytes);
	return 0;
}
