/*
 * Writes one of the texts that are made from the tables to standard output: `pprof_texts man`. Run
 * at build time only, see CMakeLists.txt.
 */
#include <stdio.h>

#include "cli/manual.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(struct buf *out);
	} texts[] = {
		{ "man", manual_page },
		{ "bash", manual_bash },
		{ "zsh", manual_zsh },
		{ "fish", manual_fish },
	};
	struct buf out = { 0 };
	bool written;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (argc == 2 && str_is(str_c(argv[1]), texts[i].name))
			texts[i].print(&out);
	written = out.n > 0 && fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0;
	buf_release(&out);
	return written ? 0 : 2;
}
