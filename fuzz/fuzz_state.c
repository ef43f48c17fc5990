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

static void check_profile(const struct profile *p, const struct state_totals *totals, bool births)
{
	struct buf bytes = { 0 };
	struct profile again;
	struct err e;

	require(profile_check(p, &e) == OK);
	require(births ? p->samples.n >= totals->records : p->samples.n == totals->records);
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

static int64_t allocated(const struct profile *p)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->samples.n; i++)
		sum += (uint64_t)sample_values(p, i)[1];
	return (int64_t)sum;
}

/* With births and without: the same file, so the same is allocated. */
static void check_read(struct str bytes)
{
	struct state_totals totals;
	int64_t bytes_allocated[2];
	struct profile p;
	struct err e;

	for (int births = 0; births < 2; births++) {
		if (state_read(&p, bytes, births, &totals, &e) != OK) {
			require(e.msg[0] != '\0');
			return;
		}
		check_profile(&p, &totals, births);
		bytes_allocated[births] = allocated(&p);
		profile_release(&p);
	}
	require(bytes_allocated[0] == bytes_allocated[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size ? size : 1); /* aligned, and watched at its end */

	if (!bytes)
		abort();
	if (size)
		memcpy(bytes, data, size);
	check_texts((struct str){ (const char *)bytes, size });
	check_read((struct str){ (const char *)bytes, size });
	free(bytes);
	return 0;
}
