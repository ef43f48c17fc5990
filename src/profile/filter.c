/*
 * The filters by name and by label. Each decides once per location (and each expression once per
 * string), then goes over the stacks once.
 */
#include "profile/filter.h"

#include "profile/sieve.h"

/* What is known about a location. */
#define FOCUSED 1u
#define IGNORED 2u
#define HIDDEN  4u /* by hide or show: not one line is left */

struct name_filter {
	struct profile *p;
	struct string_match focus;
	struct string_match ignore;
	struct string_match hide;
	struct string_match show;
	unsigned char *marks;       /* by location */
	struct location *locations; /* new ones, when lines go; else NULL */
	struct line *lines;
	uint32_t n_lines;
	struct filter_matched *matched;
};

/* Of all locations: lines may be several locations'. */
static size_t count_lines(const struct profile *p)
{
	size_t n = 0;

	for (uint32_t i = 0; i < p->n_locations; i++)
		n += p->locations[i].n_lines;
	return n;
}

static MUST_USE enum err_code name_filter_init(
    struct name_filter *f, struct profile *p, struct err *e)
{
	f->p = p;
	f->marks = ARENA_ARRAY(&p->arena, unsigned char, p->n_locations);
	if (f->hide.re || f->show.re) {
		f->locations = arena_alloc_raw(&p->arena, p->n_locations, sizeof *f->locations);
		f->lines = arena_alloc_raw(&p->arena, count_lines(p), sizeof *f->lines);
	}
	return arena_failed(&p->arena) ? FAIL_NOMEM(e) : OK;
}

static void mark_focus(struct name_filter *f, uint32_t i)
{
	const struct location *l = &f->p->locations[i];

	if (location_matches(&f->ignore, l)) {
		f->matched->ignore = true;
		f->marks[i] |= IGNORED;
	} else if (!f->focus.re || location_matches(&f->focus, l)) {
		f->matched->focus = true;
		f->marks[i] |= FOCUSED;
	}
}

/* Whether hide leaves a line of a location whose mapping it does not match. */
static bool survives_hide(struct name_filter *f, const struct line *l)
{
	return !line_matches(&f->hide, l);
}

static bool survives_show(struct name_filter *f, const struct line *l)
{
	return l->function == PROFILE_NONE || line_matches(&f->show, l);
}

/* Copies the lines that stay and marks the location when none does. */
static void hide_lines(struct name_filter *f, uint32_t i)
{
	const struct location *from = &f->p->locations[i];
	const struct line *lines = location_lines(f->p, from);
	bool hits = f->hide.re && location_matches(&f->hide, from);
	bool hides_all = hits && mapping_matches(&f->hide, from);
	bool shows_all = !f->show.re || mapping_matches(&f->show, from);
	struct location *to = &f->locations[i];

	*to = *from;
	to->first_line = f->n_lines;
	to->n_lines = 0;
	for (uint32_t k = 0; k < from->n_lines && !hides_all; k++) {
		if ((hits && !survives_hide(f, &lines[k])) ||
		    (!shows_all && !survives_show(f, &lines[k])))
			continue;
		f->lines[f->n_lines++] = lines[k];
		to->n_lines++;
	}
	f->matched->hide |= hits;
	f->matched->show |= f->show.re && to->n_lines > 0;
	/* A location without lines from the start is only hidden by what matched, or by show. */
	if (to->n_lines == 0 && (hits || f->show.re))
		f->marks[i] |= HIDDEN;
}

static void decide_locations(struct name_filter *f)
{
	for (uint32_t i = 0; i < f->p->n_locations && !cancel_now(f->p->cancel, i); i++) {
		mark_focus(f, i);
		if (f->locations)
			hide_lines(f, i);
	}
	if (!f->locations)
		return;
	f->p->locations = f->locations;
	f->p->lines = f->lines;
	f->p->n_lines = f->n_lines;
}

