/*
 * The settings file, see settings.h. jansson parses; the text is written by hand so that numbers
 * and the order of options stay as in the table. Called by the web face.
 */
#include "driver/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/options_table.h"
#include "driver/outfile.h"

enum err_code settings_path(struct arena *a, struct str *path, struct err *e)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (config && *config)
		*path = arena_printf(a, "%s/pprof/settings.json", config);
	else if (home && *home)
		*path = arena_printf(a, "%s/.config/pprof/settings.json", home);
	else
		return FAIL(e, ERR_NOT_FOUND, "neither $XDG_CONFIG_HOME nor $HOME are defined");
	return path->p ? OK : FAIL_NOMEM(e);
}

/* The file's bytes; empty when there is no file. */
static MUST_USE enum err_code read_text(const char *path, struct buf *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (fd < 0 && errno == ENOENT)
		return OK;
	if (fd < 0)
		return FAIL_SYS(e, errno, "could not read settings: open %s", path);
	while (n > 0 && out->n <= SETTINGS_MAX && buf_reserve(out, 1 << 14)) {
		n = read(fd, out->p + out->n, out->cap - out->n);
		if (n > 0)
			out->n += (size_t)n;
	}
	close(fd);
	if (n < 0)
		return FAIL(e, ERR_IO, "could not read settings: read %s", path);
	if (out->n > SETTINGS_MAX)
		return FAIL(e, ERR_LIMIT, "could not read settings: %s is too large", path);
	return buf_failed(out) ? FAIL_NOMEM(e) : OK;
}

/* Text of a JSON value as option_set wants it; what is absent is zero. */
static void value_text(const json_t *value, const struct option *o, struct buf *out)
{
	bool number = o->kind == OPTION_INT || o->kind == OPTION_FLOAT;

	if (json_is_string(value))
		buf_add(out, json_string_value(value), json_string_length(value));
	else if (json_is_boolean(value))
		buf_printf(out, "%s", json_is_true(value) ? "true" : "false");
	else if (json_is_integer(value))
		buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		buf_printf(out, "%.17g", json_real_value(value));
	else
		buf_printf(out, "%s", number ? "0" : o->kind == OPTION_BOOL ? "false" : "");
}

static MUST_USE enum err_code read_entry(
    struct settings *s, const json_t *object, const struct config *current, struct err *e)
{
	struct settings_entry *entry = &s->v[s->n];
	const char *name = json_string_value(json_object_get(object, "name"));
	enum err_code code = OK;

	entry->config = *current;
	entry->name = arena_str(&s->arena, str_c(name ? name : ""));
	for (size_t i = 0; code == OK && i < n_config_options; i++) {
		const struct option *o = &config_options[i];
		struct buf text = { 0 };

		if (!o->saved)
			continue;
		value_text(json_object_get(object, o->name), o, &text);
		if (buf_failed(&text))
			code = FAIL_NOMEM(e);
		else if (o->kind == OPTION_CHOICE && text.n == 0)
			*(struct str *)(void *)((char *)&entry->config + o->offset) = STR("");
		else
			code = option_set(o, &entry->config, buf_str(&text), &s->arena, e);
		buf_release(&text);
	}
	s->n++;
	return code;
}

static MUST_USE enum err_code read_entries(
    struct settings *s, const json_t *root, const struct config *current, struct err *e)
{
	const json_t *list = json_object_get(root, "configs");
	size_t n = json_array_size(list);

	s->v = ARENA_ARRAY(&s->arena, struct settings_entry, n);
	if (!s->v)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < n; i++)
		TRY(read_entry(s, json_array_get(list, i), current, e));
	return arena_failed(&s->arena) ? FAIL_NOMEM(e) : OK;
}

static MUST_USE enum err_code parse(
    struct settings *s, struct str text, const struct config *current, struct err *e)
{
	json_error_t why;
	json_t *root;
	enum err_code code;

	if (text.n == 0)
		return OK;
	root = json_loadb(text.p, text.n, 0, &why);
	if (!root)
		return FAIL(e, ERR_FORMAT, "could not parse settings: %s", why.text);
	code = read_entries(s, root, current, e);
	if (code == ERR_USAGE)
		err_prefix(e, "could not parse settings");
	json_decref(root);
	return code;
}

enum err_code settings_load(
    struct settings *s, struct str path, const struct config *current, struct err *e)
{
	struct buf text = { 0 };
	enum err_code code = read_text(path.p, &text, e);

