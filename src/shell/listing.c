/* `o` and `help` of the shell, see listing.h. */
#include "shell/listing.h"

#include <stdlib.h>

#include "driver/options_table.h"
#include "driver/usage.h"

#define MAX_LINES   64
#define MAX_CHOICES 16

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* "[a | b]" of sorted words. */
static void add_words(struct buf *out, const struct str *words, size_t n)
{
	BUF_LIT(out, "//: [");
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s", i ? " | " : "");
		buf_add_str(out, words[i]);
	}
	buf_char(out, ']');
}

static void add_choices(struct buf *out, const struct option *o)
{
	struct str words[MAX_CHOICES];
	size_t n = 0;

	for (; o->choices[n].name && n < MAX_CHOICES; n++)
		words[n] = str_c(o->choices[n].name);
	qsort(words, n, sizeof words[0], by_text);
	add_words(out, words, n);
}

/* The types in the order of the profile; the value shown is the one that would be used. */
static void add_sample_types(struct driver *d, struct buf *value, struct buf *comment)
{
	const struct profile *p = &d->profile;
	uint32_t index;
	struct err e;

	BUF_LIT(comment, "//: [");
	for (uint32_t i = 0; i < p->n_sample_types; i++) {
		buf_printf(comment, "%s", i ? " | " : "");
		buf_add_str(comment, profile_str(p, p->sample_types[i].type));
	}
	buf_char(comment, ']');
	if (value->n == 0 && driver_sample_index(p, STR(""), &index, &e) == OK)
		buf_add_str(value, profile_str(p, p->sample_types[index].type));
}

static struct str option_line(struct driver *d, const struct option *o)
{
	struct buf comment = { 0 };
	struct buf value = { 0 };
	struct str line;

	option_print(o, &d->config, &value);
	if (o->kind == OPTION_CHOICE)
		add_choices(&comment, o);
	else if (strcmp(o->name, "sample_index") == 0)
		add_sample_types(d, &value, &comment);
	else if (strcmp(o->name, "nodecount") == 0 && d->config.nodecount == -1)
		BUF_LIT(&comment, "//: default");
	else if (value.n == 0)
		BUF_LIT(&value, "\"\"");
	if (value.n == 0)
		BUF_LIT(&value, "(default)");
	line =
	    arena_printf(&d->arena, "  %-25s = %-20s %s", o->name, buf_c(&value), buf_c(&comment));
	buf_release(&value);
	buf_release(&comment);
	return line;
}

void listing_options(struct driver *d)
{
	struct str lines[MAX_LINES];
	struct buf out = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < n_config_options && n < MAX_LINES; i++) {
		struct str line = { NULL, 0 };

		if (strcmp(config_options[i].name, "source_path") != 0)
			line = option_line(d, &config_options[i]);
		if (line.p)
			lines[n++] = line;
	}
	qsort(lines, n, sizeof lines[0], by_text);
	for (size_t i = 0; i < n; i++) {
		buf_add_str(&out, lines[i]);
		buf_char(&out, '\n');
	}
	ui_print(&d->ui, "%s", buf_c(&out));
	buf_release(&out);
}

static void help_all(struct buf *out)
{
	BUF_LIT(out, "  Commands:\n");
	usage_commands(out, "");
	usage_line(out, "", "o, options", "The options and their values");
	usage_line(out, "", "q, quit, exit, ^D", "Leave");
	usage_line(out, "", ":", "Clear focus, ignore, hide, tagfocus and tagignore");
	BUF_LIT(out, "\n  Options, set with name=value:\n");
	usage_options(out, "");
	BUF_LIT(out, "\n  help and the name of a command or option tells more\n");
}

/* False when there is nothing called so. */
static bool help_one(struct buf *out, struct str topic)
{
	const struct command *c = command_find(topic);
	const struct option_choice *choice;
	const struct option *o = option_find(topic);

	if (c)
		command_help(c, out);
	else if (o)
		buf_printf(out, "%s\n", o->help);
	else if (option_find_choice(topic, &choice))
		buf_printf(out, "%s\n", choice->help);
	else
		return false;
	return true;
}

void listing_help(struct driver *d, struct str topic)
{
	struct buf out = { 0 };

	if (topic.n == 0)
		help_all(&out);
	else if (!help_one(&out, topic))
		ui_error(&d->ui, "Unknown command: %.*s", STR_ARG(topic));
	if (out.n)
		ui_print(&d->ui, "%s", buf_c(&out));
	buf_release(&out);
}
