/*
 * Where names come from besides a binary that lies where the profile says: the cache, compilers'
 * maps, debuginfod servers, files deleted since; and what `pprof symbols` tells of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <dirent.h>
#include <elf.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include <cmocka.h>

#include "base/fs.h"
#include "object/frame_set.h"
#include "symbolize/sym_cache.h"
#include "symbolize/sym_text.h"
#include "symbolize/symbolize.h"
#include "unit/net/loopback.h"
#include "unit/object/sample.h"

static char root[] = "/tmp/pprof-test-names-XXXXXX";
static struct buf said;

static void keep_line(void *ctx, bool is_error, struct str text)
{
	(void)ctx;
	(void)is_error;
	buf_add_str(&said, text);
	buf_char(&said, '\n');
}

static const struct ui ui = { .line = keep_line };

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void run(const char *format, ...)
{
	char command[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(command, sizeof command, format, ap);
	va_end(ap);
	assert_int_equal(system(command), 0);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return 1;
	setenv("XDG_CACHE_HOME", root, 1);
	unsetenv("PPROF_SYMBOL_CACHE");
	unsetenv("DEBUGINFOD_URLS");
	unsetenv("DEBUGINFOD_CACHE_PATH");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_release(&said);
	run("rm -rf %s", root);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	buf_clear(&said);
	run("rm -rf %s/*", root);
	return 0;
}

#define START 0x7f0000001000u

/* A profile of one location, at an offset of a mapping of file. */
static void make(
    struct profile *p, const char *file, struct str build_id, uint64_t page, uint64_t at)
{
	struct mapping *m;
	struct location *l;
	struct err e;

	assert_int_equal(profile_init(p, &e), OK);
	m = ARENA_NEW(&p->arena, struct mapping);
	l = ARENA_NEW(&p->arena, struct location);
	assert_non_null(m);
	assert_non_null(l);
	*m = (struct mapping){ .id = 1,
		.start = START,
		.limit = START + 0x1000,
		.offset = page,
		.file = profile_intern(p, str_c(file)),
		.build_id = profile_intern(p, build_id) };
	*l = (struct location){ .id = 1, .address = START + at };
	p->mappings = m;
	p->n_mappings = 1;
	p->locations = l;
	p->n_locations = 1;
}

static struct str first_name(const struct profile *p)
{
	const struct location *l = &p->locations[0];

	if (!l->n_lines)
		return STR("");
	return profile_str(p, p->functions[location_lines(p, l)->function].name);
}

/* sample_outer's place in a sample, and the sample's build id (kept in id). */
static uint64_t outer_place(const char *sample, uint64_t *page, char id[128])
{
	struct object *o = sample_open(sample);
	uint64_t at = sample_symbol(o, "sample_outer")->address;

	snprintf(id, 128, "%.*s", STR_ARG(object_build_id(o)));
	object_close(o);
	*page = at & ~4095ULL;
	return at & 4095;
}

static struct str names(struct profile *p)
{
	struct symbolize_mode mode = symbolize_parse_mode(STR("local"), &ui);
	struct err e;

	assert_int_equal(symbolize_local(p, &mode, &ui, &e), OK);
	return first_name(p);
}

/* The one file of the cache; false when there is not exactly one. */
static bool cache_file(char out[PATH_MAX])
{
	char folder[512];
	struct dirent *d;
	size_t n = 0;
	DIR *dir;

	snprintf(folder, sizeof folder, "%s/pprof/symbols", root);
	dir = opendir(folder);
	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(out, PATH_MAX, "%s/%s", folder, d->d_name);
		n++;
	}
	if (dir)
		closedir(dir);
	return n == 1;
}

