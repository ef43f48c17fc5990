/*
 * A profile of what is retained and the binary of its roots, both from strangers: whatever is a
 * profile gets names by whatever is a binary, without a crash, and stays a profile. The first four
 * bytes say how long the profile is (lowest first); the binary is what follows.
 */
#include <stdint.h>
#include <stdlib.h>

#include "profile/check.h"
#include "profile/decode.h"
#include "profile/retained.h"
#include "symbolize/sym_retained.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The binary for every name, as nothing shall be read from this machine. */
static enum err_code open_given(
    void *ctx, struct object **out, struct str file, struct str build_id, struct err *e)
{
	const struct str *binary = ctx;

	(void)build_id;
	return object_open_memory(out, binary->p, binary->n, file, e);
}

/* Each text is read to its end, and no stack has got longer than its loops make it. */
static void look(const struct profile *p, const size_t *before)
{
	volatile unsigned sum = 0;

	for (uint32_t i = 0; i < p->n_functions; i++) {
		const struct str s = profile_str(p, p->functions[i].name);

		for (size_t k = 0; k < s.n; k++)
			sum = sum + (unsigned char)s.p[k];
	}
	for (size_t i = 0; i < p->samples.n; i++) {
		size_t depth;

		(void)sample_stack(p, i, &depth);
		if (depth > 3 * before[i] + 3)
			abort();
	}
}

static void name(struct profile *p, struct str *binary)
{
	size_t *before = calloc(p->samples.n + 1, sizeof *before);
	const size_t n = p->samples.n;
	struct err e;

	for (size_t i = 0; before && i < n; i++)
		(void)sample_stack(p, i, &before[i]);
	if (before && sym_retained_name_from(p, open_given, binary, NULL, &e) == OK) {
		if (p->samples.n != n || profile_check(p, &e) != OK)
			abort();
		look(p, before);
		/* Once named they are nobody's business again. */
		if (sym_retained_name_from(p, open_given, binary, NULL, &e) != OK)
			abort();
	}
	free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile p = { 0 };
	struct str binary;
	struct err e;
	size_t n;

	if (size < 4)
		return 0;
	n = data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16;
	size -= 4;
	data += 4;
	n = n > size ? size : n;
	binary = (struct str){ (const char *)data + n, size - n };
	if (profile_decode(&p, (struct str){ (const char *)data, n }, &e) != OK)
		return 0;
	if (profile_check(&p, &e) == OK)
		name(&p, &binary);
	profile_release(&p);
	return 0;
}
