/*
 * -comments: the profile's comments, one a line. Called through the table of report.c.
 */
#include "report/writers.h"

enum err_code report_write_comments(struct report *r, struct buf *out, struct err *e)
{
	const struct profile *p = r->profile;

	(void)e;
	for (uint32_t i = 0; i < p->n_comments; i++) {
		buf_add_str(out, profile_str(p, p->comments[i]));
		buf_char(out, '\n');
	}
	return OK;
}
