/*
 * Configurations that the web pages save under a name: $XDG_CONFIG_HOME/pprof/settings.json, else
 * $HOME/.config/pprof/settings.json, in the form {"configs":[{"name":…, option: value …}]} that
 * google/pprof reads and writes too. We write every saved option, also those that hold false or 0;
 * an option that is absent reads as false, 0 or "", because google/pprof leaves such values out.
 */
#ifndef DRIVER_SETTINGS_H
#define DRIVER_SETTINGS_H

#include "base/arena.h"
#include "base/err.h"
#include "core/str.h"
#include "driver/config.h"

/* Most bytes of a settings file. */
#define SETTINGS_MAX ((size_t)4 << 20)

struct settings_entry {
	struct str name;
	struct config config;
};

/* A zero struct is valid and empty. */
struct settings {
	struct arena arena;
	struct settings_entry *v;
	uint32_t n;
};

/* Path of the file; lives in a. ERR_NOT_FOUND when neither variable is set. */
enum err_code settings_path(struct arena *a, struct str *path, struct err *e) MUST_USE;

/*
 * Reads the file; one that does not exist is empty. Options that are not saved are taken from
 * *current. ERR_IO "could not read settings: …", ERR_FORMAT "could not parse settings: …".
 */
enum err_code settings_load(
    struct settings *s, struct str path, const struct config *current, struct err *e) MUST_USE;
void settings_release(struct settings *s);

/*
 * Adds or replaces the entry `name` in the file, which appears complete or not at all. ERR_USAGE
 * "invalid config name" for "".
 */
enum err_code settings_save(
    struct str path, struct str name, const struct config *config, struct err *e) MUST_USE;
/* Removes it. ERR_NOT_FOUND "config NAME not found". */
enum err_code settings_delete(struct str path, struct str name, struct err *e) MUST_USE;

#endif
