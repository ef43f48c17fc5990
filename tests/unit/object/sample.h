/* Helpers to open the sample programs and to find marked lines in their source. */
#ifndef TESTS_UNIT_OBJECT_SAMPLE_H
#define TESTS_UNIT_OBJECT_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>

#include "object/object.h"

static inline struct object *sample_open(const char *name)
{
	char path[4096];
	struct object *o = NULL;
	struct err e;

	snprintf(path, sizeof path, SAMPLE_DIR "/%s", name);
	if (object_open(&o, str_c(path), &e) != OK) {
		fprintf(stderr, "%s\n", e.msg);
		abort();
	}
	return o;
}

/* False, with a line, for samples that this machine has not the programs to make. */
static inline bool sample_exists(const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, SAMPLE_DIR "/%s", name);
	f = fopen(path, "r");
	if (!f)
		printf("skipped: there is no sample \"%s\" on this machine\n", name);
	else
		fclose(f);
	return f != NULL;
}

/* Number of the source line that has the text; aborts when there is none. */
static inline int64_t sample_line(const char *text)
{
	char line[1024];
	FILE *f = fopen(SAMPLE_C, "r");
	int64_t n = 0;

	while (f && fgets(line, sizeof line, f)) {
		n++;
		if (strstr(line, text)) {
			fclose(f);
			return n;
		}
	}
	abort();
}

/* Never NULL: a missing symbol aborts. */
static inline __attribute__((returns_nonnull)) const struct object_symbol *sample_symbol(
    struct object *o, const char *name)
{
	const struct object_symbol *v;
	struct err e;
	size_t n;

	if (object_symbols(o, &v, &n, &e) != OK)
		abort();
	for (size_t i = 0; i < n; i++)
		if (str_is(v[i].name, name))
			return &v[i];
	fprintf(stderr, "no symbol %s\n", name);
	abort();
}

static inline bool text_is(struct str s, const char *want)
{
	if (str_is(s, want))
		return true;
	fprintf(stderr, "got \"%.*s\", want \"%s\"\n", STR_ARG(s), want);
	return false;
}

#endif
