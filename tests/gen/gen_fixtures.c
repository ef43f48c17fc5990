/*
 * gen_fixtures DIRECTORY
 *
 * Writes the small profiles that the golden tests report on, the same ones every time:
 *
 *   cpu.pb.gz       a server: inlined frames, recursion, text and number labels, three mappings,
 *                   names of Go and C++ methods, drop_frames, comments
 *   cpu2.pb.gz      another run of it: other addresses (randomization), partly other samples
 *   heap.pb.gz      four sample types as Go has them, sizes as labels, default type
 *   heap2.pb.gz     the same program later: one place grew, another shrank
 *   raw.pb.gz       addresses only, no function anywhere
 *   nomap.pb.gz     functions, but no mapping at all
 *   empty.pb.gz     types, no samples
 *   delta.pb.gz     negative values
 *
 *   stacks.folded   folded stacks
 *   perf.data       two processes, a kernel and JIT code, as perf record writes them
 *
 * and the files of gen_quirks.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gen/builder.h"
#include "gen/gen_quirks.h"
#include "gen/perfdata.h"
#include "profile/encode.h"

#define MS ((int64_t)1000000)

struct function_row {
	const char *name;
	const char *file;
	int64_t start_line;
};

enum fn {
	F_MAIN,
	F_SERVE,
	F_PARSE,
	F_COPY,
	F_HASH,
	F_STORE,
	F_GROW,
	F_SORT,
	F_CMP,
	F_MALLOC,
	F_WRITE,
	F_METHOD,
	F_TEMPLATE,
	F_THREAD
};

static const struct function_row function_rows[] = {
	[F_MAIN] = { "main", "/src/server/main.c", 10 },
	[F_SERVE] = { "serve_request", "/src/server/http.c", 40 },
	[F_PARSE] = { "parse_header", "/src/server/http.c", 120 },
	[F_COPY] = { "copy_bytes", "/src/server/util.h", 5 },
	[F_HASH] = { "hash_key", "/src/server/util.h", 30 },
	[F_STORE] = { "table_store", "/src/server/table.c", 15 },
	[F_GROW] = { "table_grow", "/src/server/table.c", 70 },
	[F_SORT] = { "quick_sort", "/src/server/sort.c", 8 },
	[F_CMP] = { "compare_entries", "/src/server/sort.c", 2 },
	[F_MALLOC] = { "malloc", "/build/libc/malloc.c", 3000 },
	[F_WRITE] = { "write", "", 0 },
	[F_METHOD] = { "example.com/cache.(*Cache).Get", "/go/src/example.com/cache/cache.go", 55 },
	[F_TEMPLATE] = { "std::vector<int, std::allocator<int> >::push_back(int const&)",
	    "/usr/include/c++/12/bits/stl_vector.h", 1270 },
	[F_THREAD] = { "start_thread", "/build/libc/pthread_create.c", 400 },
};

#define N_FUNCTIONS (sizeof function_rows / sizeof function_rows[0])

/* A location: its place in a mapping and up to three lines, innermost first. */
struct location_row {
	uint32_t mapping;
	uint64_t offset;

	struct {
		enum fn function;
		int64_t line;
	} lines[3];

	uint32_t n_lines;
};

enum { APP, LIBC, VDSO };

enum loc {
	L_MAIN,
	L_SERVE,
	L_SERVE2,
	L_PARSE,
	L_PARSE_COPY,
	L_STORE,
	L_STORE_HASH,
	L_GROW,
	L_SORT,
	L_SORT_CMP,
	L_MALLOC,
	L_WRITE,
	L_METHOD,
	L_TEMPLATE,
	L_THREAD,
	L_CLOCK
};

