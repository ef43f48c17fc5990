/* The client of debuginfod servers, see debuginfod.h. Called by sym_local.c. */
#include "symbolize/debuginfod.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "net/http_client.h"

#define TIMEOUT_MS 90000

static struct str cache_folder(struct arena *a)
{
	const char *own = getenv("DEBUGINFOD_CACHE_PATH");
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (own && *own)
		return arena_printf(a, "%s", own);
	if (base && base[0] == '/')
		return arena_printf(a, "%s/debuginfod_client", base);
	if (home && home[0] == '/')
		return arena_printf(a, "%s/.cache/debuginfod_client", home);
	return STR("");
}

/* Another client never sees half a file. */
static bool keep(struct str path, struct str bytes)
{
	struct err ignored;

	return fs_make_dirs(fs_dir(path), &ignored) == OK &&
	       fs_replace(path, bytes, &ignored) == OK;
}

/* Asks one server; true when it had the file and it is kept at path. */
static bool ask(struct str url, struct str path, struct find_log *log)
{
	const struct http_options o = { .timeout_ms = TIMEOUT_MS };
	struct http_reply reply = { 0 };
	struct err e;
	enum err_code rc = http_start(&e);
	bool ok = false;

	if (rc == OK) {
		rc = http_get(&reply, url, &o, &e);
		if (rc == OK)
			rc = http_expect_ok(&reply, &e);
		http_stop();
	}
	if (rc == OK)
		ok = keep(path, buf_str(&reply.body));
	find_log_add(log, url, rc != OK ? str_c(e.msg) : ok ? STR("") : STR("cannot be kept"));
	http_reply_release(&reply);
	return ok;
}

bool debuginfod_get(struct str build_id, const char *what, struct arena *a, struct str *path,
    struct find_log *log, const struct ui *ui)
{
	const char *servers = getenv("DEBUGINFOD_URLS");
	struct str folder = cache_folder(a);
	struct str rest = str_c(servers ? servers : "");
	struct str server;

	if (!rest.n || !folder.n || build_id.n < 16)
		return false;
	*path = arena_printf(a, "%.*s/%.*s/%s", STR_ARG(folder), STR_ARG(build_id), what);
	if (arena_failed(a))
		return false;
	if (fs_exists(*path))
		return true;
	while (rest.n && str_split(&rest, ' ', &server)) {
		struct str url;

		while (server.n && server.p[server.n - 1] == '/')
			server.n--;
		if (!server.n)
			continue;
		url = arena_printf(
		    a, "%.*s/buildid/%.*s/%s", STR_ARG(server), STR_ARG(build_id), what);
		ui_print(ui, "Fetching %.*s", STR_ARG(url));
		if (!arena_failed(a) && ask(url, *path, log))
			return true;
	}
	return false;
}
