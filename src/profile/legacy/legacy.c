#include "profile/legacy/legacy.h"

#include "profile/legacy/formats.h"
#include "profile/legacy/legacy_frames.h"

/* The order decides for bytes that fit more than one. */
static legacy_reader *const readers[] = {
	cpu_read,
	heap_read,
	gocount_read,
	threads_read,
	contention_read,
	java_read,
	jemalloc_read,
};

static MUST_USE enum err_code try_reader(
    legacy_reader *read, struct profile *out, struct str bytes, bool *mine, struct err *e)
{
	struct legacy_builder b;
	enum err_code rc;

	*mine = false;
	TRY(legacy_init(&b, out, e));
	rc = read(&b, bytes, mine, e);
	/* After success the profile is no longer the builder's. */
	legacy_release(&b);
	return rc;
}

enum err_code legacy_decode(struct profile *out, struct str bytes, struct err *e)
{
	*out = (struct profile){ 0 };
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
		bool mine;

		TRY(try_reader(readers[i], out, bytes, &mine, e));
		if (!mine)
			continue;
		legacy_set_frames(out);
		if (!arena_failed(&out->arena))
			return OK;
		profile_release(out);
		return FAIL_NOMEM(e);
	}
	return FAIL(e, ERR_FORMAT, "unrecognized profile format");
}
