/*
 * Lines of /proc/PID/maps of any bytes: what parses is consistent, borrows from the line, and
 * parses to the same from text made of the result.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/elfnote.h"
#include "core/maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void check_again(const struct maps_line *l)
{
	struct maps_line again;
	char text[256];
	int n = snprintf(text, sizeof(text),
	    "%" PRIx64 "-%" PRIx64 " %c%c%c%c %" PRIx64 " %x:%x %" PRIu64, l->start, l->end,
	    l->readable ? 'r' : '-', l->writable ? 'w' : '-', l->executable ? 'x' : '-',
	    l->is_shared ? 's' : 'p', l->offset, l->dev_major, l->dev_minor, l->inode);

	require(maps_parse_line((struct str){ text, (size_t)n }, &again), "parses again");
	require(again.start == l->start && again.end == l->end && again.offset == l->offset &&
		    again.dev_major == l->dev_major && again.dev_minor == l->dev_minor &&
		    again.inode == l->inode && again.executable == l->executable,
	    "same again");
}

static void check_build_id(struct str input)
{
	struct str id;
	char hex[2 * ELFNOTE_MAX_BUILD_ID + 1];

	for (size_t align = 4; align <= 8; align += 4)
		if (elfnote_build_id(input, align, &id))
			require(elfnote_hex(id, hex, sizeof(hex)) == 2 * id.n, "id fits");
	if (elfnote_build_id_mapped(input, &id))
		require(elfnote_hex(id, hex, sizeof(hex)) == 2 * id.n, "mapped id fits");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = { (const char *)data, size };
	struct maps_line line;
	bool deleted;

	check_build_id(input);
	if (!maps_parse_line(input, &line))
		return 0;
	require(line.start < line.end, "start below end");
	require(line.path.p >= input.p && line.path.p + line.path.n <= input.p + input.n,
	    "path in line");
	require(maps_path(&line, &deleted).n + (deleted ? 10 : 0) == line.path.n, "mark");
	check_again(&line);
	return 0;
}
