/*
 * One source: is it a file or a URL, get its bytes, decode them, locate the binaries it names, note
 * where it came from. Runs in fetch.c's workers. What is hard: error texts, which are compared with
 * pprof's by users' scripts.
 */
#include "fetch/grab.h"

#include <errno.h>
#include <stdio.h>

#include "base/fs.h"
#include "fetch/locate.h"
#include "fetch/state_list.h"
#include "fetch/state_read.h"
#include "profile/decode.h"

/* Largest file that is read as a profile: 8 GiB. */
#define MAX_FILE ((size_t)8 << 30)
/* The client waits this much longer than the server was asked to work. */
#define EXTRA_MS 5000

enum err_code grab_prepare(
    struct grab *g, struct str name, const struct fetch_options *o, struct err *e)
{
	g->name = name;
	g->o = o;
	if (fs_exists(name))
		return OK;
	return url_adjust(&g->where, name, o->seconds, o->timeout_s, &g->arena, e);
}

static MUST_USE enum err_code get_url(struct grab *g, struct buf *bytes, struct err *e)
{
	struct http_options options = { .timeout_ms = g->where.timeout_ms + EXTRA_MS,
		.tls = &g->o->tls };
	struct http_reply reply;
	enum err_code rc = http_get(&reply, g->where.url, &options, e);

	if (rc != OK && !reply.has_headers)
		err_prefix(e, "http fetch");
	if (rc == OK)
		rc = http_expect_ok(&reply, e);
	if (rc == OK) {
		*bytes = reply.body;
		reply.body = (struct buf){ 0 };
	}
	http_reply_release(&reply);
	return rc;
}

static MUST_USE enum err_code load_file(struct grab *g, struct err *e)
{
	if (!fs_exists(g->name))
		return FAIL_SYS(e, ENOENT, "stat %.*s", STR_ARG(g->name));
	return profile_decode_file(&g->profile, g->name, MAX_FILE, e);
}

static void locate_line(void *ctx, bool is_error, struct str text)
{
	struct grab *g = ctx;

	(void)is_error;
	buf_add_str(&g->messages, text);
	buf_char(&g->messages, '\n');
}

/*
 * Notes per mapping which URL knows its addresses. A mapping without a name gets the URL as its
 * file, so that remote symbolization finds it; fetch_unsource_mappings takes that back.
 */
static MUST_USE enum err_code note_urls(struct grab *g, struct err *e)
{
	struct profile *p = &g->profile;
	struct mapping *v = ARENA_ARRAY(&p->arena, struct mapping, p->n_mappings);

	if (!v)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < p->n_mappings; i++) {
		v[i] = p->mappings[i];
		if (!v[i].build_id && !v[i].file)
			v[i].file = profile_intern(p, g->where.url);
		mapping_sources_add(&g->urls,
		    profile_str(p, v[i].build_id ? v[i].build_id : v[i].file), g->where.url,
		    v[i].start);
	}
	p->mappings = v;
	if (arena_failed(&p->arena) || arena_failed(&g->urls.arena) || g->urls.list.failed)
		return FAIL_NOMEM(e);
	return OK;
}

/* A directory of state files stands for its newest; any other is no source, as ever. */
static MUST_USE enum err_code get_directory(struct grab *g, const struct ui *ui, struct err *e)
{
	struct str path = { NULL, 0 };

	if (state_list_newest(&path, g->name, &g->arena, e) != OK)
		return e->code == ERR_NOT_FOUND ? FAIL_SYS(e, EISDIR, "read %.*s", STR_ARG(g->name))
						: e->code;
	ui_print(ui, "%.*s: reading the newest state file, %.*s", STR_ARG(g->name), STR_ARG(path));
	return state_read_file(&g->profile, path, g->o->births, ui, e);
}

static MUST_USE enum err_code load(
    struct grab *g, struct buf *bytes, const struct ui *ui, struct err *e)
{
	if (!g->where.is_url && fs_is_dir(g->name))
		return get_directory(g, ui, e);
	if (!g->where.is_url && state_is_file(g->name))
		return state_read_file(&g->profile, g->name, g->o->births, ui, e);
	if (!g->where.is_url)
		return load_file(g, e);
	TRY(get_url(g, bytes, e));
	return profile_decode_take(&g->profile, bytes, e);
}

/* Where nothing is, nothing is found: only the names from the command line are put in. */
static MUST_USE enum err_code show(struct grab *g, const struct ui *ui, struct err *e)
{
	const struct fetch_options *o = g->o;
	const struct ui silent = { 0 };

	TRY(locate_binaries(&g->profile, o->exec_name, o->build_id, STR("/dev/null"), &silent, e));
	o->loaded(&g->profile, ui);
	return OK;
}

static MUST_USE enum err_code run(struct grab *g, struct buf *bytes, struct err *e)
{
	const struct fetch_options *o = g->o;
	struct ui ui = { .ctx = g, .line = locate_line };

	TRY(load(g, bytes, &ui, e));
	if (o->loaded)
		TRY(show(g, &ui, e));
	TRY(locate_binaries(&g->profile, o->exec_name, o->build_id, o->binary_path, &ui, e));
	if (g->where.is_url)
		TRY(note_urls(g, e));
	return OK;
}

void grab_run(struct grab *g)
{
	struct buf bytes = { 0 };

	g->status = run(g, &bytes, &g->error);
	buf_release(&bytes);
	if (g->status != OK)
		profile_release(&g->profile);
}

void grab_release(struct grab *g)
{
	profile_release(&g->profile);
	mapping_sources_release(&g->urls);
	buf_release(&g->messages);
	arena_release(&g->arena);
	*g = (struct grab){ 0 };
}

struct grab_duration grab_duration_text(int64_t seconds)
{
	struct grab_duration d;
	long long s = seconds;

	if (s >= 3600)
		snprintf(d.text, sizeof d.text, "%lldh%lldm%llds", s / 3600, s / 60 % 60, s % 60);
	else if (s >= 60)
		snprintf(d.text, sizeof d.text, "%lldm%llds", s / 60, s % 60);
	else
		snprintf(d.text, sizeof d.text, "%llds", s);
	return d;
}
