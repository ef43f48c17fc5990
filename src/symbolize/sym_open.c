/* Opening a mapping's binary, see sym_open.h. */
#include "symbolize/sym_open.h"

#include "symbolize/debuginfod.h"

/* Opens path when it is the binary that is meant. */
static MUST_USE enum err_code try_open(
    struct object **out, struct str path, struct str build_id, struct find_log *log, struct err *e)
{
	struct object *o;
	enum err_code rc = object_open(&o, path, e);
	struct str got;

	if (rc != OK) {
		find_log_add(log, path, str_c(e->msg));
		return rc;
	}
	got = object_build_id(o);
	if (build_id.n && got.n && !str_eq(build_id, got)) {
		err_set(e, ERR_FORMAT, 0, "%.*s: build ID mismatch (%.*s != %.*s)", STR_ARG(path),
		    STR_ARG(build_id), STR_ARG(got));
		find_log_add(log, path, str_c(e->msg));
		object_close(o);
		return ERR_FORMAT;
	}
	find_log_add(log, path, STR(""));
	*out = o;
	return OK;
}

/* What is tried when the file is not what it was. The first error stays. */
static bool try_others(struct object **out, struct str file, struct str build_id,
    struct find_log *log, const struct ui *ui)
{
	struct str before = find_without_deleted(file);
	struct arena a = { 0 };
	struct err ignored;
	struct str path;
	bool ok;

	/* Another program may have its name by now: only a build id tells. */
	if (!build_id.n)
		return false;
	if (before.n != file.n && try_open(out, before, build_id, log, &ignored) == OK) {
		if (object_build_id(*out).n)
			return true;
		object_close(*out);
	}
	ok = debuginfod_get(build_id, "executable", &a, &path, log, ui) &&
	     try_open(out, path, build_id, log, &ignored) == OK;
	arena_release(&a);
	return ok;
}

static void add_debug_file(struct object *o, struct find_log *log, const struct ui *ui)
{
	struct arena a = { 0 };
	struct str path;

	if (object_lacks_debug_file(o) &&
	    debuginfod_get(object_build_id(o), "debuginfo", &a, &path, log, ui))
		find_log_add(log, path,
		    object_set_debug(o, path) ? STR("") : STR("it has another build id"));
	arena_release(&a);
}

enum err_code sym_open(struct object **out, struct str file, struct str build_id,
    struct find_log *log, const struct ui *ui, struct err *e)
{
	enum err_code rc = try_open(out, file, build_id, log, e);

	if (rc != OK && rc != ERR_NOMEM && try_others(out, file, build_id, log, ui))
		rc = OK;
	if (rc == OK)
		add_debug_file(*out, log, ui);
	return rc;
}