/* What is kept is what was found, and a damaged file is as none. */
static void test_cache(void **state)
{
	struct object *o = sample_open("pie");
	const struct object_symbol *symbol = sample_symbol(o, "sample_inner");
	struct arena a = { 0 };
	struct sym_cache c = sym_cache_of(o, &a);
	struct frame_set s = { 0 }, kept = { 0 };
	struct sym_cache_bytes bytes = { 0 };
	uint64_t v[40];
	char path[PATH_MAX];
	struct stat st;
	struct err e;
	int fd;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		v[i] = symbol->address + i;
	assert_int_equal(object_frames_many(o, v, 40, &s, &e), OK);
	sym_cache_save(&c, &s);
	assert_true(cache_file(path));
	assert_true(sym_cache_load(&c, &kept, &bytes));
	assert_true(sym_cache_add_functions(&bytes, &kept));
	assert_int_equal(kept.places.n, 40);
	for (size_t i = 0; i < 40; i++) {
		const struct frame_place *x = &s.places.p[i], *y = &kept.places.p[i];

		assert_int_equal(x->n, y->n);
		for (uint32_t k = 0; k < x->n; k++) {
			const struct frame_entry *f = &s.frames.p[x->first + k];
			const struct frame_entry *g = &kept.frames.p[y->first + k];

			assert_int_equal(f->line, g->line);
			assert_true(str_eq(
			    s.functions.p[f->function].name, kept.functions.p[g->function].name));
			assert_true(str_eq(
			    s.functions.p[f->function].file, kept.functions.p[g->function].file));
		}
	}
	frame_set_release(&kept);
	/* Each byte changed, and each length cut to: never wrong names. */
	assert_int_equal(stat(path, &st), 0);
	for (off_t at = 0; at < st.st_size; at += 7) {
		unsigned char was, now;

		fd = open(path, O_RDWR);
		assert_int_equal(pread(fd, &was, 1, at), 1);
		now = was ^ 0x41;
		assert_int_equal(pwrite(fd, &now, 1, at), 1);
		assert_true(sym_cache_load(&c, &kept, &bytes));
		assert_int_equal(kept.places.n, 0);
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
		close(fd);
	}
	for (off_t n = st.st_size - 1; n >= 0; n -= 97) {
		assert_int_equal(truncate(path, n), 0);
		assert_true(sym_cache_load(&c, &kept, &bytes));
		assert_int_equal(kept.places.n, 0);
	}
	sym_cache_bytes_release(&bytes);
	frame_set_release(&s);
	object_close(o);
	arena_release(&a);
}

/* The second look needs no debug information: the file's names are gone, the answer is the same. */
static void test_cache_is_used(void **state)
{
	char id[128], path[PATH_MAX], copy[256];
	uint64_t page, at = outer_place("pie", &page, id);
	struct profile p;

	(void)state;
	snprintf(copy, sizeof copy, "%s/program", root);
	run("cp -p %s/pie %s", SAMPLE_DIR, copy);
	make(&p, copy, str_c(id), page, at);
	assert_true(text_is(names(&p), "sample_outer"));
	profile_release(&p);
	assert_true(cache_file(path));
	/* Overwritten in place by one without names, with the time and size of the first. */
	run("cp -p %s %s.was; objcopy --strip-all %s.was %s.bare; truncate -r %s.was %s.bare; "
	    "cat %s.bare >%s; touch -r %s.was %s",
	    copy, copy, copy, copy, copy, copy, copy, copy, copy, copy);
	make(&p, copy, str_c(id), page, at);
	assert_true(text_is(names(&p), "sample_outer"));
	profile_release(&p);
	/* Another time is another file: nothing kept is taken for it. */
	run("touch -d '2001-01-01' %s", copy);
	make(&p, copy, str_c(id), page, at);
	assert_true(text_is(names(&p), ""));
	profile_release(&p);
}

#define WRITERS      4
#define WRITER_TURNS 100

/* Whether all that is kept is sample_inner's, as it is where `s` is. */
static bool kept_is_right(struct sym_cache *c)
{
	struct frame_set kept = { 0 };
	struct sym_cache_bytes bytes = { 0 };
	bool right = sym_cache_load(c, &kept, &bytes) && sym_cache_add_functions(&bytes, &kept);

	for (size_t i = 0; right && i < kept.functions.n; i++)
		right = kept.functions.p[i].name.n > 0;
	for (size_t i = 0; right && i < kept.places.n; i++) {
		const struct frame_place *at = &kept.places.p[i];
		uint32_t outermost = kept.frames.p[at->first + at->n - 1].function;

		right = text_is(kept.functions.p[outermost].name, "sample_inner");
	}
	sym_cache_bytes_release(&bytes);
	frame_set_release(&kept);
	return right;
}

