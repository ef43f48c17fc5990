/*
 * gzip and zstd from anywhere. The bytes are also walked as a broken gzip member, which must end
 * with an explanation whatever they are.
 */
#include <stdint.h>
#include <stdlib.h>

#include "profile/gzip_fault.h"
#include "profile/uncompress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	struct buf out = { 0 };
	struct err e;

	if (profile_is_compressed(bytes) && profile_uncompress(&out, bytes, &e) == OK &&
	    out.n > ((size_t)18 << 20) + size * 256)
		abort();
	buf_release(&out);
	if (gzip_fault(bytes, &e) == OK)
		abort();
	return 0;
}
