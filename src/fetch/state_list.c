/*
 * A directory of state files; see state_list.h. Called by grab.c, run.c and the driver. What is
 * hard: a process number means nothing by itself, as numbers are used again and every container has
 * its own, so files say when their process started and in which namespace and boot.
 */
#include "fetch/state_list.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/vec.h"
#include "core/statefmt.h"

#define SMALL_FILE ((size_t)64 << 10)

/* Where we are, for comparison with where a file is from. */
struct place {
	struct statefmt_head self; /* only boot_id and pid_namespace */
};

static void read_text(const char *path, char *out, size_t cap)
{
	struct buf b = { 0 };
	struct str text;
	struct err ignored;

	if (fs_read(str_c(path), SMALL_FILE, &b, &ignored) == OK) {
		text = str_trim(buf_str(&b));
		if (text.n < cap)
			memcpy(out, text.p, text.n);
	}
	buf_release(&b);
}

static void find_place(struct place *here)
{
	char text[64] = "";
	ssize_t n = readlink("/proc/self/ns/pid", text, sizeof text - 1);
	struct str digits;

	*here = (struct place){ 0 };
	read_text("/proc/sys/kernel/random/boot_id", here->self.boot_id, sizeof here->self.boot_id);
	digits = (struct str){ text, n > 0 ? (size_t)n : 0 };
	digits = str_skip(digits, 5); /* "pid:[" */
	if (digits.n)
		(void)str_to_u64(str_head(digits, digits.n - 1), 10, &here->self.pid_namespace);
}

/* When process `pid` started; 0 when there is none or nothing is known. */
static uint64_t start_ticks(uint32_t pid)
{
	char path[64];
	char text[1024] = "";
	uint64_t ticks;

	snprintf(path, sizeof path, "/proc/%" PRIu32 "/stat", pid);
	read_text(path, text, sizeof text);
	return statefmt_start_ticks(str_c(text), &ticks) ? ticks : 0;
}

static bool runs_program(const struct statefmt_head *h)
{
	char path[64];
	char program[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%" PRIu32 "/exe", h->pid);
	n = readlink(path, program, sizeof program);
	if (n <= 0 || (size_t)n >= sizeof program)
		return true; /* another user's */
	return str_is((struct str){ program, (size_t)n }, h->program);
}

static enum state_status status_of(const struct statefmt_head *h, const struct place *here)
{
	if (h->ended)
		return STATE_ENDED;
	if (!statefmt_may_run(h, &here->self))
		return STATE_GONE;
	if (!statefmt_same_namespace(h, &here->self))
		return STATE_UNKNOWN;
	if (kill((pid_t)h->pid, 0) != 0 && errno == ESRCH)
		return STATE_GONE;
	if (h->start_ticks && start_ticks(h->pid) != h->start_ticks)
		return STATE_GONE; /* somebody else has the number now */
	return runs_program(h) ? STATE_RUNNING : STATE_REPLACED;
}

static void sum_records(struct state_entry *entry, const struct statefmt *f)
{
	struct statefmt_row row;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < f->n_records; i++) {
		if (statefmt_record(f, i, &row) != STATEFMT_FOUND || row.v.alloc.samples == 0)
			continue;
		sum += row.v.alloc.bytes - row.v.freed.bytes;
		entry->n_records++;
	}
	entry->inuse_bytes = (int64_t)sum;
}

static void fill_entry(struct state_list *l, struct state_entry *entry, struct str path,
    const struct statefmt *f, const struct place *here)
{
	const struct statefmt_head *h = &f->head;
	struct stat st;

	*entry = (struct state_entry){
		.path = arena_str(&l->arena, path),
		.pid = h->pid,
		.program = arena_str(&l->arena, str_c(h->program)),
		.status = status_of(h, here),
		.start_ns = h->start_ns,
		.last_ns = statefmt_last_ns(h),
		.rate = h->rate,
	};
	sum_records(entry, f);
	if (entry->path.p && stat(entry->path.p, &st) == 0)
		entry->disk_bytes = (uint64_t)st.st_blocks * 512;
}

/* False when the file is none, or cannot be read. */
static bool read_entry(
    struct state_list *l, struct state_entry *entry, struct str path, const struct place *here)
{
	struct fs_map file;
	struct statefmt f;
	struct err ignored;
	bool good;

	if (fs_map_open(&file, path, &ignored) != OK)
		return false;
	good = statefmt_open(file.p, file.n, &f) == STATEFMT_OK;
	if (good)
		fill_entry(l, entry, path, &f, here);
	fs_map_close(&file);
	return good;
}

static int newest_first(const void *a, const void *b)
{
	const struct state_entry *x = a;
	const struct state_entry *y = b;

	if (x->last_ns != y->last_ns)
		return x->last_ns > y->last_ns ? -1 : 1;
	if (x->start_ns != y->start_ns)
		return x->start_ns > y->start_ns ? -1 : 1;
	return strcmp(x->path.p, y->path.p);
}

static MUST_USE enum err_code read_all(
    struct state_list *l, DIR *d, struct str directory, struct err *e)
{
	VEC(struct state_entry) entries = { 0 };
	struct buf path = { 0 };
	const struct dirent *item;
	struct place here;

