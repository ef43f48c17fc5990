#include "symbolize/sym_map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fs.h"
#include "core/elfnote.h"

#define TEXT_MAX ((size_t)256 << 20)

bool sym_map_is_kernel(struct str file)
{
	return str_is(file, "[kernel.kallsyms]");
}

bool sym_map_is_jit(struct str file)
{
	const struct str head = STR("/tmp/perf-"), tail = STR(".map");
	struct str pid;

	if (!str_starts(file, head) || !str_ends(file, tail) || file.n <= head.n + tail.n)
		return false;
	pid = str_skip(str_head(file, file.n - tail.n), head.n);
	for (size_t i = 0; i < pid.n; i++)
		if (pid.p[i] < '0' || pid.p[i] > '9')
			return false;
	return true;
}

void sym_map_release(struct sym_map *m)
{
	VEC_RELEASE(&m->v);
	alloc_put((void *)(uintptr_t)m->text.p);
	*m = (struct sym_map){ 0 };
}

static bool take_hex(struct str *line, uint64_t *v)
{
	size_t space = str_find_char(*line, ' ');
	struct str word = space == STR_NPOS ? *line : str_head(*line, space);

	if (str_starts(word, STR("0x")))
		word = str_skip(word, 2);
	if (space == STR_NPOS || !str_to_u64(word, 16, v))
		return false;
	*line = str_skip(*line, space + 1);
	return true;
}

/* "ffffffff81000000 T _text", or "… t name\t[module]"; the end is where the next begins. */
static bool parse_kernel(struct str line, struct sym_map_entry *out)
{
	size_t tab;

	if (!take_hex(&line, &out->start) || line.n < 3 || line.p[1] != ' ')
		return false;
	if (line.p[0] != 't' && line.p[0] != 'T' && line.p[0] != 'w' && line.p[0] != 'W')
		return false;
	out->name = str_skip(line, 2);
	tab = str_find_char(out->name, '\t');
	if (tab != STR_NPOS)
		out->name = str_head(out->name, tab);
	out->end = UINT64_MAX;
	return out->start != 0;
}

static bool parse_jit(struct str line, struct sym_map_entry *out)
{
	uint64_t size;

	if (!take_hex(&line, &out->start) || !take_hex(&line, &size))
		return false;
	out->end = size > UINT64_MAX - out->start ? UINT64_MAX : out->start + size;
	out->name = str_trim(line);
	return out->name.n > 0;
}

/* Equal starts keep the file's order: a JIT's later entry replaces an earlier one. */
static int by_start(const void *x, const void *y)
{
	const struct sym_map_entry *a = x, *b = y;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->name.p < b->name.p ? -1 : a->name.p > b->name.p;
}

enum err_code sym_map_parse(struct sym_map *m, struct str taken, bool kernel, struct err *e)
{
	struct str rest = taken, line;

	*m = (struct sym_map){ .text = taken };
	while (rest.n > 0 && str_split(&rest, '\n', &line)) {
		struct sym_map_entry entry;

		if ((kernel ? parse_kernel : parse_jit)(line, &entry) && !VEC_PUSH(&m->v, entry))
			break;
	}
	if (m->v.failed) {
		sym_map_release(m);
		return FAIL_NOMEM(e);
	}
	if (m->v.n)
		qsort(m->v.p, m->v.n, sizeof *m->v.p, by_start);
	for (size_t i = 0; i + 1 < m->v.n; i++)
		if (m->v.p[i].end > m->v.p[i + 1].start && m->v.p[i + 1].start > m->v.p[i].start)
			m->v.p[i].end = m->v.p[i + 1].start;
	return OK;
}

struct str sym_map_find(const struct sym_map *m, uint64_t address)
{
	size_t low = 0, high = m->v.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->v.p[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= m->v.p[low - 1].end)
		return STR("");
	return m->v.p[low - 1].name;
}

/* The running kernel's build id as hexadecimal digits; "" when it does not tell. */
static MUST_USE enum err_code running_build_id(struct buf *out, struct err *e)
{
	struct buf notes = { 0 };
	enum err_code code = fs_read(STR("/sys/kernel/notes"), 1 << 20, &notes, e);
	char digits[2 * ELFNOTE_MAX_BUILD_ID + 1];
	struct str id;

	if (code == OK && elfnote_build_id(buf_str(&notes), 4, &id))
		buf_add(out, digits, elfnote_hex(id, digits, sizeof digits));
	buf_release(&notes);
	return buf_failed(out) ? FAIL_NOMEM(e) : code;
}

static MUST_USE enum err_code check_kernel(struct str build_id, struct err *e)
{
	struct buf running = { 0 };
	enum err_code code = running_build_id(&running, e);

	if (code == OK && (build_id.n == 0 || !str_eq(build_id, buf_str(&running))))
		code = FAIL(e, ERR_UNSUPPORTED, "not of the kernel that runs here");
	buf_release(&running);
	return code;
}

/* /tmp is everybody's: names are taken from the user's own files and root's only. */
static MUST_USE enum err_code check_owner(struct str file, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;

	if (!fs_path(path, file) || lstat(path, &st) != 0)
		return FAIL(e, ERR_NOT_FOUND, "no file %.*s", STR_ARG(file));
	if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()))
		return FAIL(e, ERR_NOT_FOUND, "%.*s belongs to another user", STR_ARG(file));
	return OK;
}

enum err_code sym_map_load(struct sym_map *m, struct str file, struct str build_id, struct err *e)
{
	const bool kernel = sym_map_is_kernel(file);
	struct buf text = { 0 };
	enum err_code code;

	*m = (struct sym_map){ 0 };
	TRY(kernel ? check_kernel(build_id, e) : check_owner(file, e));
	code = fs_read(kernel ? STR("/proc/kallsyms") : file, TEXT_MAX, &text, e);
	if (code != OK) {
		buf_release(&text);
		return code;
	}
	TRY(sym_map_parse(m, buf_str(&text), kernel, e));
	if (m->v.n > 0)
		return OK;
	sym_map_release(m);
	return FAIL(e, ERR_NOT_FOUND,
	    kernel ? "names are hidden, see /proc/sys/kernel/kptr_restrict" : "no names in it");
}
