/*
 * A small reader of gzip-compressed profile.proto for the runtime's tests, written from the format
 * alone: it shares no code with the encoder that it checks.
 */
#ifndef TESTS_PROCESS_PROFILE_READER_H
#define TESTS_PROCESS_PROFILE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A label, a number or a text: strings by number. */
#define READER_LABELS 12

struct reader_label {
	uint64_t key, unit, text;
	int64_t value;
};

struct reader_sample {
	uint64_t locations[256];
	size_t depth;
	int64_t values[8];
	size_t n_values;
	int64_t bytes_label; /* the label without unit; 0 when absent */
	struct reader_label labels[READER_LABELS];
	size_t n_labels;
};

struct reader_location {
	uint64_t id, mapping, address, function;
};

struct reader_mapping {
	uint64_t id, start, limit, offset;
	const char *file, *build_id;
};

struct reader_profile {
	struct reader_sample *samples;
	struct reader_location *locations;
	struct reader_mapping *mappings;
	char **strings;
	uint64_t *functions; /* name string by order */
	size_t n_samples, n_locations, n_mappings, n_strings, n_functions;
	const char *types[8][2]; /* sample types: type, unit */
	size_t n_types;
	const char *period_type[2];
	const char *default_type;
	const char *drop_frames;
	int64_t period, time_ns, duration_ns;
};

/* Reads all; false when anything is malformed. Release with reader_close. */
bool reader_open(const void *gz, size_t n, struct reader_profile *p);
/* Value of the sample's label `key`, which must be in seconds; -1 when it has none. */
int64_t reader_seconds(
    const struct reader_profile *p, const struct reader_sample *s, const char *key);
/* The sample's text label `key`; "" when it has none. */
const char *reader_text(
    const struct reader_profile *p, const struct reader_sample *s, const char *key);
/* The name of a location's function; "" when the profile has none. */
const char *reader_function(const struct reader_profile *p, uint64_t location);
void reader_close(struct reader_profile *p);

#endif
