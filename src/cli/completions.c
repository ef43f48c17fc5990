/* Completion scripts, made from the tables; declared in manual.h. */
#include "cli/manual.h"

#include "driver/commands_table.h"
#include "driver/options_table.h"

/* Called for every flag: argument is NULL for one without value. */
typedef void each_flag(struct buf *out, const char *name, const char *argument, struct str help);

static void for_table(struct buf *out, const struct option *table, size_t n, each_flag *each)
{
	for (size_t i = 0; i < n; i++) {
		const struct option *o = &table[i];

		for (const struct option_choice *c = o->choices; c && c->name; c++)
			each(out, c->name, NULL, option_summary(c->help));
		if (!o->choices)
			each(out, o->name, o->argument, option_summary(o->help));
	}
}

static void for_flags(struct buf *out, each_flag *each)
{
	for (size_t i = 0; i < n_commands; i++)
		each(out, commands[i].name, commands[i].has_param ? "regex" : NULL,
		    str_c(commands[i].summary));
	for_table(out, config_options, n_config_options, each);
	for_table(out, request_options, n_request_options, each);
}

static void bash_word(struct buf *out, const char *name, const char *argument, struct str help)
{
	(void)help;
	buf_printf(out, " -%s%s", name, argument ? "=" : "");
}

void manual_bash(struct buf *out)
{
	BUF_LIT(out, "# bash completion for pprof\n_pprof() {\n"
		     "\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
		     "\tCOMPREPLY=()\n"
		     "\tif [[ $cur == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W '");
	for_flags(out, bash_word);
	BUF_LIT(out, "' -- \"$cur\"))\n"
		     "\t\t[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && "
		     "compopt -o nospace\n"
		     "\t\treturn\n\tfi\n"
		     "\t[[ $COMP_CWORD == 1 ]] && COMPREPLY=($(compgen -W run -- \"$cur\"))\n"
		     "\tCOMPREPLY+=($(compgen -f -- \"$cur\"))\n"
		     "}\ncomplete -o filenames -F _pprof pprof\n");
}

/* Text inside single quotes, without the characters zsh gives a meaning in descriptions. */
static void add_quoted(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '\'')
			BUF_LIT(out, "'\\''");
		else if (c == '[' || c == ']' || c == ':')
			buf_printf(out, "\\%c", c);
		else
			buf_char(out, c);
	}
}

static void zsh_line(struct buf *out, const char *name, const char *argument, struct str help)
{
	buf_printf(out, "\t'-%s%s[", name, argument ? "=-" : "");
	add_quoted(out, help);
	buf_printf(out, "]%s", argument ? ":" : "");
	add_quoted(out, str_c(argument ? argument : ""));
	buf_printf(out, "%s' \\\n",
	    !argument                       ? ""
	    : strcmp(argument, "file") == 0 ? ":_files"
					    : ": ");
}

void manual_zsh(struct buf *out)
{
	BUF_LIT(out, "#compdef pprof\n_arguments \\\n");
	for_flags(out, zsh_line);
	BUF_LIT(out, "\t'*:source:_files'\n");
}

static void fish_line(struct buf *out, const char *name, const char *argument, struct str help)
{
	buf_printf(out, "complete -c pprof -o %s%s -d '", name, argument ? " -r" : "");
	for (size_t i = 0; i < help.n; i++)
		buf_printf(out, "%s%c", help.p[i] == '\'' ? "\\" : "", help.p[i]);
	BUF_LIT(out, "'\n");
}

void manual_fish(struct buf *out)
{
	BUF_LIT(out,
	    "complete -c pprof -n __fish_is_first_arg -a run -d 'run a command and profile it'\n");
	for_flags(out, fish_line);
}
