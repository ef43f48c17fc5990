/*
 * The loop of the shell and what a line can be: a shortcut for other lines, an assignment, a word
 * of the shell itself, or a report command. See shell.h.
 */
#include "shell/shell.h"

#include <stdlib.h>

#include "driver/options_table.h"
#include "driver/pipeline.h"
#include "driver/usage.h"
#include "shell/job.h"
#include "shell/lineedit.h"
#include "shell/listing.h"
#include "shell/words.h"

#define COMMENT   "//:"
#define TOP_COUNT 10 /* entries of top when nothing was said and somebody reads along */

/* Cuts what follows the last "//:", as the listing prints it, so that its lines can be typed. */
static struct str without_comment(struct str value)
{
	for (size_t i = value.n; i >= sizeof COMMENT - 1; i--) {
		size_t at = i - (sizeof COMMENT - 1);

		if (str_starts(str_skip(value, at), STR(COMMENT)))
			return str_head(value, at);
	}
	return value;
}

/* Replaces a sample_index by the name of its type, so that listings show it. */
static MUST_USE enum err_code assign_sample(struct driver *d, struct str *value, struct err *e)
{
	const struct profile *p = &d->profile;
	uint32_t index;

	TRY(driver_sample_index(p, *value, &index, e));
	*value = profile_str(p, p->sample_types[index].type);
	return OK;
}

static MUST_USE enum err_code assign(struct driver *d, const struct option *o, struct str name,
    bool has_value, struct str value, struct err *e)
{
	bool needs_value = str_is(name, o->name) && o->kind != OPTION_BOOL;

	if (!has_value && needs_value)
		return FAIL(e, ERR_USAGE, "please specify a value, e.g. %s=<val>", o->name);
	if (str_is(name, "sample_index"))
		TRY(assign_sample(d, &value, e));
	return config_set(&d->config, name, value, &d->arena, e);
}

/* True when the line is an assignment or a bare option; *code is its result. */
static bool try_assignment(struct driver *d, struct str line, enum err_code *code, struct err *e)
{
	size_t equals = str_find_char(line, '=');
	bool has_value = equals != STR_NPOS;
	struct str name = words_trim(has_value ? str_head(line, equals) : line);
	struct str value =
	    has_value ? words_trim(without_comment(str_skip(line, equals + 1))) : STR("");
	const struct option_choice *choice;
	const struct option *o = option_find(name);

	if (!o)
		o = option_find_choice(name, &choice);
	if (!o)
		return false;
	*code = assign(d, o, name, has_value, value, e);
	return true;
}

/* What stands behind a word "|": the command that reads the report. Takes it off the words. */
static struct str take_pager(struct words *words, struct str line)
{
	for (size_t i = 1; i < words->n; i++)
		if (str_is(words->v[i], "|")) {
			struct str bar = words->v[i];

			words->n = i;
			return words_trim(str_skip(line, (size_t)(bar.p + bar.n - line.p)));
		}
	return STR("");
}

static MUST_USE enum err_code report(
    struct driver *d, struct words *words, struct str line, struct arena *arena, struct err *e)
{
	struct str pager = take_pager(words, line);
	struct shell_command command;

	TRY(words_parse(&command, words, &d->config, arena, e));
	if (d->interactive && command.config.nodecount == -1 &&
	    command.command->format == REPORT_TEXT)
		command.config.nodecount = TOP_COUNT;
	if (d->at_terminal || pager.n)
		return job_run(d, &command, pager, e);
	return driver_report(d, command.command, command.param, &command.config, e);
}

static MUST_USE enum err_code run_words(
    struct driver *d, struct str line, struct arena *arena, bool *quit, struct err *e)
{
	struct words words;
	struct str first;

	TRY(words_split(&words, line, arena, e));
	if (words.n == 0)
		return OK;
	first = words.v[0];
	if (str_is(first, "o") || str_is(first, "options")) {
		listing_options(d);
		return OK;
	}
	if (str_is(first, "quit") || str_is(first, "q") || str_is(first, "exit")) {
		*quit = true;
		return OK;
	}
	if (str_is(first, "help")) {
		listing_help(d, words_trim(str_skip(line, first.n)));
		return OK;
	}
	return report(d, &words, line, arena, e);
}

