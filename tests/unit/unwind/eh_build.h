/*
 * Makes a module's unwind information out of hand-written programs, for the tests of this folder:
 * .eh_frame_hdr and .eh_frame in one buffer, as if mapped at EH_AT with code at EH_CODE.
 */
#ifndef TESTS_UNIT_UNWIND_EH_BUILD_H
#define TESTS_UNIT_UNWIND_EH_BUILD_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "unwind/unwind.h"

#define EH_AT   0x400000u
#define EH_CODE 0x500000u
#define EH_FDES 16u
#define EH_HEAD (12 + EH_FDES * 8)

struct eh {
	uint8_t bytes[1024];
	size_t n;
	size_t cie;
	uint32_t fdes;
};

static inline void eh_put(struct eh *eh, const void *data, size_t n)
{
	assert(eh->n + n <= sizeof(eh->bytes));
	memcpy(eh->bytes + eh->n, data, n);
	eh->n += n;
}

static inline void eh_u8(struct eh *eh, uint8_t v)
{
	eh_put(eh, &v, 1);
}

static inline void eh_u32(struct eh *eh, uint32_t v)
{
	eh_put(eh, &v, 4);
}

static inline void eh_set_u32(struct eh *eh, size_t at, uint32_t v)
{
	memcpy(eh->bytes + at, &v, 4);
}

/* Ends the record that began at `at`: pads with nops and sets its length. */
static inline void eh_end_record(struct eh *eh, size_t at)
{
	while ((eh->n - at) % 8 != 0)
		eh_u8(eh, 0);
	eh_set_u32(eh, at, (uint32_t)(eh->n - at - 4));
}

/* The CIE that gcc writes: CFA = rsp + 8, return address at CFA - 8; factors 1 and -8. */
static inline void eh_cie(struct eh *eh, const char *augmentation)
{
	size_t at = eh->n;

	eh->cie = at;
	eh_u32(eh, 0);
	eh_u32(eh, 0);
	eh_u8(eh, 1);
	eh_put(eh, augmentation, strlen(augmentation) + 1);
	eh_put(eh, "\x01\x78\x10", 3);
	if (augmentation[0] == 'z')
		eh_put(eh, "\x01\x1b", 2);
	eh_put(eh, "\x0c\x07\x08\x90\x01", 5);
	eh_end_record(eh, at);
}

static inline void eh_init(struct eh *eh, const char *augmentation)
{
	*eh = (struct eh){ .n = EH_HEAD };
	memcpy(eh->bytes, "\x01\x1b\x03\x3b", 4);
	eh_set_u32(eh, 4, EH_HEAD - 4);
	eh_cie(eh, augmentation);
}

/* A function at EH_CODE + start; call with rising starts. */
static inline void eh_fde(
    struct eh *eh, uint32_t start, uint32_t size, const char *program, size_t n)
{
	size_t at = eh->n;

	assert(eh->fdes < EH_FDES);
	eh_set_u32(eh, 12 + eh->fdes * 8, EH_CODE + start - EH_AT);
	eh_set_u32(eh, 12 + eh->fdes * 8 + 4, (uint32_t)at);
	eh_set_u32(eh, 8, ++eh->fdes);
	eh_u32(eh, 0);
	eh_u32(eh, (uint32_t)(eh->n - eh->cie));
	eh_u32(eh, EH_CODE + start - (EH_AT + (uint32_t)eh->n));
	eh_u32(eh, size);
	eh_u8(eh, 0);
	eh_put(eh, program, n);
	eh_end_record(eh, at);
}

static inline struct unwind_module eh_module(const struct eh *eh)
{
	return (struct unwind_module){
		.start = EH_CODE,
		.end = EH_CODE + 0x10000,
		.eh_frame_hdr = eh->bytes,
		.eh_frame_hdr_size = EH_HEAD,
		.readable_start = eh->bytes,
		.readable_end = eh->bytes + eh->n,
		.delta = EH_AT - (uintptr_t)eh->bytes,
	};
}

#endif
