/*
 * From the loaded profile to a view of it, see pipeline.h. The order of the steps is the contract:
 * label frames come before the filters (which may name them), the total is taken before the filters
 * unless percentages are relative, aggregation comes last.
 */
#include "driver/pipeline.h"

#include "driver/filters.h"
#include "profile/aggregate.h"
#include "profile/numunits.h"
#include "profile/tagroot.h"

static MUST_USE enum err_code add_tag_frames(
    struct profile *p, const struct config *c, struct buf *warnings, struct err *e)
{
	bool root = true;
	bool leaf = true;

	if (c->tagroot.n == 0 && c->tagleaf.n == 0)
		return OK;
	TRY(profile_add_tag_frames(p, c->tagroot, c->tagleaf, c->unit, &root, &leaf, e));
	filters_warn(c->tagroot.n > 0, root, "TagRoot", warnings);
	filters_warn(c->tagleaf.n > 0, leaf, "TagLeaf", warnings);
	return OK;
}

/* The part of the report's options that depends on the profile; computes the total. */
static MUST_USE enum err_code choose_value(struct view *v, const struct config *c, struct err *e)
{
	struct report_options *o = &v->options;
	struct profile *p = &v->profile;
	struct str type;

	if (p->n_sample_types == 0)
		return FAIL(e, ERR_FORMAT, "profile has no samples");
	TRY(driver_sample_index(p, c->sample_index, &o->value_index, e));
	if (c->divide_by == 0)
		return FAIL(e, ERR_USAGE, "zero divisor specified");
	type = profile_str(p, p->sample_types[o->value_index].type);
	if (c->mean)
		type = arena_printf(&p->arena, "mean_%.*s", STR_ARG(type));
	if (!type.p)
		return FAIL_NOMEM(e);
	o->sample_type = type;
	o->sample_unit = profile_str(p, p->sample_types[o->value_index].unit);
	o->mean = c->mean;
	o->total = report_total(p, o->value_index, c->mean);
	return OK;
}

static void copy_options(struct report_options *o, const struct config *c)
{
	o->cum_sort = str_is(c->sort, "cum");
	o->call_tree = c->call_tree;
	o->drop_negative = c->drop_negative;
	o->compact_labels = c->compact_labels;
	o->divide_by = c->divide_by;
	o->node_count = c->nodecount;
	o->node_fraction = c->nodefraction;
	o->edge_fraction = c->edgefraction;
	o->output_unit = c->unit;
	o->filters = (struct report_filters){
		.focus = c->focus,
		.ignore = c->ignore,
		.hide = c->hide,
		.show = c->show,
		.show_from = c->show_from,
		.tag_focus = c->tagfocus,
		.tag_ignore = c->tagignore,
		.tag_show = c->tagshow,
		.tag_hide = c->taghide,
	};
	o->source_path = c->source_path;
	o->trim_path = c->trim_path;
	o->intel_syntax = c->intel_syntax;
	o->show_columns = c->showcolumns;
}

static MUST_USE enum err_code set_symbol(
    struct view *v, const struct command *command, struct str param, struct err *e)
{
	enum err_code code;

	if (!command->has_param)
		return OK;
	code = regex_new(&v->symbol, param, e);
	if (code != OK && code != ERR_NOMEM)
		err_prefix(e, "parsing argument regexp %.*s", STR_ARG(param));
	if (code != OK)
		return code;
	v->options.symbol = v->symbol;
	v->options.symbol_text = param;
	v->options.has_address = str_to_u64(param, 0, &v->options.address);
	return OK;
}

static MUST_USE enum err_code aggregate(struct profile *p, const struct config *c, struct err *e)
{
	static const struct {
		const char *name;
		bool function, filename, line, address;
	} kinds[] = {
		{ "", true, false, false, false },
		{ "functions", true, false, false, false },
		{ "filefunctions", true, true, false, false },
		{ "files", false, true, false, false },
		{ "lines", true, true, true, false },
		{ "addresses", true, true, true, true },
	};

	bool inlines = !c->noinlines;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!str_is(c->granularity, kinds[i].name))
			continue;
		if (kinds[i].address && inlines)
			return OK;
		return profile_aggregate(p,
		    &(struct aggregate_options){ inlines, kinds[i].function, kinds[i].filename,
			kinds[i].line, c->showcolumns, kinds[i].address },
		    e);
	}
	return FAIL(e, ERR_USAGE, "unexpected granularity");
}

/* v holds a derived profile; c has the command's overrides. */
static MUST_USE enum err_code build(struct view *v, const struct command *command, struct str param,
    const struct config *c, struct buf *warnings, struct err *e)
{
	struct profile *p = &v->profile;
	struct num_units units;

	TRY(num_units_find(&units, p, warnings, e));
	v->options.num_units = units;
	TRY(add_tag_frames(p, c, warnings, e));
	if (c->relative_percentages)
		TRY(filters_apply(p, c, &units, warnings, e));
	TRY(choose_value(v, c, e));
	TRY(set_symbol(v, command, param, e));
	if (!c->relative_percentages)
		TRY(filters_apply(p, c, &units, warnings, e));
	return aggregate(p, c, e);
}

enum err_code pipeline_view(struct view *v, const struct driver *d, const struct command *command,
    struct str param, const struct config *config, struct buf *warnings, struct err *e)
{
	struct config c = *config;
	enum err_code code;

	*v = (struct view){ 0 };
	command_override(command, &c);
	copy_options(&v->options, &c);
	v->options.format = command->format;
	v->options.source = &d->source;
	code = profile_derive(&v->profile, &d->profile, e);
	if (code == OK)
		code = build(v, command, param, &c, warnings, e);
	if (code != OK)
		pipeline_release(v);
	return code;
}

enum err_code pipeline_plain_view(struct view *v, const struct driver *d,
    const struct config *config, struct buf *warnings, struct err *e)
{
	struct num_units units;
	enum err_code code;

	*v = (struct view){ 0 };
	copy_options(&v->options, config);
	v->options.source = &d->source;
	code = profile_derive(&v->profile, &d->profile, e);
	if (code == OK)
		code = num_units_find(&units, &v->profile, warnings, e);
	if (code == OK)
		code = choose_value(v, config, e);
	if (code != OK)
		pipeline_release(v);
	return code;
}

void pipeline_release(struct view *v)
{
	regex_free(v->symbol);
	profile_release(&v->profile);
	*v = (struct view){ 0 };
}
