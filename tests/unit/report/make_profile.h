/*
 * Hand-made profiles for the tests of reports: parts are added one by one, then make_done puts
 * them into a struct profile. Any failure ends the test.
 */
#ifndef TESTS_REPORT_MAKE_PROFILE_H
#define TESTS_REPORT_MAKE_PROFILE_H

#include "base/vec.h"
#include "profile/profile.h"
#include "report/report.h"

struct maker {
	struct profile p;
	VEC(struct mapping) mappings;
	VEC(struct function) functions;
	VEC(struct line) lines;
	VEC(struct location) locations;
	VEC(struct label) labels;
	VEC(int64_t) values;
	VEC(uint32_t) stack_at;
	VEC(uint32_t) stacks;
	VEC(uint32_t) label_at;
	VEC(str_id) comments;
	VEC(struct value_type) types;
};

void make_init(struct maker *m);
/* The profile in m->p is ready for use until make_release. */
struct profile *make_done(struct maker *m);
void make_release(struct maker *m);

void make_type(struct maker *m, const char *type, const char *unit);
void make_comment(struct maker *m, const char *text);
uint32_t make_mapping(struct maker *m, uint64_t start, uint64_t limit, const char *file);
uint32_t make_function(struct maker *m, const char *name, const char *file, int64_t start_line);
/* A location without lines. */
uint32_t make_location(struct maker *m, uint64_t address, uint32_t mapping);
/* Adds a line to the location made last: inlined ones first. */
void make_line(struct maker *m, uint32_t function, int64_t line);
/* One function, one line, no address. */
uint32_t make_frame(struct maker *m, const char *function);
/* values: one a type; stack: leaf first. */
void make_sample(struct maker *m, const int64_t *values, const uint32_t *stack, size_t depth);
/* Labels of the sample made last. */
void make_label(struct maker *m, const char *key, const char *text);
void make_number(struct maker *m, const char *key, int64_t number, const char *unit);

#define MAKE_SAMPLE(m, values, ...)                                                                \
	make_sample((m), (values), (const uint32_t[]){ __VA_ARGS__ },                              \
	    sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))
#define VALUES(...) ((const int64_t[]){ __VA_ARGS__ })

/* Options that print everything of the last column in automatic units. */
struct report_options make_options(const struct profile *p, enum report_format format);
/* The report's text, to be freed with buf_release; fails the test on an error. */
struct buf make_report(const struct profile *p, const struct report_options *o);
/* The message of the error that the report must end with. */
struct err make_report_error(const struct profile *p, const struct report_options *o);

/* Fails with both texts when they differ, and releases `got`. */
void assert_report(struct buf got, const char *want);

#endif
