/*
 * Damaged DWARF: a small program's file is the seed, every function of it and a few odd addresses
 * are asked for frames. libdw decodes, our index walks what it gives.
 */
#include <stddef.h>
#include <stdint.h>

#include "object/dwarf.h"
#include "object/object.h"

/* Symbols asked, addresses asked per symbol. */
#define MAX_SYMBOLS    24
#define MAX_PER_SYMBOL 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(struct object *o, uint64_t address)
{
	const struct object_frame *f;
	struct err e;
	uint32_t n;
	volatile size_t sum = 0;

	if (object_frames(o, address, &f, &n, &e) != OK)
		return;
	/* Every text must be readable to its end. */
	for (uint32_t i = 0; i < n; i++) {
		for (size_t k = 0; k < f[i].function.n; k++)
			sum = sum + (unsigned char)f[i].function.p[k];
		for (size_t k = 0; k < f[i].file.n; k++)
			sum = sum + (unsigned char)f[i].file.p[k];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t odd[] = { 0, 1, 0x1000, 0x401000, UINT64_MAX };
	const struct object_symbol *v;
	struct object *o;
	struct err e;
	size_t n;

	if (object_open_memory(&o, data, size, STR("fuzz"), &e) != OK)
		return 0;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		ask(o, odd[i]);
	if (object_symbols(o, &v, &n, &e) == OK)
		for (size_t i = 0; i < n && i < MAX_SYMBOLS; i++)
			for (uint64_t k = 0; k < MAX_PER_SYMBOL; k++)
				ask(o, v[i].address + k * 3);
	object_close(o);
	return 0;
}
