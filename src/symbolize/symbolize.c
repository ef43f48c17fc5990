/*
 * The order of attempts: this machine's binaries, then the server, then demangling. Called by the
 * driver once per load. The words of -symbolize and the messages about them are google/pprof's.
 */
#include "symbolize/symbolize.h"

#include <strings.h>

#include "base/fs.h"
#include "symbolize/sym_retained.h"

static bool is_word(struct str word, const char *what)
{
	return word.n == strlen(what) && strncasecmp(word.p, what, word.n) == 0;
}

static bool set_demangle(struct symbolize_mode *m, struct str word)
{
	static const struct {
		const char *name;
		enum demangle_mode mode;
		bool force;
	} modes[] = {
		{ "full", DEMANGLE_FULL, true },
		{ "none", DEMANGLE_NONE, true },
		{ "templates", DEMANGLE_TEMPLATES, true },
		{ "default", DEMANGLE_DEFAULT, false },
	};

	if (word.n >= 9 && strncasecmp(word.p, "demangle=", 9) == 0)
		word = str_skip(word, 9);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (!is_word(word, modes[i].name))
			continue;
		m->force |= modes[i].force;
		if (modes[i].force)
			m->demangle = modes[i].mode;
		return true;
	}
	return false;
}

static void set_places(struct symbolize_mode *m, bool local, bool remote, bool fast)
{
	m->local = local;
	m->remote = remote;
	m->fast |= fast;
}

/* False for a word that is not known. */
static bool apply_word(struct symbolize_mode *m, struct str word)
{
	if (is_word(word, "none") || is_word(word, "no"))
		m->none = true;
	else if (is_word(word, "local"))
		set_places(m, true, false, false);
	else if (is_word(word, "fastlocal"))
		set_places(m, true, false, true);
	else if (is_word(word, "remote"))
		set_places(m, false, true, false);
	else if (is_word(word, "force"))
		m->force = true;
	else
		return word.n == 0 || set_demangle(m, word);
	return true;
}

struct symbolize_mode symbolize_parse_mode(struct str text, const struct ui *ui)
{
	struct symbolize_mode m = { .local = true, .remote = true };
	struct str rest = text;
	struct str word;

	while (!m.none && rest.p && str_split(&rest, ':', &word)) {
		if (apply_word(&m, word))
			continue;
		ui_error(ui, "ignoring unrecognized symbolization option: %.*s", STR_ARG(text));
		ui_error(ui, "expecting -symbolize=[local|fastlocal|remote|none][:force]"
			     "[:demangle=[none|full|templates|default]");
	}
	return m;
}

bool symbolize_is_special(struct str file)
{
	struct str base = fs_base(file);

	return file.n == 0 || str_starts(base, STR("[")) || str_starts(base, STR("linux-vdso")) ||
	       str_starts(file, STR("/dev/dri/")) || str_is(file, "//anon") ||
	       str_starts(file, STR("/memfd:"));
}

enum err_code symbolize_profile(struct profile *p, struct str mode,
    const struct mapping_sources *urls, const struct http_tls *tls, const struct ui *ui,
    struct err *e)
{
	struct symbolize_mode m = symbolize_parse_mode(mode, ui);

	if (m.none)
		return OK;
	if (m.local)
		TRY(symbolize_local(p, &m, ui, e));
	if (m.remote)
		TRY(symbolize_remote(p, m.force, urls, tls, ui, e));
	TRY(symbolize_demangle(p, m.force, m.demangle, e));
	return m.local ? sym_retained_name(p, ui, e) : OK;
}
