/*
 * Candidates for Tab, see complete.h. Commands and options are matched by prefix without case;
 * functions by any part of the name, since what one remembers of a name is rarely its beginning.
 */
#include "shell/complete.h"

#include <stdlib.h>
#include <strings.h>

#include "driver/options_table.h"

static const char *const shell_words[] = { "exit", "help", "options", "quit" };

static void add(struct completion *c, struct str candidate)
{
	if (c->n < COMPLETE_MAX && candidate.p)
		c->v[c->n++] = candidate;
}

/* How far labels are looked for. */
#define LABELLED_SAMPLES 1000

static bool holds(const struct completion *c, struct str candidate)
{
	for (size_t i = 0; i < c->n; i++)
		if (str_eq(c->v[i], candidate))
			return true;
	return false;
}

static bool starts_nocase(const char *name, struct str prefix)
{
	return strlen(name) >= prefix.n && strncasecmp(name, prefix.p, prefix.n) == 0;
}

static void add_options(struct completion *c, struct str prefix)
{
	for (size_t i = 0; i < n_config_options; i++) {
		const struct option *o = &config_options[i];

		if (starts_nocase(o->name, prefix))
			add(c, str_c(o->name));
		for (size_t k = 0; o->choices && o->choices[k].name; k++)
			if (starts_nocase(o->choices[k].name, prefix))
				add(c, str_c(o->choices[k].name));
	}
}

static void add_first_words(struct completion *c, struct str prefix)
{
	for (size_t i = 0; i < n_commands; i++)
		if (starts_nocase(commands[i].name, prefix))
			add(c, str_c(commands[i].name));
	for (size_t i = 0; i < sizeof shell_words / sizeof shell_words[0]; i++)
		if (starts_nocase(shell_words[i], prefix))
			add(c, str_c(shell_words[i]));
	add_options(c, prefix);
}

/* A name as a pattern that matches it. Dots stay as they are: they match themselves too. */
static struct str pattern_of(struct str name, bool minus, struct arena *arena)
{
	struct buf text = { 0 };
	struct str pattern;

	if (minus)
		buf_char(&text, '-');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] && strchr("()[]{}*+?|^$\\", name.p[i]))
			buf_char(&text, '\\');
		buf_char(&text, name.p[i]);
	}
	pattern = buf_failed(&text) ? (struct str){ NULL, 0 } : arena_str(arena, buf_str(&text));
	buf_release(&text);
	return pattern;
}

/* What somebody means who typed a part of a pattern. */
static struct str name_part(struct str word, struct arena *arena)
{
	char *text = arena_alloc(arena, word.n + 1);
	size_t n = 0;

	for (size_t i = 0; text && i < word.n; i++)
		if (word.p[i] != '\\')
			text[n++] = word.p[i];
	return text ? (struct str){ text, n } : STR("");
}

/* Functions with the word in their name; a leading '-' of the word stays in front. */
static void add_functions(
    struct completion *c, const struct driver *d, struct str word, struct arena *arena)
{
	const struct profile *p = &d->profile;
	bool minus = word.n > 0 && word.p[0] == '-';
	struct str part = name_part(minus ? str_skip(word, 1) : word, arena);

	if (part.n == 0)
		return;
	for (uint32_t i = 0; i < p->n_functions && c->n < COMPLETE_MAX; i++) {
		struct str name = profile_str(p, p->functions[i].name);

		if (str_find(name, part) != STR_NPOS)
			add(c, pattern_of(name, minus, arena));
	}
}

/* Keys of the labels of the first samples: what tagroot and the tag filters may name. */
static void add_label_keys(struct completion *c, const struct profile *p, struct str prefix)
{
	for (size_t i = 0; i < p->samples.n && i < LABELLED_SAMPLES; i++) {
		size_t n;
		const struct label *labels = sample_labels(p, i, &n);

		for (size_t k = 0; k < n; k++) {
			struct str key = profile_str(p, labels[k].key);

			if (str_starts(key, prefix) && !holds(c, key))
				add(c, key);
		}
	}
}

static void add_words(struct completion *c, const char *const *words, struct str prefix)
{
	for (; *words; words++)
		if (starts_nocase(*words, prefix))
			add(c, str_c(*words));
}

/* Values of "name=": words of a choice, sample types, label keys, functions for the filters. */
static void add_values(struct completion *c, const struct driver *d, struct str name,
    struct str prefix, struct arena *arena)
{
	static const char *const bools[] = { "true", "false", NULL };
	static const char *const units[] = { "minimum", "auto", NULL };
	const struct option *o = option_find(name);
	const struct profile *p = &d->profile;

	if (!o)
		return;
	for (size_t k = 0; o->choices && o->choices[k].name; k++)
		if (starts_nocase(o->choices[k].name, prefix))
			add(c, str_c(o->choices[k].name));
	for (uint32_t i = 0; str_is(name, "sample_index") && i < p->n_sample_types; i++) {
		struct str type = profile_str(p, p->sample_types[i].type);

		if (str_starts(type, prefix))
			add(c, type);
	}
	if (o->kind == OPTION_BOOL)
		add_words(c, bools, prefix);
	if (str_is(name, "unit"))
		add_words(c, units, prefix);
	if (str_starts(name, STR("tag")))
		add_label_keys(c, p, prefix);
	else if (o->argument && str_is(str_c(o->argument), "regex"))
		add_functions(c, d, prefix, arena);
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Sorts, drops doubles and finds the common beginning. */
static void finish(struct completion *c)
{
	size_t kept = 0;

	qsort(c->v, c->n, sizeof *c->v, by_text);
	for (size_t i = 0; i < c->n; i++)
		if (i == 0 || !str_eq(c->v[i], c->v[kept - 1]))
			c->v[kept++] = c->v[i];
	c->n = kept;
	if (c->n == 0)
		return;
	c->common = c->v[0];
	for (size_t i = 1; i < c->n; i++) {
		size_t same = 0;

		while (
		    same < c->common.n && same < c->v[i].n && c->common.p[same] == c->v[i].p[same])
			same++;
		c->common.n = same;
	}
}

static size_t word_start(struct str line)
{
	size_t at = line.n;

	while (at > 0 && line.p[at - 1] != ' ' && line.p[at - 1] != '\t')
		at--;
	return at;
}

/* "top10" is "top" with its first argument. */
static bool takes_functions(struct str command)
{
	while (!command_find(command) && command.n && command.p[command.n - 1] >= '0' &&
	       command.p[command.n - 1] <= '9')
		command.n--;
	return command_find(command) && !str_is(command, "tags");
}

void complete_line(
    const struct driver *d, struct str line, struct arena *arena, struct completion *out)
{
	size_t start = word_start(line);
	struct str word = str_skip(line, start);
	struct str before = str_trim(str_head(line, start));
	struct str command = str_head(before, str_find_char(before, ' '));
	size_t equals = str_find_char(line, '=');

	*out = (struct completion){ .start = start, .common = STR("") };
	out->v = ARENA_ARRAY(arena, struct str, COMPLETE_MAX);
	if (!out->v)
		return;
	if (equals != STR_NPOS) {
		out->start = equals + 1;
		add_values(
		    out, d, str_trim(str_head(line, equals)), str_skip(line, equals + 1), arena);
	} else if (before.n == 0 || str_is(before, "help")) {
		add_first_words(out, word);
	} else if (takes_functions(command)) {
		add_functions(out, d, word, arena);
	}
	finish(out);
}
