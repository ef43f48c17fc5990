/*
 * Any input that decodes must be valid, must survive being written and read again byte for byte,
 * and must merge with itself into something valid. Read in pieces it is the same profile.
 */
#include <stdint.h>
#include <stdlib.h>

#include "gen/pieces.h"
#include "profile/check.h"
#include "profile/decode.h"
#include "profile/encode.h"
#include "profile/merge.h"
#include "profile/proto_decode.h"

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void merge_with_itself(const struct profile *p)
{
	const struct profile *srcs[] = { p, p };
	struct profile merged;
	struct err e;

	if (profile_merge(&merged, srcs, 2, &e) != OK)
		return; /* nothing refuses it but memory */
	require(profile_check(&merged, &e) == OK);
	require(merged.samples.n <= p->samples.n);
	require(merged.n_locations <= p->n_locations);
	profile_release(&merged);
}

/* Strings that were unused or stored twice are gone after the first round. */
static void write_and_read(const struct profile *p)
{
	struct buf first = { 0 }, second = { 0 };
	struct profile again;
	struct err e;

	require(profile_encode(p, &first, &e) == OK);
	require(profile_decode(&again, buf_str(&first), &e) == OK);
	require(again.samples.n == p->samples.n && again.n_lines == p->n_lines);
	require(profile_encode(&again, &second, &e) == OK);
	profile_release(&again);
	require(profile_decode(&again, buf_str(&second), &e) == OK);
	buf_clear(&first);
	require(profile_encode(&again, &first, &e) == OK);
	require(str_eq(buf_str(&first), buf_str(&second)));
	profile_release(&again);
	buf_release(&first);
	buf_release(&second);
}

static void read_in_pieces(struct str bytes)
{
	struct buf first = { 0 }, second = { 0 };
	struct profile whole, pieces;
	enum proto_kind kind;
	struct err e;
	bool good = profile_proto_decode(&whole, bytes, &kind, &e) == OK;

	require((pieces_decode(&pieces, bytes, 1 + bytes.n % 50, &e) == OK) == good);
	if (!good)
		return;
	require(profile_encode(&whole, &first, &e) == OK);
	require(profile_encode(&pieces, &second, &e) == OK);
	require(str_eq(buf_str(&first), buf_str(&second)));
	profile_release(&whole);
	profile_release(&pieces);
	buf_release(&first);
	buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile p;
	struct err e;

	read_in_pieces((struct str){ (const char *)data, size });
	if (profile_decode(&p, (struct str){ (const char *)data, size }, &e) != OK)
		return 0;
	require(profile_check(&p, &e) == OK);
	write_and_read(&p);
	merge_with_itself(&p);
	profile_release(&p);
	return 0;
}