	*s = (struct settings){ 0 };
	if (code == OK)
		code = parse(s, buf_str(&text), current, e);
	buf_release(&text);
	if (code != OK)
		settings_release(s);
	return code;
}

void settings_release(struct settings *s)
{
	arena_release(&s->arena);
	*s = (struct settings){ 0 };
}

static void add_string(struct buf *out, struct str s)
{
	buf_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < ' ')
			buf_printf(out, "\\u%04x", c);
		else
			buf_char(out, (char)c);
	}
	buf_char(out, '"');
}

static void add_entry(struct buf *out, const struct settings_entry *entry)
{
	BUF_LIT(out, "    {\n      \"name\": ");
	add_string(out, entry->name);
	for (size_t i = 0; i < n_config_options; i++) {
		const struct option *o = &config_options[i];
		bool text = o->kind == OPTION_STRING || o->kind == OPTION_CHOICE;
		struct buf value = { 0 };

		option_print(o, &entry->config, &value);
		if (o->saved && value.n) {
			buf_printf(out, ",\n      \"%s\": ", o->name);
			if (text)
				add_string(out, buf_str(&value));
			else
				buf_add_str(out, buf_str(&value));
		}
		out->failed |= buf_failed(&value);
		buf_release(&value);
	}
	BUF_LIT(out, "\n    }");
}

/* Makes the directory the file lies in, and its parent. */
static MUST_USE enum err_code make_directories(struct str path, struct err *e)
{
	struct arena a = { 0 };
	struct str dir = arena_str(&a, str_head(path, str_rfind_char(path, '/')));
	struct str parent = arena_str(&a, str_head(dir, str_rfind_char(dir, '/')));
	enum err_code code = OK;

	if (arena_failed(&a))
		code = FAIL_NOMEM(e);
	else if (mkdir(parent.p, 0700), mkdir(dir.p, 0700) != 0 && errno != EEXIST)
		code = FAIL_SYS(e, errno, "failed to create settings directory: mkdir %s", dir.p);
	arena_release(&a);
	return code;
}

static MUST_USE enum err_code write_all(const struct settings *s, struct str path, struct err *e)
{
	struct buf out = { 0 };
	enum err_code code;

	BUF_LIT(&out, "{\n  \"configs\": [");
	for (uint32_t i = 0; i < s->n; i++) {
		buf_printf(&out, "%s\n", i ? "," : "");
		add_entry(&out, &s->v[i]);
	}
	buf_printf(&out, "%s]\n}\n", s->n ? "\n  " : "");
	code = buf_failed(&out) ? FAIL_NOMEM(e) : make_directories(path, e);
	if (code == OK) {
		code = outfile_write(path, buf_str(&out), e);
		if (code != OK)
			err_prefix(e, "failed to write settings");
	}
	buf_release(&out);
	return code;
}

static struct settings_entry *find(const struct settings *s, struct str name)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i].name, name))
			return &s->v[i];
	return NULL;
}

/* The list with one more (uninitialized) entry at its end. */
static struct settings_entry *append(struct settings *s)
{
	struct settings_entry *v = ARENA_ARRAY(&s->arena, struct settings_entry, s->n + 1);

	if (!v)
		return NULL;
	if (s->n)
		memcpy(v, s->v, s->n * sizeof *v);
	s->v = v;
	return &v[s->n++];
}

enum err_code settings_save(
    struct str path, struct str name, const struct config *config, struct err *e)
{
	struct settings_entry *entry;
	struct settings s;
	enum err_code code;

	if (name.n == 0)
		return FAIL(e, ERR_USAGE, "invalid config name");
	TRY(settings_load(&s, path, config, e));
	entry = find(&s, name);
	if (!entry)
		entry = append(&s);
	if (entry) {
		*entry = (struct settings_entry){ name, *config };
		code = write_all(&s, path, e);
	} else {
		code = FAIL_NOMEM(e);
	}
	settings_release(&s);
	return code;
}

enum err_code settings_delete(struct str path, struct str name, struct err *e)
{
	struct settings_entry *entry;
	struct settings s;
	struct config any;
	enum err_code code;

	config_init(&any);
	TRY(settings_load(&s, path, &any, e));
	entry = find(&s, name);
	if (entry) {
		memmove(entry, entry + 1, (size_t)(s.v + s.n - entry - 1) * sizeof *entry);
		s.n--;
		code = write_all(&s, path, e);
	} else {
		code = FAIL(e, ERR_NOT_FOUND, "config %.*s not found", STR_ARG(name));
	}
	settings_release(&s);
	return code;
}
