/*
 * How much of a library's code the compact rules describe, by bytes, and what decoding costs:
 *
 *	bench_rules LIBRARY.so…
 *
 * Each library is loaded; each byte that its .eh_frame_hdr covers is looked up as if it were
 * interrupted there.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "unwind/rule.h"

struct tally {
	uint64_t bytes[16]; /* by rule kind */
	uint64_t all;
	uint64_t none; /* without a valid row */
	uint32_t functions;
	double ns;
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void count_function(const struct unwind_module *module, uintptr_t pc, struct tally *t)
{
	const uint8_t *at = cfi_find_fde(module, pc);
	struct cfi_fde fde;
	struct cfi_row row;

	if (!at || !cfi_parse_fde(module, at, &fde))
		return;
	t->functions++;
	for (pc = fde.start; pc < fde.end; pc++) {
		bool found = cfi_row_at(module, pc, &row);

		t->all++;
		if (found)
			t->bytes[rule_kind(rule_from_row(&row))]++;
		else
			t->none++;
	}
}

/* Table of pairs of 32-bit offsets after a 12-byte header, as linkers write it. */
static void count_module(const struct unwind_module *module, struct tally *t)
{
	const uint8_t *hdr = module->eh_frame_hdr;
	double start = now_ns();
	uint32_t count;
	int32_t offset;

	memcpy(&count, hdr + 8, 4);
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&offset, hdr + 12 + i * 8, 4);
		count_function(module, (uintptr_t)hdr + (uintptr_t)(intptr_t)offset, t);
	}
	t->ns = now_ns() - start;
}

static void print_tally(const char *name, const struct tally *t)
{
	static const enum rule_kind kinds[] = { RULE_SP, RULE_BP, RULE_PLT, RULE_DEREF_BP,
		RULE_DEREF_SP, RULE_END, RULE_SIGNAL, RULE_OTHER };

	printf("%-24.24s %8u", name, t->functions);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		printf(" %8.4f", 100.0 * (double)t->bytes[kinds[i]] / (double)t->all);
	printf(" %8.4f %6.0f\n", 100.0 * (double)t->none / (double)t->all, t->ns / (double)t->all);
}

static void measure(const char *path)
{
	void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	struct tally tally = { .all = 0 };
	struct unwind_module module = { 0 };
	struct dl_find_object found;
	struct link_map *map;
	const char *name = strrchr(path, '/');

	if (!library || dlinfo(library, RTLD_DI_LINKMAP, &map) != 0 ||
	    _dl_find_object(map->l_ld, &found) != 0 || !found.dlfo_eh_frame) {
		fprintf(stderr, "%s: cannot be loaded\n", path);
		return;
	}
	module.eh_frame_hdr = found.dlfo_eh_frame;
	module.readable_start = found.dlfo_map_start;
	module.readable_end = found.dlfo_map_end;
	count_module(&module, &tally);
	print_tally(name ? name + 1 : path, &tally);
}

int main(int argc, char **argv)
{
	printf("%% of bytes\n%-24s %8s %8s %8s %8s %8s %8s %8s %8s %8s %8s %6s\n", "library",
	    "records", "sp", "bp", "plt", "*bp", "*sp", "end", "signal", "other", "none", "ns");
	for (int i = 1; i < argc; i++)
		measure(argv[i]);
	return 0;
}
