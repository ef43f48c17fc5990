/* A damaged or hostile ELF file through everything that needs no DWARF. */
#include <stddef.h>
#include <stdint.h>

#include "object/disasm.h"
#include "object/object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool every_eighth(void *ctx, struct str name)
{
	(void)ctx;
	return name.n % 8 == 0;
}

static void ask(struct object *o)
{
	struct object_mapping m = { 0x401000, 0x402000, 0x1000, STR("") };
	const struct object_symbol *v;
	struct object_instruction *code;
	struct object_range *ranges;
	struct arena a = { 0 };
	struct err e;
	uint32_t n_code, n_ranges;
	uint64_t base;
	size_t n;

	(void)object_needs(o, STR("lib"));
	if (object_base(o, &m, 0x401145, &base, &e) == OK)
		(void)object_find_symbol(o, 0x401145 - base);
	m.offset = 0x123;
	if (object_base(o, &m, 0x401145, &base, &e) == OK)
		(void)object_nearest_symbol(o, 0x401145 - base);
	if (object_symbols(o, &v, &n, &e) == OK && n) {
		uint64_t start = v[n / 2].address;

		if (object_disassemble(o, start, start + 64, start & 1, &a, &code, &n_code, &e) ==
			OK &&
		    n_code)
			(void)object_find_symbol(o, code[n_code - 1].address);
	}
	if (object_match_symbols(o, every_eighth, NULL, 0x1234, &a, &ranges, &n_ranges, &e) != OK)
		n_ranges = 0;
	arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct object *o;
	struct err e;

	if (object_open_memory(&o, data, size, STR("fuzz"), &e) != OK)
		return 0;
	ask(o);
	object_close(o);
	return 0;
}
