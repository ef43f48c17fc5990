/*
 * The files of the symbol cache, see sym_cache.h. Called by sym_local.c. What is hard: nothing in a
 * file is trusted (its writer may have died, or be another version), so every index and length is
 * checked before a table is used; and the folder is bounded, oldest use first.
 */
#include "symbolize/sym_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/large.h"
#include "core/hash.h"

/* "PPRFMYS4": byte order and version in one; another one when demangling changes. */
#define MAGIC         0x3453594d46525050u
#define DEFAULT_LIMIT 256 /* MB */
#define MAX_FILE      ((size_t)64 << 20)
#define MAX_ENTRIES   65536 /* of the folder that are looked at */
/* A temporary file of a writer that died is removed after so many seconds. */
#define STALE_S       3600

struct header {
	uint64_t magic;
	uint64_t checksum; /* of the five parts behind the header */
	uint64_t n_places, n_functions, n_frames, n_texts, text_size;
};

static struct str cache_folder(struct arena *a)
{
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (base && base[0] == '/')
		return arena_printf(a, "%s/pprof/symbols", base);
	if (home && home[0] == '/')
		return arena_printf(a, "%s/.cache/pprof/symbols", home);
	return STR("");
}

struct sym_cache sym_cache_of(struct object *o, struct arena *a)
{
	struct sym_cache c = { .folder = STR(""), .path = STR("") };
	struct str id = object_build_id(o);
	const uint64_t identity = object_names_identity(o);
	const char *limit = getenv("PPROF_SYMBOL_CACHE");
	uint64_t megabytes = DEFAULT_LIMIT;

	if (limit && !str_to_u64(str_c(limit), 10, &megabytes))
		megabytes = DEFAULT_LIMIT;
	if (!megabytes || megabytes > UINT32_MAX || id.n < 16 || !identity)
		return c;
	c.limit = megabytes << 20;
	c.folder = cache_folder(a);
	c.path = arena_printf(a, "%.*s/%.*s-%016llx.sym", STR_ARG(c.folder), STR_ARG(id),
	    (unsigned long long)identity);
	if (!c.folder.n || arena_failed(a))
		c.folder = STR("");
	return c;
}

/* Takes n elements of size bytes from the front of *rest; false when there are fewer. */
static bool take(struct str *rest, uint64_t n, size_t size, struct str *out)
{
	if (n > rest->n / size)
		return false;
	*out = str_head(*rest, (size_t)n * size);
	*rest = str_skip(*rest, (size_t)n * size);
	return true;
}

static struct str text_of(const struct sym_cache_bytes *b, uint32_t text)
{
	return (struct str){ b->text.p + b->texts[text].at, b->texts[text].n };
}

bool sym_cache_add_functions(const struct sym_cache_bytes *b, struct frame_set *s)
{
	if (!VEC_RESERVE(&s->functions, b->n_functions))
		return false;
	for (size_t i = 0; i < b->n_functions; i++) {
		const struct sym_cache_function *f = &b->functions[i];
		struct frame_function g = { text_of(b, f->name), text_of(b, f->file), f->start_line,
			{ NULL, 0 } };

		if (f->readable != SYM_CACHE_NOT_MADE)
			g.readable = text_of(b, f->readable);
		(void)VEC_PUSH(&s->functions, g);
	}
	return true;
}

static bool are_sound_functions(const struct sym_cache_bytes *b)
{
	for (size_t i = 0; i < b->n_texts; i++)
		if (b->texts[i].at > b->text.n || b->texts[i].n > b->text.n - b->texts[i].at)
			return false;
	for (size_t i = 0; i < b->n_functions; i++) {
		const struct sym_cache_function *f = &b->functions[i];

		if (f->name >= b->n_texts || f->file >= b->n_texts ||
		    (f->readable >= b->n_texts && f->readable != SYM_CACHE_NOT_MADE))
			return false;
	}
	return true;
}

static bool are_sound(const struct frame_set *s, const struct sym_cache_bytes *b)
{
	for (size_t i = 0; i < s->places.n; i++) {
		const struct frame_place *p = &s->places.p[i];

		if (p->first > s->frames.n || p->n > s->frames.n - p->first ||
		    p->n > OBJECT_MAX_FRAMES || (i && p->address <= p[-1].address))
			return false;
	}
	for (size_t i = 0; i < s->frames.n; i++)
		if (s->frames.p[i].function >= b->n_functions)
			return false;
	return are_sound_functions(b);
}

/* What follows the header, in its order. */
struct parts {
	struct str places, functions, texts, frames, text;
};

static uint64_t checksum(const struct parts *p)
{
	const struct str all[] = { p->places, p->functions, p->texts, p->frames, p->text };
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		sum = hash_mix(sum, hash_bytes(all[i].p, all[i].n));
	return sum;
}