static const struct location_row location_rows[] = {
	[L_MAIN] = { APP, 0x1010, { { F_MAIN, 25 } }, 1 },
	[L_SERVE] = { APP, 0x1100, { { F_SERVE, 52 } }, 1 },
	[L_SERVE2] = { APP, 0x1180, { { F_SERVE, 61 } }, 1 },
	[L_PARSE] = { APP, 0x1200, { { F_PARSE, 131 } }, 1 },
	[L_PARSE_COPY] = { APP, 0x1244, { { F_COPY, 9 }, { F_PARSE, 140 } }, 2 },
	[L_STORE] = { APP, 0x1300, { { F_STORE, 22 } }, 1 },
	[L_STORE_HASH] = { APP, 0x1350, { { F_HASH, 34 }, { F_COPY, 7 }, { F_STORE, 19 } }, 3 },
	[L_GROW] = { APP, 0x1400, { { F_GROW, 81 } }, 1 },
	[L_SORT] = { APP, 0x1500, { { F_SORT, 14 } }, 1 },
	[L_SORT_CMP] = { APP, 0x1520, { { F_CMP, 3 }, { F_SORT, 11 } }, 2 },
	[L_MALLOC] = { LIBC, 0x8f00, { { F_MALLOC, 3021 } }, 1 },
	[L_WRITE] = { LIBC, 0x9f40, { { F_WRITE, 0 } }, 1 },
	[L_METHOD] = { APP, 0x1600, { { F_METHOD, 61 } }, 1 },
	[L_TEMPLATE] = { APP, 0x1700, { { F_TEMPLATE, 1275 } }, 1 },
	[L_THREAD] = { LIBC, 0x8800, { { F_THREAD, 442 } }, 1 },
	[L_CLOCK] = { VDSO, 0x700, { { 0, 0 } }, 0 },
};

#define N_LOCATIONS (sizeof location_rows / sizeof location_rows[0])
#define END         UINT32_MAX /* of a stack */
#define MAX_DEPTH   10
#define MAX_VALUES  4

struct sample_row {
	uint32_t stack[MAX_DEPTH]; /* leaf first, ended by END */
	int64_t values[MAX_VALUES];
	const char *endpoint; /* label, or NULL */
	int64_t bytes;        /* label, or 0 */
};

static const struct sample_row cpu_rows[] = {
	{ { L_PARSE_COPY, L_SERVE, L_MAIN, END }, { 12, 120 * MS }, "/login", 512 },
	{ { L_PARSE, L_SERVE, L_MAIN, END }, { 7, 70 * MS }, "/login", 128 },
	{ { L_STORE_HASH, L_SERVE2, L_MAIN, END }, { 25, 250 * MS }, "/put", 4096 },
	{ { L_MALLOC, L_GROW, L_STORE, L_SERVE2, L_MAIN, END }, { 9, 90 * MS }, "/put", 4096 },
	{ { L_MALLOC, L_TEMPLATE, L_METHOD, L_SERVE, L_MAIN, END }, { 4, 40 * MS }, "/get", 0 },
	{ { L_SORT_CMP, L_SORT, L_SORT, L_SORT, L_THREAD, END }, { 31, 310 * MS }, NULL, 0 },
	{ { L_SORT, L_SORT, L_THREAD, END }, { 6, 60 * MS }, NULL, 0 },
	{ { L_WRITE, L_SERVE2, L_MAIN, END }, { 15, 150 * MS }, "/get", 65536 },
	{ { L_CLOCK, L_THREAD, END }, { 2, 20 * MS }, NULL, 0 },
	{ { L_METHOD, L_SERVE, L_MAIN, END }, { 1, 10 * MS }, "/get", 0 },
};

static const struct sample_row cpu2_rows[] = {
	{ { L_PARSE_COPY, L_SERVE, L_MAIN, END }, { 3, 30 * MS }, "/login", 512 },
	{ { L_STORE_HASH, L_SERVE2, L_MAIN, END }, { 60, 600 * MS }, "/put", 4096 },
	{ { L_SORT_CMP, L_SORT, L_SORT, L_SORT, L_THREAD, END }, { 29, 290 * MS }, NULL, 0 },
	{ { L_GROW, L_STORE, L_SERVE2, L_MAIN, END }, { 8, 80 * MS }, "/put", 8192 },
};

static const struct sample_row heap_rows[] = {
	{ { L_MALLOC, L_GROW, L_STORE, L_SERVE2, L_MAIN, END }, { 1200, 1228800, 1200, 1228800 },
	    NULL, 1024 },
	{ { L_MALLOC, L_PARSE, L_SERVE, L_MAIN, END }, { 5000, 640000, 3, 384 }, NULL, 128 },
	{ { L_MALLOC, L_TEMPLATE, L_METHOD, L_SERVE, L_MAIN, END }, { 40, 2621440, 20, 1310720 },
	    NULL, 65536 },
	{ { L_MALLOC, L_MAIN, END }, { 1, 4096, 1, 4096 }, NULL, 4096 },
};

