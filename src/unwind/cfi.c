/* Records of .eh_frame: common information entries (CIE) and frame descriptions (FDE). */
#include "unwind/cfi.h"

/* Pointer encodings of the LSB: low four bits the format, next three what it is relative to. */
enum {
	ENC_ABSOLUTE = 0x00,
	ENC_ULEB = 0x01,
	ENC_U16 = 0x02,
	ENC_U32 = 0x03,
	ENC_U64 = 0x04,
	ENC_SLEB = 0x09,
	ENC_S16 = 0x0a,
	ENC_S32 = 0x0b,
	ENC_S64 = 0x0c,
	ENC_FORMAT = 0x0f,
	ENC_PC_RELATIVE = 0x10,
	ENC_DATA_RELATIVE = 0x30,
	ENC_APPLICATION = 0x70,
	ENC_INDIRECT = 0x80,
	ENC_OMIT = 0xff,
};

/* Larger than any function's program seen; bounds the time that a damaged record can take. */
#define RECORD_MAX (1u << 20)

static uint64_t raw_pointer(struct cfi_reader *r, uint8_t encoding)
{
	switch (encoding & ENC_FORMAT) {
	case ENC_ULEB:
		return cfi_uleb(r);
	case ENC_SLEB:
		return (uint64_t)cfi_sleb(r);
	case ENC_U16:
		return cfi_u16(r);
	case ENC_S16:
		return (uint64_t)(int16_t)cfi_u16(r);
	case ENC_U32:
		return cfi_u32(r);
	case ENC_S32:
		return (uint64_t)(int32_t)cfi_u32(r);
	case ENC_ABSOLUTE:
	case ENC_U64:
	case ENC_S64:
		return cfi_u64(r);
	default:
		r->bad = true;
		return 0;
	}
}

uintptr_t cfi_pointer(struct cfi_reader *r, uint8_t encoding, uintptr_t delta, uintptr_t base)
{
	uintptr_t here = (uintptr_t)r->p + delta;
	uint64_t v;

	if (encoding == ENC_OMIT)
		return 0;
	v = raw_pointer(r, encoding);
	switch (encoding & ENC_APPLICATION) {
	case ENC_ABSOLUTE:
		return v;
	case ENC_PC_RELATIVE:
		return v + here;
	case ENC_DATA_RELATIVE:
		return v + base;
	default:
		r->bad = true;
		return 0;
	}
}

/* A record's contents after its length field; bad for the terminator and the 64-bit format. */
static struct cfi_reader open_record(const struct unwind_module *module, const uint8_t *at)
{
	struct cfi_reader r = { at, module->readable_end, false };
	uint32_t length = cfi_u32(&r);

	if (length == 0 || length > RECORD_MAX || length > cfi_left(&r))
		r.bad = true;
	else
		r.end = r.p + length;
	return r;
}

/* One letter of the augmentation string with its data; false when its size is not known. */
static bool augmentation(char letter, struct cfi_reader *r, struct cfi_fde *out)
{
	switch (letter) {
	case 'R':
		out->encoding = cfi_u8(r);
		return true;
	case 'L':
		cfi_u8(r);
		return true;
	case 'P':
		/* The personality routine is skipped, so an indirect pointer is not followed. */
		cfi_pointer(r, cfi_u8(r) & (uint8_t)~ENC_INDIRECT, 0, 0);
		return true;
	case 'S':
		out->is_signal = true;
		return true;
	default:
		return false;
	}
}

/* The string after its 'z', whose data `r` is at; leaves r after the data. */
static void augmentations(const char *letters, struct cfi_reader *r, struct cfi_fde *out)
{
	uint64_t size = cfi_uleb(r);
	struct cfi_reader data = { r->p, r->p, false };

	if (cfi_bytes(r, size))
		data.end = r->p;
	for (; *letters; letters++)
		if (!augmentation(*letters, &data, out))
			break;
	/* After an unknown letter the encoding may still follow: its absence cannot be assumed. */
	r->bad = r->bad || data.bad || (*letters && strchr(letters, 'R'));
}

static const char *read_string(struct cfi_reader *r)
{
	const uint8_t *text = r->p;
	const uint8_t *nul = memchr(text, 0, cfi_left(r));

	if (!nul) {
		r->bad = true;
		return "";
	}
	r->p = nul + 1;
	return (const char *)text;
}

static bool parse_cie(const struct unwind_module *module, const uint8_t *at, struct cfi_fde *out)
{
	struct cfi_reader r = open_record(module, at);
	uint32_t id = cfi_u32(&r);
	uint8_t version = cfi_u8(&r);
	const char *letters = r.bad ? "" : read_string(&r);
	uint64_t return_column;

	if (r.bad || id != 0 || (version != 1 && version != 3))
		return false;
	out->code_align = cfi_uleb(&r);
	out->data_align = cfi_sleb(&r);
	return_column = version == 1 ? cfi_u8(&r) : cfi_uleb(&r);
	out->has_augmentation = *letters == 'z';
	if (out->has_augmentation)
		augmentations(letters + 1, &r, out);
	else if (*letters)
		return false;
	out->initial = r;
	return !r.bad && return_column == UNWIND_PC;
}

bool cfi_parse_fde(const struct unwind_module *module, const uint8_t *at, struct cfi_fde *out)
{
	struct cfi_reader r = open_record(module, at);
	const uint8_t *field = r.p;
	uint32_t back = cfi_u32(&r);
	uint64_t length;

	*out = (struct cfi_fde){ .encoding = ENC_ABSOLUTE };
	if (r.bad || back == 0 || back > (size_t)(field - module->readable_start) ||
	    !parse_cie(module, field - back, out))
		return false;
	if (out->encoding & ENC_INDIRECT)
		return false;
	out->start = cfi_pointer(&r, out->encoding, module->delta, 0);
	length = cfi_pointer(&r, out->encoding & ENC_FORMAT, 0, 0);
	if (__builtin_add_overflow(out->start, length, &out->end))
		return false;
	if (out->has_augmentation)
		cfi_bytes(&r, cfi_uleb(&r));
	out->program = r;
	return !r.bad;
}

bool cfi_row_at(const struct unwind_module *module, uintptr_t pc, struct cfi_row *row)
{
	const uint8_t *at = cfi_find_fde(module, pc);
	struct cfi_fde fde;

	return at && cfi_parse_fde(module, at, &fde) && pc >= fde.start && pc < fde.end &&
	       cfi_run(module, &fde, pc, row);
}