/* False when the file is damaged. Tables are used where they lie: malloc has aligned the block. */
static bool decode(struct frame_set *s, const struct header *h, struct sym_cache_bytes *b)
{
	struct str rest = buf_str(&b->tables);
	struct parts p = { .text = buf_str(&b->text) };
	void *places = b->tables.p, *frames;

	if (!take(&rest, h->n_places, sizeof *s->places.p, &p.places) ||
	    !take(&rest, h->n_functions, sizeof *b->functions, &p.functions) ||
	    !take(&rest, h->n_texts, sizeof *b->texts, &p.texts) ||
	    !take(&rest, h->n_frames, sizeof *s->frames.p, &p.frames) || rest.n ||
	    checksum(&p) != h->checksum)
		return false;
	b->functions = (const void *)p.functions.p;
	b->n_functions = (size_t)h->n_functions;
	b->texts = (const void *)p.texts.p;
	b->n_texts = (size_t)h->n_texts;
	frames = b->tables.p + (b->tables.n - p.frames.n);
	frame_set_borrow(s, places, (size_t)h->n_places, frames, (size_t)h->n_frames);
	return are_sound(s, b);
}

/* Appends n bytes of a file; false when it has fewer, or memory is short. */
static bool read_part(int fd, size_t n, struct buf *out)
{
	buf_expect_large(out, n + 1);
	if (!buf_reserve(out, n + 1))
		return false;
	while (out->n < n) {
		const ssize_t got = fs_read_some(fd, out->p + out->n, n - out->n);

		if (got <= 0)
			return false;
		out->n += (size_t)got;
	}
	return true;
}

static bool read_file(int fd, struct frame_set *s, struct sym_cache_bytes *bytes)
{
	const size_t size = fs_size(fd);
	struct header h;

	buf_clear(&bytes->tables);
	buf_clear(&bytes->text);
	return size > sizeof h && size <= MAX_FILE && fs_read_some(fd, &h, sizeof h) == sizeof h &&
	       h.magic == MAGIC && h.text_size <= size - sizeof h &&
	       read_part(fd, size - sizeof h - (size_t)h.text_size, &bytes->tables) &&
	       read_part(fd, (size_t)h.text_size, &bytes->text) && decode(s, &h, bytes);
}

void sym_cache_bytes_release(struct sym_cache_bytes *bytes)
{
	buf_release(&bytes->tables);
	buf_release(&bytes->text);
	*bytes = (struct sym_cache_bytes){ 0 };
}

bool sym_cache_load(const struct sym_cache *c, struct frame_set *s, struct sym_cache_bytes *bytes)
{
	struct err e;
	bool failed, is_sound;
	int fd;

	if (!c->folder.n)
		return true;
	if (fs_open(&fd, c->path, &e) != OK)
		return e.code != ERR_NOMEM;
	is_sound = read_file(fd, s, bytes);
	close(fd);
	if (is_sound)
		/* Says that it is in use to the one who removes the oldest. */
		(void)utimensat(AT_FDCWD, c->path.p, NULL, 0);
	failed = buf_failed(&bytes->tables) || buf_failed(&bytes->text);
	if (!is_sound) {
		frame_set_release(s);
		sym_cache_bytes_release(bytes);
	}
	return !failed;
}

/* Texts that are written, each once. */
struct texts {
	struct buf bytes;
	struct map map;
	VEC(struct str) v;
	VEC(struct text_span) spans;
};

static bool same_text(const void *ctx, uint32_t index, const void *key)
{
	const struct texts *t = ctx;

	return str_eq(t->v.p[index], *(const struct str *)key);
}

static uint32_t text_index(struct texts *t, struct str s)
{
	const uint32_t fresh = (uint32_t)t->v.n;
	const struct text_span span = { (uint32_t)t->bytes.n, (uint32_t)s.n };
	uint32_t i;

	/* Room first: an index that is in the map must be one of the tables'. */
	if (!VEC_RESERVE(&t->v, 1) || !VEC_RESERVE(&t->spans, 1))
		return 0;
	i = map_intern(&t->map, hash_bytes(s.p, s.n), same_text, t, &s, fresh);
	if (i == fresh) {
		(void)VEC_PUSH(&t->v, s);
		(void)VEC_PUSH(&t->spans, span);
		buf_add_str(&t->bytes, s);
	}
	return i;
}

/* Functions as they are written, and their texts; false when memory is short or they are too many.
 */