/* "samples", "total_samples" and "mean_samples" choose the value to report. */
static bool run_sample_shortcut(struct driver *d, struct str line)
{
	static const struct {
		struct str prefix;
		int mean; /* -1: as it is */
	} kinds[] = { { STR(""), -1 }, { STR("total_"), 0 }, { STR("mean_"), 1 } };

	for (uint32_t i = 0; i < d->profile.n_sample_types; i++) {
		struct str type = profile_str(&d->profile, d->profile.sample_types[i].type);

		for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
			if (line.n != kinds[k].prefix.n + type.n ||
			    !str_starts(line, kinds[k].prefix) || !str_ends(line, type))
				continue;
			if (kinds[k].mean >= 0)
				d->config.mean = kinds[k].mean == 1;
			d->config.sample_index = type;
			return true;
		}
	}
	return false;
}

/* ":" clears the filters that one sets while looking around. */
static bool run_clear_shortcut(struct driver *d, struct str line)
{
	struct config *c = &d->config;

	if (!str_is(line, ":"))
		return false;
	c->focus = c->ignore = c->hide = c->tagfocus = c->tagignore = STR("");
	return true;
}

/* One line; what is wrong with it is the error. */
static MUST_USE enum err_code run_line(struct driver *d, struct str line, bool *quit, struct err *e)
{
	struct arena arena = { 0 };
	enum err_code code = OK;

	line = words_trim(line);
	if (!run_clear_shortcut(d, line) && !run_sample_shortcut(d, line) &&
	    !try_assignment(d, line, &code, e))
		code = run_words(d, line, &arena, quit, e);
	arena_release(&arena);
	return code;
}

enum err_code shell_line(struct driver *d, struct str line, bool *quit, struct err *e)
{
	struct err wrong;

	if (run_line(d, line, quit, &wrong) != OK)
		ui_error(&d->ui, "%s", wrong.msg);
	return arena_failed(&d->arena) ? FAIL_NOMEM(e) : OK;
}

/* The commands of -reports: as on the command line, and the first mistake ends it. */
static MUST_USE enum err_code run_reports(struct driver *d, struct str lines, struct err *e)
{
	bool quit = false;
	struct str line;

	while (lines.n > 0 && !quit) {
		size_t end = 0;

		while (end < lines.n && lines.p[end] != ';' && lines.p[end] != '\n')
			end++;
		line = str_head(lines, end);
		lines = str_skip(lines, end + (end < lines.n));
		TRY(run_line(d, line, &quit, e));
	}
	return arena_failed(&d->arena) ? FAIL_NOMEM(e) : OK;
}

/* What is loaded, and a hint when its default value has nothing to show. */
static MUST_USE enum err_code greet(struct driver *d, struct err *e)
{
	struct buf labels = { 0 };
	struct buf warnings = { 0 };
	struct view view;
	enum err_code code = pipeline_plain_view(&view, d, &d->config, &warnings, e);

	driver_say_lines(d, buf_str(&warnings));
	buf_release(&warnings);
	if (code == OK) {
		report_profile_labels(&view.profile, &view.options, &labels);
		ui_print(&d->ui, "%s", buf_c(&labels));
		if (view.options.total == 0 && view.profile.n_sample_types > 1)
			ui_print(&d->ui,
			    "No samples were found with the default sample value type.\n"
			    "Try \"sample_index\" command to analyze different sample values.");
		pipeline_release(&view);
	}
	buf_release(&labels);
	ui_print(
	    &d->ui, "Entering interactive mode (type \"help\" for commands, \"o\" for options)");
	return code == ERR_NOMEM ? code : OK;
}

enum err_code shell_run(struct driver *d, struct err *e)
{
	enum err_code code;
	struct lineedit *in;
	struct str line;
	bool quit = false;

	if (d->request.reports.n)
		return run_reports(d, d->request.reports, e);
	d->interactive = true;
	d->config.compact_labels = true;
	TRY(greet(d, e));
	TRY(lineedit_open(&in, d, e));
	d->at_terminal = lineedit_is_terminal(in);
	do {
		code = lineedit_read(in, "(pprof) ", &line, e);
		if (code == OK && line.p)
			code = shell_line(d, line, &quit, e);
	} while (code == OK && line.p && !quit);
	lineedit_close(in);
	return code;
}