/* Marks that the stack has at all, and in *visible the frames that are not hidden. */
static unsigned stack_marks(
    const struct name_filter *f, const uint32_t *stack, size_t depth, size_t *visible)
{
	unsigned marks = 0;
	size_t hidden = 0;

	for (size_t i = 0; i < depth; i++) {
		marks |= f->marks[stack[i]];
		hidden += (f->marks[stack[i]] & HIDDEN) != 0;
	}
	*visible = depth - hidden;
	return marks;
}

static void copy_visible(
    const struct name_filter *f, uint32_t *to, const uint32_t *stack, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		if (!(f->marks[stack[i]] & HIDDEN))
			*to++ = stack[i];
}

static void sift_by_name(const struct name_filter *f, struct sieve *s)
{
	for (size_t i = 0; i < f->p->samples.n && !cancel_now(f->p->cancel, i); i++) {
		size_t depth, visible;
		const uint32_t *stack = sample_stack(f->p, i, &depth);
		unsigned marks = stack_marks(f, stack, depth, &visible);

		if (!(marks & FOCUSED) || (marks & IGNORED) || visible == 0)
			continue;
		if (visible == depth)
			memcpy(sieve_stack(s), stack, depth * sizeof *stack);
		else
			copy_visible(f, sieve_stack(s), stack, depth);
		sieve_keep(s, i, visible);
	}
	sieve_publish(s);
}

static bool any_empty_stack(const struct samples *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->stack_at[i] == s->stack_at[i + 1])
			return true;
	return false;
}

enum err_code profile_filter_by_name(struct profile *p, const struct regex *focus,
    const struct regex *ignore, const struct regex *hide, const struct regex *show,
    struct filter_matched *m, struct err *e)
{
	struct name_filter f = { .matched = m };
	struct sieve s;

	*m = (struct filter_matched){ 0 };
	/* Without expressions only samples without a stack go, and there are hardly ever any. */
	if (!focus && !ignore && !hide && !show && !any_empty_stack(&p->samples)) {
		m->focus = p->n_locations > 0;
		return OK;
	}
	TRY(string_match_init(&f.focus, p, focus, e));
	TRY(string_match_init(&f.ignore, p, ignore, e));
	TRY(string_match_init(&f.hide, p, hide, e));
	TRY(string_match_init(&f.show, p, show, e));
	TRY(name_filter_init(&f, p, e));
	TRY(sieve_init(&s, p, samples_frames(&p->samples), e));
	decide_locations(&f);
	sift_by_name(&f, &s);
	return cancel_check(p->cancel, e);
}

/* Lines of a location up to its last match; 0 when nothing matches. */
static uint32_t lines_from_match(struct string_match *m, const struct location *l, bool *matched)
{
	const struct line *lines = location_lines(m->p, l);

	*matched = mapping_matches(m, l);
	if (*matched)
		return l->n_lines;
	for (uint32_t i = l->n_lines; i > 0; i--) {
		*matched = line_matches(m, &lines[i - 1]);
		if (*matched)
			return i;
	}
	return l->n_lines;
}

static void sift_from_match(struct profile *p, const bool *matched, struct sieve *s)
{
	for (size_t i = 0; i < p->samples.n && !cancel_now(p->cancel, i); i++) {
		size_t depth;
		const uint32_t *stack = sample_stack(p, i, &depth);

		while (depth && !matched[stack[depth - 1]])
			depth--;
		if (depth == 0)
			continue;
		memcpy(sieve_stack(s), stack, depth * sizeof *stack);
		sieve_keep(s, i, depth);
	}
	sieve_publish(s);
}

enum err_code profile_show_from(
    struct profile *p, const struct regex *re, bool *matched, struct err *e)
{
	struct string_match m;
	struct location *locations;
	struct sieve s;
	bool *hits;