static const struct sample_row heap2_rows[] = {
	{ { L_MALLOC, L_GROW, L_STORE, L_SERVE2, L_MAIN, END }, { 9200, 9420800, 9200, 9420800 },
	    NULL, 1024 },
	{ { L_MALLOC, L_PARSE, L_SERVE, L_MAIN, END }, { 42000, 5376000, 2, 256 }, NULL, 128 },
	{ { L_MALLOC, L_TEMPLATE, L_METHOD, L_SERVE, L_MAIN, END }, { 300, 19660800, 12, 786432 },
	    NULL, 65536 },
	{ { L_MALLOC, L_MAIN, END }, { 1, 4096, 1, 4096 }, NULL, 4096 },
};

static const struct sample_row delta_rows[] = {
	{ { L_MALLOC, L_GROW, L_STORE, L_SERVE2, L_MAIN, END }, { 80, 81920 }, NULL, 0 },
	{ { L_MALLOC, L_TEMPLATE, L_METHOD, L_SERVE, L_MAIN, END }, { -8, -524288 }, NULL, 0 },
	{ { L_MALLOC, L_PARSE, L_SERVE, L_MAIN, END }, { 0, 16 }, NULL, 0 },
};

struct value_row {
	const char *type;
	const char *unit;
};

static const struct value_row cpu_types[] = { { "samples", "count" }, { "cpu", "nanoseconds" } };
static const struct value_row heap_types[] = { { "alloc_objects", "count" },
	{ "alloc_space", "bytes" }, { "inuse_objects", "count" }, { "inuse_space", "bytes" } };

enum flags {
	NO_FUNCTIONS = 1,
	NO_MAPPINGS = 2,
	COMMENTS = 4,
};

struct fixture {
	const char *name;
	const struct value_row *types;
	size_t n_types;
	const struct sample_row *rows;
	size_t n_rows;
	struct value_row period_type;
	int64_t period;
	int64_t time_ns;
	int64_t duration_ns;
	uint64_t slide; /* added to all addresses */
	unsigned flags;
};

#define TIME ((int64_t)1700000000 * 1000 * MS)
#define CPU                                                                                        \
	.types = cpu_types, .n_types = 2, .period_type = { "cpu", "nanoseconds" }, .period = 10 * MS
#define HEAP                                                                                       \
	.types = heap_types, .n_types = 4, .period_type = { "space", "bytes" }, .period = 524288

static const struct fixture fixtures[] = {
	{ "cpu", CPU, .rows = cpu_rows, .n_rows = 10, .time_ns = TIME, .duration_ns = 2000 * MS,
	    .flags = COMMENTS },
	{ "cpu2", CPU, .rows = cpu2_rows, .n_rows = 4, .time_ns = TIME + 60000 * MS,
	    .duration_ns = 2000 * MS, .slide = 0x7000000 },
	{ "heap", HEAP, .rows = heap_rows, .n_rows = 4, .time_ns = TIME },
	{ "heap2", HEAP, .rows = heap2_rows, .n_rows = 4, .time_ns = TIME + 60000 * MS },
	{ "raw", CPU, .rows = cpu_rows, .n_rows = 10, .time_ns = TIME, .duration_ns = 2000 * MS,
	    .flags = NO_FUNCTIONS },
	{ "nomap", CPU, .rows = cpu2_rows, .n_rows = 4, .time_ns = TIME, .flags = NO_MAPPINGS },
	{ "empty", CPU, .rows = cpu_rows, .n_rows = 0, .time_ns = TIME },
	{ "delta", .types = heap_types + 2, .n_types = 2, .rows = delta_rows, .n_rows = 3,
	    .period_type = { "space", "bytes" }, .period = 524288, .time_ns = TIME },
};

static const uint64_t mapping_starts[] = { 0x400000, 0x7f0000000000, 0x7fff00000000 };

static void add_mappings(struct builder *b, const struct fixture *f)
{
	static const char *const files[] = { "/usr/bin/server", "/usr/lib/libc.so.6", "[vdso]" };
	static const char *const ids[] = { "0123456789abcdef", "fedcba9876543210", "" };
	static const uint64_t sizes[] = { 0x100000, 0x200000, 0x2000 };
	bool named = !(f->flags & NO_FUNCTIONS);

	if (f->flags & NO_MAPPINGS)
		return;
	for (size_t i = 0; i < 3; i++) {
		uint64_t start = mapping_starts[i] + f->slide;

		builder_mapping(b, start, start + sizes[i], 0, files[i], ids[i]);
		b->mappings.p[i].has_functions = named;
		b->mappings.p[i].has_filenames = named;
		b->mappings.p[i].has_line_numbers = named;
		b->mappings.p[i].has_inline_frames = named;
	}
}

