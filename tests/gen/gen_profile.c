/*
 * gen_profile SAMPLES labels|plain SEED FILE
 *
 * Writes a large synthetic CPU profile: 20,000 functions, 60,000 locations, stacks 20 to 60 deep
 * (40 on average) that agree near the root and differ near the leaf, two values, and with "labels"
 * three labels a sample. The same arguments give the same profile; another seed gives other samples
 * of the same program. For benchmarks and limits.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gen/builder.h"
#include "profile/encode.h"

#define FUNCTIONS 20000
#define LOCATIONS 60000
#define MIN_DEPTH 20
#define MAX_DEPTH 60
#define ROOTS     64 /* frames nearest the root come from this many */

static void add_tables(struct builder *b)
{
	uint64_t program = 1, *seed = &program;
	uint32_t mapping = builder_mapping(b, 0x400000, 0x8000000, 0, "/usr/bin/bigserver",
	    "5f1e0c2ab64c4be1a9f0d8fb7f3a2c11e0aa34d7");
	char name[96], file[96];

	b->mappings.p[mapping].has_functions = true;
	b->mappings.p[mapping].has_filenames = true;
	b->mappings.p[mapping].has_line_numbers = true;
	b->mappings.p[mapping].has_inline_frames = true;
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		snprintf(name, sizeof name, "example.com/big/pkg%03u.(*Type%02u).Method%05u",
		    i % 200, i % 37, i);
		snprintf(file, sizeof file, "/src/big/pkg%03u/file%03u.go", i % 200, i % 500);
		builder_function(b, name, file, 10 + i % 900);
	}
	for (unsigned i = 0; i < LOCATIONS; i++) {
		builder_location(b, mapping, 0x401000 + (uint64_t)i * 0x20 + gen_below(seed, 32));
		if (i % 8 == 0) /* something inlined */
			builder_line(b, gen_below(seed, FUNCTIONS), 1 + gen_below(seed, 900), 0);
		builder_line(b, i % FUNCTIONS, 10 + i % 900 + i / FUNCTIONS, 0);
	}
}

static void add_labels(struct builder *b, uint64_t *seed)
{
	static const int sizes[] = { 16, 32, 64, 128, 256, 512, 1024, 2048 };
	char text[32];

	snprintf(text, sizeof text, "worker-%u", gen_below(seed, 64));
	builder_label(b, "thread", text);
	snprintf(text, sizeof text, "/api/v1/res%u", gen_below(seed, 100));
	builder_label(b, "endpoint", text);
	builder_number(b, "bytes", sizes[gen_below(seed, 8)], "bytes");
}

static void add_sample(struct builder *b, uint64_t *seed, bool labels)
{
	uint32_t stack[MAX_DEPTH];
	uint32_t depth = MIN_DEPTH + gen_below(seed, MAX_DEPTH - MIN_DEPTH + 1);
	int64_t count = 1 + gen_below(seed, 5);
	const int64_t values[] = { count, count * 10000000 };

	for (uint32_t i = 0; i < depth; i++)
		stack[i] = gen_below(seed, i + 3 < depth ? LOCATIONS : ROOTS);
	builder_sample(b, stack, depth, values);
	if (labels)
		add_labels(b, seed);
}

static bool write_gzip(const struct profile *p, const char *path)
{
	struct buf out = { 0 };
	struct err e;
	FILE *f = profile_encode_gzip(p, &out, &e) == OK ? fopen(path, "wb") : NULL;
	bool ok = f && fwrite(out.p, 1, out.n, f) == out.n;

	if (f && fclose(f))
		ok = false;
	buf_release(&out);
	return ok;
}

int main(int argc, char **argv)
{
	struct builder b;
	struct profile p;
	uint64_t samples, seed;
	bool labels, ok;

	if (argc != 5 || !str_to_u64(str_c(argv[1]), 10, &samples) ||
	    !str_to_u64(str_c(argv[3]), 10, &seed)) {
		fprintf(stderr, "usage: gen_profile SAMPLES labels|plain SEED FILE\n");
		return 2;
	}
	labels = str_is(str_c(argv[2]), "labels");
	builder_begin(&b, &p);
	builder_type(&b, "samples", "count");
	builder_type(&b, "cpu", "nanoseconds");
	add_tables(&b);
	for (uint64_t i = 0; i < samples; i++)
		add_sample(&b, &seed, labels);
	p.period_type = (struct value_type){ profile_intern(&p, STR("cpu")),
		profile_intern(&p, STR("nanoseconds")) };
	p.period = 10000000;
	p.time_ns = 1700000000000000000;
	p.duration_ns = 964000000000;
	builder_finish(&b);
	ok = write_gzip(&p, argv[4]);
	if (!ok)
		fprintf(stderr, "gen_profile: cannot write %s\n", argv[4]);
	profile_release(&p);
	return ok ? 0 : 1;
}
