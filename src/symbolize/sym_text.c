/* Symbols from text files, see sym_text.h. Called by sym_special.c. */
#include "symbolize/sym_text.h"

#include <stdlib.h>

#include "base/fs.h"

#define MAX_BYTES   ((size_t)256 << 20)
#define MAX_SYMBOLS (1u << 22)

void sym_text_release(struct sym_text *t)
{
	VEC_RELEASE(&t->v);
	buf_release(&t->bytes);
}

bool sym_text_is_perf_map(struct str file)
{
	const struct str base = fs_base(file);
	uint64_t pid;

	return str_starts(base, STR("perf-")) && str_ends(base, STR(".map")) && base.n > 9 &&
	       str_to_u64((struct str){ base.p + 5, base.n - 9 }, 10, &pid);
}

/* Stable: entries that are equal stay as they were written. */
static int by_start(const void *x, const void *y)
{
	const struct sym_text_entry *a = x;
	const struct sym_text_entry *b = y;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->name.p > b->name.p) - (a->name.p < b->name.p);
}

static bool take_number(struct str *line, uint64_t *v)
{
	struct str word;

	return line->n && str_split(line, ' ', &word) && str_to_u64(word, 16, v);
}

static void add_perf_line(struct sym_text *t, struct str line)
{
	struct sym_text_entry entry;
	uint64_t size;

	if (!take_number(&line, &entry.start) || !take_number(&line, &size) || !line.n || !size ||
	    entry.start > UINT64_MAX - size)
		return;
	entry.end = entry.start + size;
	entry.name = line;
	(void)VEC_PUSH(&t->v, entry);
}

static void add_kernel_line(struct sym_text *t, struct str line)
{
	struct sym_text_entry entry = { .end = UINT64_MAX };
	struct str kind;
	size_t tab;

	if (!take_number(&line, &entry.start) || !entry.start || !str_split(&line, ' ', &kind) ||
	    kind.n != 1 || !strchr("tTwW", kind.p[0]))
		return;
	tab = str_find_char(line, '\t');
	entry.name = tab == STR_NPOS ? line : str_head(line, tab);
	(void)VEC_PUSH(&t->v, entry);
}

static MUST_USE enum err_code read_lines(struct sym_text *t, struct str path,
    void (*add)(struct sym_text *t, struct str line), struct err *e)
{
	struct str rest, line;

	TRY(fs_read(path, MAX_BYTES, &t->bytes, e));
	rest = buf_str(&t->bytes);
	while (rest.n && t->v.n < MAX_SYMBOLS && str_split(&rest, '\n', &line))
		add(t, line);
	if (t->v.failed)
		return FAIL_NOMEM(e);
	if (t->v.n)
		qsort(t->v.p, t->v.n, sizeof *t->v.p, by_start);
	return OK;
}

enum err_code sym_text_read_perf_map(struct sym_text *t, struct str path, struct err *e)
{
	return read_lines(t, path, add_perf_line, e);
}

enum err_code sym_text_read_kallsyms(struct sym_text *t, struct str path, struct err *e)
{
	TRY(read_lines(t, path, add_kernel_line, e));
	if (!t->v.n)
		return FAIL(
		    e, ERR_UNSUPPORTED, "%.*s shows no addresses to this user", STR_ARG(path));
	for (size_t i = 0; i + 1 < t->v.n; i++)
		t->v.p[i].end = t->v.p[i + 1].start;
	return OK;
}

struct str sym_text_find(const struct sym_text *t, uint64_t address)
{
	size_t low = 0;
	size_t high = t->v.n;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (t->v.p[mid].start <= address)
			low = mid + 1;
		else
			high = mid;
	}
	/* The kernel has several names at one address: each but the last ends where it begins. */
	return low && address < t->v.p[low - 1].end ? t->v.p[low - 1].name : STR("");
}