static void add_locations(struct builder *b, const struct fixture *f)
{
	for (size_t i = 0; i < N_LOCATIONS; i++) {
		const struct location_row *row = &location_rows[i];

		builder_location(b, f->flags & NO_MAPPINGS ? PROFILE_NONE : row->mapping,
		    mapping_starts[row->mapping] + f->slide + row->offset);
		for (uint32_t k = 0; k < row->n_lines && !(f->flags & NO_FUNCTIONS); k++)
			builder_line(b, row->lines[k].function, row->lines[k].line, 0);
	}
}

static void add_samples(struct builder *b, const struct fixture *f)
{
	for (size_t i = 0; i < f->n_rows; i++) {
		const struct sample_row *row = &f->rows[i];
		size_t depth = 0;

		while (row->stack[depth] != END)
			depth++;
		builder_sample(b, row->stack, depth, row->values);
		if (row->endpoint)
			builder_label(b, "endpoint", row->endpoint);
		if (row->bytes)
			builder_number(b, "bytes", row->bytes, "bytes");
	}
}

static void make_fixture(const struct fixture *f, struct profile *p)
{
	struct builder b;

	builder_begin(&b, p);
	for (size_t i = 0; i < f->n_types; i++)
		builder_type(&b, f->types[i].type, f->types[i].unit);
	add_mappings(&b, f);
	for (size_t i = 0; i < N_FUNCTIONS && !(f->flags & NO_FUNCTIONS); i++)
		builder_function(
		    &b, function_rows[i].name, function_rows[i].file, function_rows[i].start_line);
	add_locations(&b, f);
	add_samples(&b, f);
	if (f->flags & COMMENTS) {
		builder_comment(&b, "made by gen_fixtures");
		builder_comment(&b, "second comment");
		p->drop_frames = profile_intern(p, STR("start_thread"));
		p->doc_url = profile_intern(p, STR("https://example.com/server"));
	}
	p->period_type.type = profile_intern(p, str_c(f->period_type.type));
	p->period_type.unit = profile_intern(p, str_c(f->period_type.unit));
	p->period = f->period;
	p->time_ns = f->time_ns;
	p->duration_ns = f->duration_ns;
	if (f->n_types == MAX_VALUES)
		p->default_sample_type = profile_intern(p, STR("inuse_space"));
	builder_finish(&b);
}

static bool write_file(
    const char *dir, const char *name, const char *suffix, const struct buf *bytes)
{
	char path[4096];
	FILE *file;
	bool ok = false;

	snprintf(path, sizeof path, "%s/%s%s", dir, name, suffix);
	file = fopen(path, "wb");
	if (file) {
		ok = fwrite(bytes->p, 1, bytes->n, file) == bytes->n;
		ok = fclose(file) == 0 && ok;
	}
	if (!ok)
		fprintf(stderr, "gen_fixtures: cannot write %s\n", path);
	return ok;
}

static bool write_fixture(const char *dir, const struct fixture *f)
{
	struct profile p;
	struct buf out = { 0 };
	struct err e;
	bool ok;

	make_fixture(f, &p);
	ok = profile_encode_gzip(&p, &out, &e) == OK && write_file(dir, f->name, ".pb.gz", &out);
	buf_release(&out);
	profile_release(&p);
	return ok;
}

static bool write_quirk(const char *dir, const struct quirk_file *q)
{
	struct buf out = { 0 };
	bool ok;

	q->make(&out);
	ok = write_file(dir, q->name, "", &out);
	buf_release(&out);
	return ok;
}

/* Files of other tools. */
static bool write_foreign(const char *dir)
{
	struct buf bytes = { 0 };
	bool ok;

	BUF_LIT(&bytes, "main;serve_request;hash_key 12\nmain;serve_request 3\nmain;idle 1\n");
	ok = write_file(dir, "stacks", ".folded", &bytes);
	buf_clear(&bytes);
	perfdata_example(&bytes);
	ok = write_file(dir, "perf", ".data", &bytes) && ok;
	buf_release(&bytes);
	return ok;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: gen_fixtures DIRECTORY\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof fixtures / sizeof fixtures[0]; i++)
		if (!write_fixture(argv[1], &fixtures[i]))
			return 1;
	for (size_t i = 0; i < n_quirk_files; i++)
		if (!write_quirk(argv[1], &quirk_files[i]))
			return 1;
	return write_foreign(argv[1]) ? 0 : 1;
}
