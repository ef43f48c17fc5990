/* See history_file.h. Called by lineedit.c. */
#include "shell/history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"

/* What libedit's own files begin with: it reads no other. */
#define FIRST_LINE "_HiStOrY_V2_\n"
#define MAX_FILE   ((size_t)16 << 20)

struct str history_file_path(struct arena *arena)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	struct str dir = { "", 0 };

	if (state && *state) {
		dir = arena_printf(arena, "%s", state);
	} else if (home && *home) {
		dir = arena_printf(arena, "%s/.local", home);
		if (dir.p)
			mkdir(dir.p, 0700);
		dir = arena_printf(arena, "%s/.local/state", home);
	}
	if (!dir.p || dir.n == 0)
		return STR("");
	mkdir(dir.p, 0700);
	dir = arena_printf(arena, "%s/pprof", dir.p);
	if (!dir.p || (mkdir(dir.p, 0700) != 0 && errno != EEXIST))
		return STR("");
	return arena_printf(arena, "%s/history", dir.p);
}

/* As strvis(3) with VIS_WHITE, which is what libedit undoes when it loads a file. */
static void encode(struct str line, struct buf *out)
{
	for (size_t i = 0; i < line.n; i++) {
		const unsigned char c = (unsigned char)line.p[i];

		if (c > ' ' && c < 0x7f && c != '\\')
			buf_char(out, (char)c);
		else
			buf_printf(out, "\\%03o", c);
	}
	buf_char(out, '\n');
}

void history_file_add(struct str path, struct str line)
{
	struct buf text = { 0 };
	struct stat st;
	const int fd = open(path.p, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size == 0)
		buf_add_str(&text, STR(FIRST_LINE));
	encode(line, &text);
	/* One write: lines of two shells do not mix. */
	if (!buf_failed(&text))
		(void)!write(fd, text.p, text.n);
	buf_release(&text);
	close(fd);
}

bool history_file_is_longer(struct str path, size_t n)
{
	struct buf text = { 0 };
	size_t lines = 0;
	struct err e;

	if (fs_read(path, MAX_FILE, &text, &e) == OK)
		for (size_t i = 0; i < text.n; i++)
			lines += text.p[i] == '\n';
	else if (e.code == ERR_LIMIT)
		lines = SIZE_MAX;
	buf_release(&text);
	return lines > n + 1; /* with the first */
}
