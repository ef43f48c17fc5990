/*
 * Filters by option, see filters.h. All expressions are compiled first, so that a mistake in one is
 * told before anything is filtered; only tagshow and taghide are late, as their warnings must be.
 */
#include "driver/filters.h"

#include "base/regex.h"
#include "profile/filter.h"
#include "profile/prune.h"
#include "profile/tagfilter.h"

struct filters {
	struct regex *focus, *ignore, *hide, *show, *show_from, *prune_from;
	struct regex *tag_show, *tag_hide;
	struct tag_filter *tag_focus, *tag_ignore;
};

static void filters_release(struct filters *f)
{
	regex_free(f->focus);
	regex_free(f->ignore);
	regex_free(f->hide);
	regex_free(f->show);
	regex_free(f->show_from);
	regex_free(f->prune_from);
	regex_free(f->tag_show);
	regex_free(f->tag_hide);
	tag_filter_free(f->tag_focus);
	tag_filter_free(f->tag_ignore);
}

static MUST_USE enum err_code compile(
    struct regex **out, const char *name, struct str pattern, struct err *e)
{
	enum err_code code;

	if (pattern.n == 0)
		return OK;
	code = regex_new(out, pattern, e);
	if (code == ERR_NOMEM)
		return code;
	if (code != OK)
		err_prefix(e, "parsing %s regexp", name);
	return code;
}

static MUST_USE enum err_code compile_all(struct filters *f, const struct config *c,
    const struct num_units *units, struct buf *warnings, struct err *e)
{
	TRY(compile(&f->focus, "focus", c->focus, e));
	TRY(compile(&f->ignore, "ignore", c->ignore, e));
	TRY(compile(&f->hide, "hide", c->hide, e));
	TRY(compile(&f->show, "show", c->show, e));
	TRY(compile(&f->show_from, "show_from", c->show_from, e));
	TRY(tag_filter_new(&f->tag_focus, STR("tagfocus"), c->tagfocus, units, warnings, e));
	TRY(tag_filter_new(&f->tag_ignore, STR("tagignore"), c->tagignore, units, warnings, e));
	return compile(&f->prune_from, "prune_from", c->prune_from, e);
}

void filters_warn(bool given, bool matched, const char *name, struct buf *warnings)
{
	if (given && !matched)
		buf_printf(warnings, "%s expression matched no samples\n", name);
}

static MUST_USE enum err_code apply_names(
    struct profile *p, const struct filters *f, struct buf *warnings, struct err *e)
{
	struct filter_matched m = { 0 };
	bool matched = false;

	if (f->focus || f->ignore || f->hide || f->show)
		TRY(profile_filter_by_name(p, f->focus, f->ignore, f->hide, f->show, &m, e));
	filters_warn(f->focus, m.focus, "Focus", warnings);
	filters_warn(f->ignore, m.ignore, "Ignore", warnings);
	filters_warn(f->hide, m.hide, "Hide", warnings);
	filters_warn(f->show, m.show, "Show", warnings);
	if (f->show_from)
		TRY(profile_show_from(p, f->show_from, &matched, e));
	filters_warn(f->show_from, matched, "ShowFrom", warnings);
	return OK;
}

static MUST_USE enum err_code apply_tags(struct profile *p, struct filters *f,
    const struct config *c, struct buf *warnings, struct err *e)
{
	bool first = false;
	bool second = false;

	if (f->tag_focus || f->tag_ignore)
		TRY(profile_filter_by_tag(p, f->tag_focus, f->tag_ignore, &first, &second, e));
	filters_warn(f->tag_focus, first, "TagFocus", warnings);
	filters_warn(f->tag_ignore, second, "TagIgnore", warnings);
	TRY(compile(&f->tag_show, "tagshow", c->tagshow, e));
	TRY(compile(&f->tag_hide, "taghide", c->taghide, e));
	if (f->tag_show || f->tag_hide)
		TRY(profile_filter_tag_names(p, f->tag_show, f->tag_hide, &first, &second, e));
	filters_warn(f->tag_show, first, "TagShow", warnings);
	filters_warn(f->tag_hide, second, "TagHide", warnings);
	return OK;
}

static MUST_USE enum err_code apply(struct profile *p, struct filters *f, const struct config *c,
    const struct num_units *units, struct buf *warnings, struct err *e)
{
	TRY(compile_all(f, c, units, warnings, e));
	TRY(apply_names(p, f, warnings, e));
	TRY(apply_tags(p, f, c, warnings, e));
	return f->prune_from ? profile_prune_from(p, f->prune_from, e) : OK;
}

enum err_code filters_apply(struct profile *p, const struct config *c,
    const struct num_units *units, struct buf *warnings, struct err *e)
{
	struct filters f = { 0 };
	enum err_code code = apply(p, &f, c, units, warnings, e);

	filters_release(&f);
	return code;
}
