#include "profile/compact.h"

#include "profile/merge.h"

enum err_code profile_compact(struct profile *p, struct err *e)
{
	struct profile compacted;

	TRY(profile_merge(&compacted, (const struct profile *const *)&p, 1, e));
	profile_release(p);
	*p = compacted;
	return OK;
}