	*matched = false;
	if (!re)
		return OK;
	TRY(string_match_init(&m, p, re, e));
	TRY(sieve_init(&s, p, samples_frames(&p->samples), e));
	locations = arena_alloc_raw(&p->arena, p->n_locations, sizeof *locations);
	hits = ARENA_ARRAY(&p->arena, bool, p->n_locations);
	if (!locations || !hits)
		return FAIL_NOMEM(e);
	/* Lines are only cut at the end: the line array stays as it is. */
	for (uint32_t i = 0; i < p->n_locations; i++) {
		locations[i] = p->locations[i];
		locations[i].n_lines = lines_from_match(&m, &p->locations[i], &hits[i]);
		*matched |= hits[i];
	}
	p->locations = locations;
	sift_from_match(p, hits, &s);
	return cancel_check(p->cancel, e);
}

static void sift_by_tag(struct profile *p, struct tag_match *focus, struct tag_match *ignore,
    bool *focus_matched, bool *ignore_matched, struct sieve *s)
{
	for (size_t i = 0; i < p->samples.n && !cancel_now(p->cancel, i); i++) {
		bool focused = !focus || tag_match_sample(focus, i);
		bool ignored = ignore && tag_match_sample(ignore, i);
		size_t depth;
		const uint32_t *stack = sample_stack(p, i, &depth);

		*focus_matched |= focused;
		*ignore_matched |= ignored;
		if (!focused || ignored)
			continue;
		if (depth)
			memcpy(sieve_stack(s), stack, depth * sizeof *stack);
		sieve_keep(s, i, depth);
	}
	sieve_publish(s);
}

enum err_code profile_filter_by_tag(struct profile *p, const struct tag_filter *focus,
    const struct tag_filter *ignore, bool *focus_matched, bool *ignore_matched, struct err *e)
{
	struct tag_match *f = NULL, *g = NULL;
	enum err_code rc = OK;
	struct sieve s;

	*focus_matched = *ignore_matched = false;
	if (!focus && !ignore) {
		*focus_matched = p->samples.n > 0;
		return OK;
	}
	TRY(sieve_init(&s, p, samples_frames(&p->samples), e));
	if (focus)
		rc = tag_match_new(&f, focus, p, e);
	if (rc == OK && ignore)
		rc = tag_match_new(&g, ignore, p, e);
	if (rc == OK)
		sift_by_tag(p, f, g, focus_matched, ignore_matched, &s);
	if (rc == OK && (tag_match_failed(f) || tag_match_failed(g)))
		rc = FAIL_NOMEM(e);
	if (rc == OK)
		rc = cancel_check(p->cancel, e);
	tag_match_free(f);
	tag_match_free(g);
	return rc;
}

enum err_code profile_filter_tag_names(struct profile *p, const struct regex *show,
    const struct regex *hide, bool *show_matched, bool *hide_matched, struct err *e)
{
	struct samples *s = &p->samples;
	struct string_match shown, hidden;
	struct label *labels;
	uint32_t *at;
	uint32_t n = 0;

	*show_matched = *hide_matched = false;
	if (!s->label_at || (!show && !hide))
		return OK;
	TRY(string_match_init(&shown, p, show, e));
	TRY(string_match_init(&hidden, p, hide, e));
	at = arena_alloc_raw(&p->arena, s->n + 1, sizeof *at);
	labels = arena_alloc_raw(&p->arena, s->label_at[s->n] - s->label_at[0], sizeof *labels);
	if (!at || !labels)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < s->n; i++) {
		at[i] = n;
		for (uint32_t k = s->label_at[i]; k < s->label_at[i + 1]; k++) {
			bool is_shown = !show || string_matches(&shown, s->labels[k].key);
			bool is_hidden = string_matches(&hidden, s->labels[k].key);

			*show_matched |= is_shown;
			*hide_matched |= is_hidden;
			if (is_shown && !is_hidden)
				labels[n++] = s->labels[k];
		}
	}
	at[s->n] = n;
	s->label_at = at;
	s->labels = labels;
	return OK;
}