static bool store_functions(const struct frame_set *s, struct texts *t, struct buf *out)
{
	size_t n = 0;

	/* Room at once: growing step by step would copy it all. */
	for (size_t i = 0; i < s->functions.n; i++)
		n += s->functions.p[i].name.n + s->functions.p[i].readable.n;
	(void)buf_reserve(&t->bytes, n);
	(void)buf_reserve(out, s->functions.n * sizeof(struct sym_cache_function));
	for (size_t i = 0; i < s->functions.n && t->bytes.n < MAX_FILE; i++) {
		const struct frame_function *f = &s->functions.p[i];
		const struct sym_cache_function stored = { .name = text_index(t, f->name),
			.file = text_index(t, f->file),
			.readable = f->readable.p ? text_index(t, f->readable) : SYM_CACHE_NOT_MADE,
			.start_line = f->start_line };

		buf_add(out, &stored, sizeof stored);
	}
	return !buf_failed(out) && !buf_failed(&t->bytes) && !t->v.failed && !t->spans.failed &&
	       !t->map.failed && t->bytes.n < MAX_FILE;
}

/* Writes the file from where its parts lie: a copy of them would be the peak of memory. */
static MUST_USE enum err_code write_file(const struct sym_cache *c, const struct frame_set *s,
    struct str functions, const struct texts *t, struct err *e)
{
	const struct parts p = { { (const char *)s->places.p, s->places.n * sizeof *s->places.p },
		functions, { (const char *)t->spans.p, t->spans.n * sizeof *t->spans.p },
		{ (const char *)s->frames.p, s->frames.n * sizeof *s->frames.p },
		buf_str(&t->bytes) };
	const struct header h = { MAGIC, checksum(&p), s->places.n, s->functions.n, s->frames.n,
		t->spans.n, t->bytes.n };
	const struct str all[] = { { (const char *)&h, sizeof h }, p.places, p.functions, p.texts,
		p.frames, p.text };
	size_t size = 0;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		size += all[i].n;
	if (size > MAX_FILE)
		return FAIL(e, ERR_LIMIT, "too many names to be kept");
	return fs_replace_parts(c->path, all, sizeof all / sizeof *all, e);
}

struct entry {
	char name[NAME_MAX + 1];
	uint64_t size;
	struct timespec used;
};

static int by_use(const void *x, const void *y)
{
	const struct entry *a = x;
	const struct entry *b = y;

	if (a->used.tv_sec != b->used.tv_sec)
		return a->used.tv_sec < b->used.tv_sec ? -1 : 1;
	return (a->used.tv_nsec > b->used.tv_nsec) - (a->used.tv_nsec < b->used.tv_nsec);
}

/* Names that the cache itself gave: nothing else in the folder is touched. */
static bool is_whole(const char *name)
{
	return str_ends(str_c(name), STR(".sym"));
}

/* What fs_replace has not finished. */
static bool is_part(const char *name)
{
	return str_find(str_c(name), STR(".sym.")) != STR_NPOS;
}

/* Removes those used longest ago until the folder is within its limit. */
static void bound_folder(const struct sym_cache *c)
{
	VEC(struct entry) v = { 0 };
	struct timespec now;
	uint64_t sum = 0;
	struct dirent *d;
	DIR *dir = opendir(c->folder.p);

	clock_gettime(CLOCK_REALTIME, &now);
	while (dir && v.n < MAX_ENTRIES && (d = readdir(dir))) {
		struct entry entry = { .size = 0 };
		struct stat st;

		if ((!is_whole(d->d_name) && !is_part(d->d_name)) ||
		    fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		snprintf(entry.name, sizeof entry.name, "%s", d->d_name);
		entry.size = (uint64_t)st.st_size;
		entry.used = st.st_mtim;
		sum += entry.size;
		if (is_part(entry.name) && now.tv_sec - st.st_mtim.tv_sec > STALE_S)
			unlinkat(dirfd(dir), entry.name, 0);
		else if (is_whole(entry.name))
			(void)VEC_PUSH(&v, entry);
	}
	if (sum > c->limit && v.n)
		qsort(v.p, v.n, sizeof *v.p, by_use);
	for (size_t i = 0; dir && i < v.n && sum > c->limit; i++) {
		if (unlinkat(dirfd(dir), v.p[i].name, 0) == 0)
			sum -= v.p[i].size;
	}
	if (dir)
		closedir(dir);
	VEC_RELEASE(&v);
}

void sym_cache_save(const struct sym_cache *c, const struct frame_set *s)
{
	struct buf functions = { 0 };
	struct texts t = { 0 };
	struct err e;

	if (c->folder.n && fs_make_dirs(c->folder, &e) == OK &&
	    store_functions(s, &t, &functions) &&
	    write_file(c, s, buf_str(&functions), &t, &e) == OK)
		bound_folder(c);
	buf_release(&functions);
	buf_release(&t.bytes);
	map_release(&t.map);
	VEC_RELEASE(&t.v);
	VEC_RELEASE(&t.spans);
}
