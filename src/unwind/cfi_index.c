/* .eh_frame_hdr: the linker's sorted table from code addresses to frame descriptions. */
#include "unwind/cfi.h"

/* Version 1 with a table of pairs of 32-bit offsets from the header: what every linker writes. */
#define HDR_VERSION   1
#define HDR_TABLE_ENC 0x3b

static int32_t table_offset(const uint8_t *table, size_t i, size_t field)
{
	int32_t v;

	memcpy(&v, table + i * 8 + field * 4, 4);
	return v;
}

static struct cfi_reader header_reader(const struct unwind_module *module)
{
	const uint8_t *hdr = module->eh_frame_hdr;
	size_t size;

	if (!hdr || hdr < module->readable_start || hdr >= module->readable_end)
		return (struct cfi_reader){ NULL, NULL, true };
	size = (size_t)(module->readable_end - hdr);
	if (module->eh_frame_hdr_size && module->eh_frame_hdr_size < size)
		size = module->eh_frame_hdr_size;
	return (struct cfi_reader){ hdr, hdr + size, false };
}

/* The table and its number of entries; NULL when the header is not as expected. */
static const uint8_t *find_table(const struct unwind_module *module, size_t *count)
{
	struct cfi_reader r = header_reader(module);
	uintptr_t base = (uintptr_t)module->eh_frame_hdr + module->delta;
	uint8_t version = cfi_u8(&r);
	uint8_t frame_encoding = cfi_u8(&r);
	uint8_t count_encoding = cfi_u8(&r);
	uint8_t table_encoding = cfi_u8(&r);

	if (r.bad || version != HDR_VERSION || table_encoding != HDR_TABLE_ENC)
		return NULL;
	cfi_pointer(&r, frame_encoding, module->delta, base);
	*count = cfi_pointer(&r, count_encoding, module->delta, base);
	if (r.bad || *count == 0 || *count > cfi_left(&r) / 8)
		return NULL;
	return r.p;
}

static const uint8_t *record_at(
    const struct unwind_module *module, const uint8_t *table, size_t number)
{
	int64_t at = module->eh_frame_hdr - module->readable_start + table_offset(table, number, 1);

	if (at < 0 || at >= module->readable_end - module->readable_start)
		return NULL;
	return module->readable_start + at;
}

/* The last entry that begins at pc or before it; false when there is none. */
static bool search(const struct unwind_module *module, const uint8_t *table, size_t count,
    uintptr_t pc, size_t *number)
{
	int64_t rel = (int64_t)(pc - ((uintptr_t)module->eh_frame_hdr + module->delta));
	size_t low = 0;

	if (!table || rel < table_offset(table, 0, 0))
		return false;
	/* Halving without a branch on the comparison: it is a coin toss for the predictor. */
	while (count > 1) {
		size_t half = count / 2;

		low += table_offset(table, low + half, 0) <= rel ? half : 0;
		count -= half;
	}
	*number = low;
	return true;
}

const uint8_t *cfi_find_fde(const struct unwind_module *module, uintptr_t pc)
{
	size_t count = 0;
	size_t number;
	const uint8_t *table = find_table(module, &count);

	return search(module, table, count, pc, &number) ? record_at(module, table, number) : NULL;
}

bool cfi_fde_number(const struct unwind_module *module, uintptr_t pc, size_t *number)
{
	size_t count = 0;
	const uint8_t *table = find_table(module, &count);

	return search(module, table, count, pc, number);
}

const uint8_t *cfi_fde_at(const struct unwind_module *module, size_t number)
{
	size_t count = 0;
	const uint8_t *table = find_table(module, &count);

	return table && number < count ? record_at(module, table, number) : NULL;
}
