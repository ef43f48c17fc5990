/* State files around `pprof run`, see launch_state.h. Called by launch.c. */
#include "driver/launch_state.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fs.h"
#include "fetch/state_list.h"

/* What the runtime takes in PPROF_STATE. */
#define MAX_DIRECTORY 480
/* Files named after one run; a list shows the others. */
#define MAX_TOLD      8

enum err_code launch_state_directory(char *path, size_t cap, struct str directory, struct err *e)
{
	char given[PATH_MAX];
	char whole[PATH_MAX];

	TRY(fs_make_dirs(directory, e));
	if (!fs_path(given, directory) || !realpath(given, whole))
		return FAIL_SYS(e, errno, "open %.*s", STR_ARG(directory));
	if (strlen(whole) >= cap || strlen(whole) > MAX_DIRECTORY)
		return FAIL(e, ERR_USAGE, "-state %s: the path is too long", whole);
	memcpy(path, whole, strlen(whole) + 1);
	return OK;
}

int64_t launch_state_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

enum err_code launch_state_list(struct str directory, struct buf *out, struct err *e)
{
	struct state_list list;

	TRY(state_list_read(&list, directory, e));
	state_list_print(&list, launch_state_now(), out);
	state_list_release(&list);
	return OK;
}

enum err_code launch_state_expire(
    struct str directory, struct str age, const struct ui *ui, struct err *e)
{
	struct state_list list;
	enum err_code code;
	int64_t seconds;
	size_t removed;

	TRY(state_age(age, &seconds, e));
	TRY(state_list_read(&list, directory, e));
	code = state_list_expire(&list, launch_state_now(), seconds, &removed, e);
	state_list_release(&list);
	if (code == OK && removed)
		ui_print(ui, "pprof: removed %zu old state files from %.*s", removed,
		    STR_ARG(directory));
	return code;
}

void launch_state_tell(struct str directory, int64_t since_ns, const struct ui *ui)
{
	struct state_list list;
	struct err ignored;
	size_t told = 0;

	if (state_list_read(&list, directory, &ignored) != OK)
		return;
	for (size_t i = 0; i < list.n && told < MAX_TOLD; i++) {
		const struct state_entry *entry = &list.entries[i];

		if (entry->status != STATE_GONE || entry->start_ns < since_ns ||
		    entry->n_records == 0)
			continue;
		ui_print(ui, "pprof: the last heap profile of process %" PRIu32 ", %.*s: %.*s",
		    entry->pid, STR_ARG(fs_base(entry->program)), STR_ARG(entry->path));
		told++;
	}
	state_list_release(&list);
}