	find_place(&here);
	while ((item = readdir(d))) {
		struct state_entry entry;
		uint32_t pid;

		if (!statefmt_file_name(str_c(item->d_name), &pid))
			continue;
		buf_clear(&path);
		buf_printf(&path, "%.*s%s%s", STR_ARG(directory),
		    str_ends(directory, STR("/")) ? "" : "/", item->d_name);
		if (read_entry(l, &entry, buf_str(&path), &here))
			(void)VEC_PUSH(&entries, entry);
	}
	buf_release(&path);
	if (entries.failed || arena_failed(&l->arena)) {
		VEC_RELEASE(&entries);
		return FAIL_NOMEM(e);
	}
	l->n = entries.n;
	l->entries = arena_adopt(&l->arena, entries.p);
	if (l->n && !l->entries)
		return FAIL_NOMEM(e);
	if (l->n)
		qsort(l->entries, l->n, sizeof *l->entries, newest_first);
	return OK;
}

enum err_code state_list_read(struct state_list *out, struct str directory, struct err *e)
{
	char name[PATH_MAX];
	enum err_code code;
	DIR *d;

	*out = (struct state_list){ 0 };
	if (!fs_path(name, directory))
		return FAIL_SYS(e, ENAMETOOLONG, "open %.*s", STR_ARG(directory));
	d = opendir(name);
	if (!d)
		return FAIL_SYS(e, errno, "open %.*s", STR_ARG(directory));
	code = read_all(out, d, directory, e);
	closedir(d);
	if (code != OK)
		state_list_release(out);
	return code;
}

void state_list_release(struct state_list *l)
{
	arena_release(&l->arena);
	*l = (struct state_list){ 0 };
}

/* Clocks are set back at times: nothing is younger than now. */
static int64_t age_s(const struct state_entry *entry, int64_t now_ns)
{
	return now_ns > entry->last_ns ? (now_ns - entry->last_ns) / 1000000000 : 0;
}

/* "12s", "5m", "3h", "2d" */
static void print_age(struct buf *out, int64_t seconds)
{
	char text[32];

	if (seconds < 120)
		snprintf(text, sizeof text, "%" PRId64 "s", seconds);
	else if (seconds < 120 * 60)
		snprintf(text, sizeof text, "%" PRId64 "m", seconds / 60);
	else if (seconds < 48 * 3600)
		snprintf(text, sizeof text, "%" PRId64 "h", seconds / 3600);
	else
		snprintf(text, sizeof text, "%" PRId64 "d", seconds / 86400);
	buf_printf(out, "%6s", text);
}

void state_list_print(const struct state_list *l, int64_t now_ns, struct buf *out)
{
	static const char *const words[] = {
		[STATE_RUNNING] = "running",
		[STATE_REPLACED] = "replaced",
		[STATE_ENDED] = "ended",
		[STATE_GONE] = "gone",
		[STATE_UNKNOWN] = "unknown",
	};

	BUF_LIT(out, "   pid  status    last sample  in use      file\n");
	for (size_t i = 0; i < l->n; i++) {
		const struct state_entry *entry = &l->entries[i];

		buf_printf(out, "%7" PRIu32 " %-9s ", entry->pid, words[entry->status]);
		print_age(out, age_s(entry, now_ns));
		buf_printf(out, " ago  %8.2fMB  %.*s  %.*s\n", (double)entry->inuse_bytes / 1048576,
		    STR_ARG(entry->path), STR_ARG(entry->program));
	}
}

static bool may_go(const struct state_entry *entry, int64_t now_ns, int64_t max_age_s)
{
	return (entry->status == STATE_ENDED || entry->status == STATE_GONE) &&
	       (now_ns - entry->last_ns) / 1000000000 >= max_age_s;
}

enum err_code state_list_expire(
    const struct state_list *l, int64_t now_ns, int64_t max_age_s, size_t *removed, struct err *e)
{
	*removed = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (!may_go(&l->entries[i], now_ns, max_age_s))
			continue;
		if (unlink(l->entries[i].path.p) != 0 && errno != ENOENT)
			return FAIL_SYS(e, errno, "remove %s", l->entries[i].path.p);
		++*removed;
	}
	return OK;
}

enum err_code state_list_newest(
    struct str *path, struct str directory, struct arena *arena, struct err *e)
{
	struct state_list l;

	TRY(state_list_read(&l, directory, e));
	if (l.n)
		*path = arena_str(arena, l.entries[0].path);
	state_list_release(&l);
	if (arena_failed(arena))
		return FAIL_NOMEM(e);
	if (!path->n)
		return FAIL(e, ERR_NOT_FOUND, "the directory holds no state file of libpprof");
	return OK;
}

enum err_code state_age(struct str text, int64_t *seconds, struct err *e)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	struct str digits = text;
	int64_t unit = 1;
	uint64_t n;

	for (size_t i = 0; text.n && i < sizeof units / sizeof units[0]; i++)
		if (text.p[text.n - 1] == units[i].letter) {
			unit = units[i].seconds;
			digits = str_head(text, text.n - 1);
		}
	if (!str_to_u64(digits, 10, &n) || n > (uint64_t)(INT64_MAX / 1000000000 / unit))
		return FAIL(e, ERR_USAGE,
		    "\"%.*s\" is no age: a number with s, m, h or d, such as 7d", STR_ARG(text));
	*seconds = (int64_t)n * unit;
	return OK;
}