/* In a child: keeps other addresses each time, and reads what others kept. */
static int read_and_write(unsigned which)
{
	struct object *o = sample_open("pie");
	const struct object_symbol *symbol = sample_symbol(o, "sample_inner");
	struct arena a = { 0 };
	struct sym_cache c = sym_cache_of(o, &a);
	bool right = true;

	for (unsigned i = 0; right && i < WRITER_TURNS; i++) {
		struct frame_set s = { 0 };
		uint64_t v[8];
		struct err e;

		for (unsigned k = 0; k < 8; k++)
			v[k] = symbol->address + (which + i + k) % symbol->size;
		right = object_frames_many(o, v, 1 + i % 8, &s, &e) == OK;
		sym_cache_save(&c, &s);
		frame_set_release(&s);
		right = right && kept_is_right(&c);
	}
	arena_release(&a);
	object_close(o);
	return right ? 0 : 1;
}

/* Processes that keep names of one binary at the same time, one of which is killed at it. */
static void test_cache_is_shared(void **state)
{
	pid_t children[WRITERS + 1];
	struct object *o = sample_open("pie");
	struct arena a = { 0 };
	struct sym_cache c = sym_cache_of(o, &a);
	int status;

	(void)state;
	for (unsigned i = 0; i <= WRITERS; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(read_and_write(i));
	}
	/* One of them keeps something first. All fail if none can: then waiting ends, too. */
	for (int i = 0; i < 100000 && access(c.path.p, F_OK) != 0; i++)
		usleep(100);
	kill(children[WRITERS], SIGKILL);
	assert_int_equal(waitpid(children[WRITERS], &status, 0), children[WRITERS]);
	for (unsigned i = 0; i < WRITERS; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_true(kept_is_right(&c));
	assert_int_equal(access(c.path.p, F_OK), 0);
	object_close(o);
	arena_release(&a);
}

static void test_cache_limits(void **state)
{
	struct object *o = sample_open("pie");
	struct arena a = { 0 };
	struct frame_set s = { 0 };
	struct sym_cache c;
	struct stat st;
	char old[512];

	(void)state;
	setenv("PPROF_SYMBOL_CACHE", "0", 1);
	assert_int_equal(sym_cache_of(o, &a).folder.n, 0);
	setenv("PPROF_SYMBOL_CACHE", "1", 1);
	c = sym_cache_of(o, &a);
	assert_int_equal(c.limit, 1 << 20);
	run("mkdir -p %s/pprof/symbols", root);
	snprintf(old, sizeof old, "%s/pprof/symbols/old.sym", root);
	run("truncate -s 2M %s; touch -d '2001-01-01' %s", old, old);
	run("truncate -s 2M %s/pprof/symbols/not-ours", root);
	/* Left behind by one that died while it wrote. */
	run("touch -d '2001-01-01' %s/pprof/symbols/dead.sym.abcdef", root);
	sym_cache_save(&c, &s);
	assert_int_not_equal(stat(old, &st), 0);
	assert_int_equal(stat(c.path.p, &st), 0);
	run("test -e %s/pprof/symbols/not-ours", root);
	run("! test -e %s/pprof/symbols/dead.sym.abcdef", root);
	unsetenv("PPROF_SYMBOL_CACHE");
	object_close(o);
	arena_release(&a);
}

static void test_perf_map(void **state)
{
	char path[256];
	struct profile p;

	(void)state;
	snprintf(path, sizeof path, "%s/perf-77.map", root);
	run("printf '7f0000001000 20 first\\n7f0000001020 10 Lsecond; it has blanks\\nbad line\\n' "
	    ">%s",
	    path);
	make(&p, path, STR(""), 0, 0x2f);
	assert_true(text_is(names(&p), "Lsecond; it has blanks"));
	profile_release(&p);
	make(&p, path, STR(""), 0, 0x30);
	assert_true(text_is(names(&p), ""));
	profile_release(&p);
	/* The folder is everybody's: names are taken from the user's own files and root's, no
	 * links. */
	run("ln -s perf-77.map %s/perf-78.map", root);
	snprintf(path, sizeof path, "%s/perf-78.map", root);
	make(&p, path, STR(""), 0, 0x2f);
	assert_true(text_is(names(&p), ""));
	profile_release(&p);
	if (getuid() == 0) {
		run("cp %s/perf-77.map %s/perf-79.map; chown 65534 %s/perf-79.map", root, root,
		    root);
		snprintf(path, sizeof path, "%s/perf-79.map", root);
		make(&p, path, STR(""), 0, 0x2f);
		assert_true(text_is(names(&p), ""));
		profile_release(&p);
	}
	assert_false(sym_text_is_perf_map(STR("/tmp/perf-.map")));
	assert_false(sym_text_is_perf_map(STR("/tmp/perf-1/../../x.map")));
	assert_false(sym_text_is_perf_map(STR("/tmp/perf-1x.map")));
}

static void test_kallsyms(void **state)
{
	struct sym_text t = { 0 };
	char path[256];
	struct err e;

	(void)state;
	snprintf(path, sizeof path, "%s/kallsyms", root);
	run("printf 'ffffffff81000000 T _text\\nffffffff81000100 t do_one\\nffffffff81000200 D "
	    "data\\nffffffff81000300 T do_two\\t[mod]\\n' >%s",
	    path);
	assert_int_equal(sym_text_read_kallsyms(&t, str_c(path), &e), OK);
	assert_true(text_is(sym_text_find(&t, 0xffffffff810001ff), "do_one"));
	assert_true(text_is(sym_text_find(&t, 0xffffffff81000400), "do_two"));
	assert_true(text_is(sym_text_find(&t, 0x1000), ""));
	sym_text_release(&t);
	run("printf '0000000000000000 T _text\\n' >%s", path);
	assert_int_equal(sym_text_read_kallsyms(&t, str_c(path), &e), ERR_UNSUPPORTED);
	sym_text_release(&t);
}

/* Serves the debug file of "bare" under its build id, nothing else. */
static void serve_debug_file(struct loopback *l, const char *request, struct buf *response)
{
	char want[256];
	struct buf file = { 0 };
	struct err e;

	snprintf(want, sizeof want, "GET /buildid/%s/debuginfo ", (const char *)l->ctx);
	if (strncmp(request, want, strlen(want)) == 0 &&
	    fs_read(STR(SAMPLE_DIR "/stripped.debug"), 1 << 24, &file, &e) == OK)
		loopback_reply(response, "200 OK", "", file.p, file.n);
	else
		loopback_reply(response, "404 Not Found", "", "", 0);
	buf_release(&file);
}

static void test_debuginfod(void **state)
{
	char id[128], url[64];
	uint64_t page, at = outer_place("pie", &page, id);
	struct loopback l;
	struct profile p;

	(void)state;
	make(&p, SAMPLE_DIR "/bare", str_c(id), page, at);
	assert_true(text_is(names(&p), "")); /* no server is asked unless one is named */
	profile_release(&p);
	loopback_start(&l, serve_debug_file, id);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/", l.port);
	setenv("DEBUGINFOD_URLS", url, 1);
	make(&p, SAMPLE_DIR "/bare", str_c(id), page, at);
	assert_true(text_is(names(&p), "sample_outer"));
	assert_true(p.mappings[0].has_line_numbers);
	profile_release(&p);
	assert_int_equal(l.n_requests, 1);
	run("rm -rf %s/pprof", root);
	make(&p, SAMPLE_DIR "/bare", str_c(id), page, at);
	assert_true(text_is(names(&p), "sample_outer")); /* kept: not asked again */
	profile_release(&p);
	assert_int_equal(l.n_requests, 1);
	unsetenv("DEBUGINFOD_URLS");
	loopback_stop(&l);
}

/* A deleted file's name may be another program's by now: only its build id tells. */
static void test_deleted(void **state)
{
	char id[128];
	uint64_t page, at = outer_place("pie", &page, id);
	struct profile p;

	(void)state;
	make(&p, SAMPLE_DIR "/pie (deleted)", str_c(id), page, at);
	assert_true(text_is(names(&p), "sample_outer"));
	profile_release(&p);
	make(&p, SAMPLE_DIR "/pie (deleted)", STR(""), page, at);
	assert_true(text_is(names(&p), ""));
	profile_release(&p);
	make(&p, SAMPLE_DIR "/fixed (deleted)", str_c(id), page, at);
	assert_true(text_is(names(&p), ""));
	profile_release(&p);
}

/* The kernel's own library, when the profile is of the kernel that runs here. */
static void test_vdso(void **state)
{
	const union {
		uintptr_t address;
		const Elf64_Ehdr *image;
	} at = { getauxval(AT_SYSINFO_EHDR) };
	const struct object_symbol *v;
	struct object *o;
	struct profile p;
	char id[128];
	struct err e;
	size_t n, i = 0;

	(void)state;
	if (!at.address || !at.image->e_shoff ||
	    object_open_memory(&o, at.image,
		at.image->e_shoff + (size_t)at.image->e_shnum * at.image->e_shentsize,
		STR("[vdso]"), &e) != OK ||
	    !object_build_id(o).n) {
		printf("skipped: no vdso with a build id on this machine\n");
		return;
	}
	snprintf(id, sizeof id, "%.*s", STR_ARG(object_build_id(o)));
	assert_int_equal(object_symbols(o, &v, &n, &e), OK);
	while (i < n && (!v[i].is_text || !v[i].size))
		i++;
	assert_true(i < n);
	make(&p, "[vdso]", str_c(id), 0, v[i].address + 1);
	assert_true(names(&p).n > 0);
	assert_true(str_eq(first_name(&p), object_find_symbol(o, v[i].address + 1)->name));
	profile_release(&p);
	make(&p, "[vdso]", STR("0123456789abcdef0123456789abcdef01234567"), 0, v[i].address + 1);
	assert_true(text_is(names(&p), ""));
	profile_release(&p);
	object_close(o);
}

/* One place that two files had after each other: each location is named by its own mapping. */
static void test_overlapping(void **state)
{
	char id[128], other[128];
	uint64_t page, other_page;
	const uint64_t at = outer_place("pie", &page, id);
	const uint64_t other_at = outer_place("library.so", &other_page, other);
	struct mapping *m;
	struct location *l;
	struct profile p;

	(void)state;
	make(&p, SAMPLE_DIR "/pie", str_c(id), page, at);
	m = ARENA_ARRAY(&p.arena, struct mapping, 2);
	l = ARENA_ARRAY(&p.arena, struct location, 3);
	assert_true(m && l);
	m[0] = p.mappings[0];
	m[1] = (struct mapping){ .id = 2,
		.start = START,
		.limit = START + 0x1000,
		.offset = other_page,
		.file = profile_intern(&p, STR(SAMPLE_DIR "/library.so")),
		.build_id = profile_intern(&p, str_c(other)) };
	l[0] = (struct location){ .id = 1, .mapping = 1, .address = START + other_at };
	l[1] = (struct location){ .id = 2, .mapping = 0, .address = START + at };
	/* In front of the first function of the one, inside of the other or nowhere. */
	l[2] = (struct location){ .id = 3, .mapping = 1, .address = START + other_at + 1 };
	p.mappings = m;
	p.n_mappings = 2;
	p.locations = l;
	p.n_locations = 3;
	assert_true(text_is(names(&p), "sample_outer"));
	for (uint32_t i = 0; i < 3; i++) {
		const struct location *got = &p.locations[i];

		assert_true(got->n_lines > 0);
		assert_true(
		    text_is(profile_str(&p, p.functions[location_lines(&p, got)->function].name),
			"sample_outer"));
	}
	profile_release(&p);
}

static void test_explain(void **state)
{
	char id[128];
	uint64_t page, at = outer_place("pie", &page, id);
	struct buf out = { 0 };
	struct profile p;
	struct err e;

	(void)state;
	make(&p, SAMPLE_DIR "/fixed", str_c(id), page, at);
	assert_int_equal(symbolize_explain(&p, STR("/nowhere"), &ui, &out, &e), OK);
	assert_non_null(
	    strstr(buf_c(&out), "  binary /nowhere/fixed: no such file or directory\n"));
	assert_non_null(strstr(buf_c(&out), "  binary " SAMPLE_DIR "/fixed: build ID mismatch ("));
	assert_non_null(strstr(buf_c(&out), "  no binary: addresses stay addresses\n"));
	profile_release(&p);
	buf_clear(&out);
	make(&p, SAMPLE_DIR "/stripped", str_c(id), page, at);
	assert_int_equal(symbolize_explain(&p, STR(""), &ui, &out, &e), OK);
	assert_non_null(strstr(buf_c(&out), "  binary " SAMPLE_DIR "/stripped: taken\n"));
	assert_non_null(strstr(buf_c(&out), "  debug file " SAMPLE_DIR "/stripped.debug: taken\n"));
	profile_release(&p);
	buf_clear(&out);
	make(&p, "[vdso]", STR(""), page, at);
	assert_int_equal(symbolize_explain(&p, STR(""), &ui, &out, &e), OK);
	assert_non_null(strstr(buf_c(&out), "not looked up: the profile does not say"));
	profile_release(&p);
	buf_release(&out);
}

/* A file that is cut short after it was opened is damage, not the end of us. */
static void test_cut_short(void **state)
{
	char path[256];
	const struct object_frame *f;
	struct object *o;
	struct str code;
	struct err e;
	uint64_t at;
	uint32_t n;

	(void)state;
	for (int64_t size = 0; size < 16384; size += 1500) {
		snprintf(path, sizeof path, "%s/program", root);
		run("cp %s/pie %s", SAMPLE_DIR, path);
		assert_int_equal(object_open(&o, str_c(path), &e), OK);
		at = 0x1150;
		assert_int_equal(truncate(path, size), 0);
		if (object_frames(o, at, &f, &n, &e) == OK && n)
			assert_true(text_is(f[n - 1].function, "sample_inner"));
		(void)object_read(o, at, at + 16, &code);
		object_close(o);
	}
}

static void test_changed_source(void **state)
{
	char source[256];
	uint64_t page;
	char id[128];
	uint64_t at = outer_place("pie", &page, id);
	struct symbolizer *s;
	struct profile p;
	struct err e;

	(void)state;
	snprintf(source, sizeof source, "%s/sample.c", root);
	run("cp %s %s; touch -d '2001-01-01' %s", SAMPLE_C, source, source);
	make(&p, SAMPLE_DIR "/pie", str_c(id), page, at);
	assert_int_equal(symbolizer_new(&s, &e), OK);
	symbolizer_note_binaries(s, &p, &ui);
	symbolizer_check_source(s, str_c(source));
	assert_int_equal(said.n, 0);
	run("touch -d '2101-01-01' %s", source);
	symbolizer_check_source(s, str_c(source));
	symbolizer_check_source(s, str_c(source));
	assert_non_null(strstr(buf_c(&said), "sample.c was changed after the program was built"));
	assert_int_equal(str_find_char(buf_str(&said), '\n'), said.n - 1); /* once */
	symbolizer_free(s);
	profile_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cache, clear),
		cmocka_unit_test_setup(test_cache_is_used, clear),
		cmocka_unit_test_setup(test_cache_is_shared, clear),
		cmocka_unit_test_setup(test_cache_limits, clear),
		cmocka_unit_test_setup(test_perf_map, clear),
		cmocka_unit_test_setup(test_kallsyms, clear),
		cmocka_unit_test_setup(test_debuginfod, clear),
		cmocka_unit_test_setup(test_deleted, clear),
		cmocka_unit_test_setup(test_vdso, clear),
		cmocka_unit_test_setup(test_overlapping, clear),
		cmocka_unit_test_setup(test_explain, clear),
		cmocka_unit_test_setup(test_cut_short, clear),
		cmocka_unit_test_setup(test_changed_source, clear),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
