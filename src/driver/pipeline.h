/*
 * One report's way through the profile: derive, label frames, filter, aggregate, in the order that
 * decides what percentages refer to. The result is a view: a profile ready for report_generate()
 * or report_init(), and the options for it. Callers: driver_report and the web pages, which may
 * make views of one driver in several threads.
 */
#ifndef DRIVER_PIPELINE_H
#define DRIVER_PIPELINE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/regex.h"
#include "driver/driver.h"
#include "profile/profile.h"
#include "report/report.h"

/* A zero struct is valid to release. Borrows the driver's profile, the config's strings and param.
 */
struct view {
	struct profile profile;
	struct report_options options;
	struct regex *symbol;
};

/*
 * Fills *v for a command with these options (the command's overrides are applied to a copy).
 * warnings gets lines for the user ("Focus expression matched no samples"). ERR_USAGE for a bad
 * expression or sample_index, ERR_NOMEM. On failure *v is empty.
 */
enum err_code pipeline_view(struct view *v, const struct driver *d, const struct command *command,
    struct str param, const struct config *config, struct buf *warnings, struct err *e) MUST_USE;
void pipeline_release(struct view *v);

/*
 * Report options that follow from the options alone, for the loaded profile: what the shell's
 * greeting and the title of the web pages need. v->profile is a plain derived copy. warnings gets
 * lines about labels with several units.
 */
enum err_code pipeline_plain_view(struct view *v, const struct driver *d,
    const struct config *config, struct buf *warnings, struct err *e) MUST_USE;

#endif
