/* The own heap profile, summed; see heap_sums.h. */
#include "process/heap_sums.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pprof/pprof.h"

void heap_profile(struct reader_profile *p)
{
	profile_named("heap", p);
}

void profile_named(const char *name, struct reader_profile *p)
{
	FILE *f = tmpfile();
	static unsigned char bytes[16 << 20];
	size_t n;

	if (!f || pprof_write_to(pprof_lookup(name), fileno(f), 0) != 0) {
		fprintf(stderr, "no profile: %s\n", pprof_error());
		abort();
	}
	rewind(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	if (!reader_open(bytes, n, p)) {
		fprintf(stderr, "the profile of %zu bytes is malformed\n", n);
		abort();
	}
}

struct heap_sums heap_sums_of(const struct reader_profile *p, int64_t size)
{
	struct heap_sums sums = { 0, 0, 0, 0 };

	for (size_t i = 0; i < p->n_samples; i++) {
		const struct reader_sample *s = &p->samples[i];

		if (size != 0 && s->bytes_label != size)
			continue;
		sums.alloc_objects += s->values[0];
		sums.alloc_bytes += s->values[1];
		sums.inuse_objects += s->values[2];
		sums.inuse_bytes += s->values[3];
	}
	return sums;
}

struct heap_sums heap_sums(int64_t size)
{
	struct reader_profile p;
	struct heap_sums sums;

	heap_profile(&p);
	sums = heap_sums_of(&p, size);
	reader_close(&p);
	return sums;
}
