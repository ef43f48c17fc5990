/*
 * See gen_quirks.h. Every file holds one sample or two; what is odd about it stands at its maker.
 */
#include "gen/gen_quirks.h"

#include <stdlib.h>

#include "gen/builder.h"
#include "profile/encode.h"

#define TIME INT64_C(1700000000000000000)

static void begin(struct builder *b, struct profile *p, const char *type, const char *unit)
{
	builder_begin(b, p);
	builder_type(b, "samples", "count");
	builder_type(b, type, unit);
	builder_mapping(b, 0x1000, 0x9000, 0, "/bin/odd", "");
	b->mappings.p[0].has_functions = true;
	p->time_ns = TIME;
}

static void period(struct profile *p, const char *unit, int64_t n)
{
	p->period_type.type = profile_intern(p, STR("cpu"));
	p->period_type.unit = profile_intern(p, str_c(unit));
	p->period = n;
}

static void finish(struct builder *b, struct profile *p, struct buf *out)
{
	struct err e;

	builder_finish(b);
	if (profile_encode_gzip(p, out, &e) != OK)
		abort();
	profile_release(p);
}

static uint32_t frame(struct builder *b, const char *name, uint64_t address, int64_t line)
{
	return builder_frame(b, 0, address, builder_function(b, name, "odd.c", 1), line);
}

static void sample(struct builder *b, uint32_t leaf, uint32_t caller, int64_t count, int64_t value)
{
	builder_sample(b, (const uint32_t[]){ leaf, caller }, 2, (const int64_t[]){ count, value });
}

/* The second sample has a count but no time. */
static void make_ms(struct buf *out)
{
	struct profile p;
	struct builder b;
	uint32_t f, g;

	begin(&b, &p, "cpu", "milliseconds");
	period(&p, "milliseconds", 10);
	f = frame(&b, "f", 0x1100, 3);
	g = frame(&b, "g", 0x1200, 9);
	sample(&b, f, g, 1, 10);
	sample(&b, g, g, 2, 0);
	finish(&b, &p, out);
}

static void make_ns(struct buf *out)
{
	struct profile p;
	struct builder b;
	uint32_t f, g;

	begin(&b, &p, "cpu", "nanoseconds");
	period(&p, "nanoseconds", 10000000);
	f = frame(&b, "f", 0x1100, 3);
	g = frame(&b, "g", 0x1200, 9);
	sample(&b, f, g, 1, 10000000);
	finish(&b, &p, out);
}

/* As ns, by a program that does not know the time. */
static void make_notime(struct buf *out)
{
	struct profile p;
	struct builder b;
	uint32_t f;

	begin(&b, &p, "cpu", "nanoseconds");
	p.time_ns = 0;
	period(&p, "nanoseconds", 10000000);
	f = frame(&b, "f", 0x1100, 3);
	sample(&b, f, f, 1, 10000000);
	finish(&b, &p, out);
}

/* An inlined call in column `column` of its line. */
static void make_column(struct buf *out, int64_t column)
{
	struct profile p;
	struct builder b;
	uint32_t at;

	begin(&b, &p, "cpu", "nanoseconds");
	at = builder_location(&b, 0, 0x1100);
	builder_line(&b, builder_function(&b, "inner", "odd.c", 1), 3, column);
	builder_line(&b, builder_function(&b, "outer", "odd.c", 8), 9, 1);
	sample(&b, at, at, 1, 10);
	finish(&b, &p, out);
}

static void make_column5(struct buf *out)
{
	make_column(out, 5);
}

static void make_column7(struct buf *out)
{
	make_column(out, 7);
}

/*
 * A unit outside the usual, labels whose text or number is odd, an expression in drop_frames that
 * does not compile, and very different means of an inlined function and its caller.
 */
static void make_odd(struct buf *out)
{
	struct profile p;
	struct builder b;
	uint32_t at, main;

	begin(&b, &p, "wait", "minutes");
	p.drop_frames = profile_intern(&p, STR("main("));
	at = builder_location(&b, 0, 0x1100);
	builder_line(&b, builder_function(&b, "inner", "odd.c", 1), 3, 0);
	builder_line(&b, builder_function(&b, "outer", "odd.c", 8), 9, 0);
	main = frame(&b, "main", 0x1200, 20);
	sample(&b, at, main, 3, 30);
	builder_label(&b, "user", "a\"b\\c");
	builder_number(&b, "plain", 0, "");
	builder_number(&b, "size", 0, "bytes");
	builder_sample(&b, &main, 1, (const int64_t[]){ 1, 5000 });
	finish(&b, &p, out);
}

/* Names that look like C++ and are not, one that is. */
static void make_names(struct buf *out)
{
	static const char *const names[] = { "main.Map[go.shape.int]", "pkg::Type<T>::run",
		"std::vector<int>::push_back(int const&)" };
	struct profile p;
	struct builder b;

	begin(&b, &p, "cpu", "nanoseconds");
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t at = frame(&b, names[i], 0x1100 + i, 3);

		sample(&b, at, at, 1, 10 * (i + 1));
	}
	finish(&b, &p, out);
}

/* Two files one behind the other. */
static void make_twice(struct buf *out)
{
	make_ns(out);
	make_ns(out);
}

/* The binary form of old CPU profiles with a single sample. */
static void make_one_sample(struct buf *out)
{
	static const uint64_t words[] = { 0, 3, 0, 10000, 0, 1, 3, 0x400100, 0x400200, 0x400300, 0,
		1, 0 };

	buf_add(out, words, sizeof words);
	BUF_LIT(out, "00400000-00500000 r-xp 00000000 00:00 0 /bin/odd\n");
}

const struct quirk_file quirk_files[] = {
	{ "ms.pb.gz", make_ms },
	{ "ns.pb.gz", make_ns },
	{ "notime.pb.gz", make_notime },
	{ "column5.pb.gz", make_column5 },
	{ "column7.pb.gz", make_column7 },
	{ "odd.pb.gz", make_odd },
	{ "names.pb.gz", make_names },
	{ "twice.pb.gz", make_twice },
	{ "one_sample.prof", make_one_sample },
};
const size_t n_quirk_files = sizeof quirk_files / sizeof quirk_files[0];
