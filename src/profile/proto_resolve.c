/*
 * The second half of reading samples: the file's numbers become indices, in place, now that the
 * tables are known. Where ids are 1 to n in order, as most writers number, there is nothing to do.
 */
#include <inttypes.h>

#include "profile/proto_reader.h"

static uint64_t frame_id(const struct proto_samples *s, uint32_t frame)
{
	if (frame == PROTO_NO_FRAME)
		return 0;
	return frame & PROTO_WILD ? s->wild.p[frame & ~PROTO_WILD] : (uint64_t)frame + 1;
}

/* True when every frame has a location. */
static bool resolve_stacks(struct proto_samples *s, const struct idtable *ids)
{
	uint32_t nil = 0;

	if (s->stacks.n == 0 || (!ids->direct && !ids->hashed && s->max_frame < ids->n))
		return true;
	for (size_t i = 0; i < s->stacks.n; i++) {
		s->stacks.p[i] = idtable_find(ids, frame_id(s, s->stacks.p[i]));
		nil += s->stacks.p[i] == IDTABLE_NONE;
	}
	return nil == 0;
}

static void resolve_labels(struct proto_reader *r, struct proto_samples *s)
{
	if (s->dropped_key)
		(void)proto_string(r, s->dropped_key);
	for (size_t i = 0; i < s->labels.n; i++) {
		struct label *l = &s->labels.p[i];

		l->key = proto_string(r, l->key);
		l->str = l->is_num ? 0 : proto_string(r, l->str);
		l->unit = l->unit ? proto_string(r, l->unit) : 0;
	}
}

/* The sample of the first frame without a location; there is one. */
static size_t first_nil(const struct proto_samples *s)
{
	size_t at = 0, sample = 0;

	while (s->stacks.p[at] != IDTABLE_NONE)
		at++;
	while (s->stack_at.p[sample + 1] <= at)
		sample++;
	return sample;
}

/* The first sample whose number of values is not that of the types, or SIZE_MAX. */
static size_t first_mismatch(const struct proto_samples *s, size_t n, uint32_t n_types)
{
	if (n == 0)
		return SIZE_MAX;
	if (s->n_values != n_types)
		return 0;
	return s->odd_sample ? s->odd_sample : SIZE_MAX;
}

static void note_fault(struct proto_reader *r, const struct proto_samples *s, size_t n, bool nil)
{
	size_t mismatch = first_mismatch(s, n, r->p->n_sample_types);
	size_t fault = nil ? first_nil(s) : SIZE_MAX;

	if (mismatch != SIZE_MAX || nil)
		r->fault = (struct proto_fault){
			.found = true,
			.nil_location = fault < mismatch,
			.n_values = mismatch == 0 ? s->n_values : s->odd_values,
		};
}

enum err_code proto_resolve_samples(struct proto_reader *r, struct proto_samples *s, struct err *e)
{
	struct samples *out = &r->p->samples;
	struct arena *a = &r->p->arena;
	size_t n = s->stack_at.n;

	TRY(proto_end_samples(s, e));
	note_fault(r, s, n, !resolve_stacks(s, &r->location_ids));
	resolve_labels(r, s);
	r->samples_read = true;
	*out = (struct samples){ .n = n };
	out->values = VEC_HAND_OVER(a, s->values);
	out->stack_at = VEC_HAND_OVER(a, s->stack_at);
	out->stacks = VEC_HAND_OVER(a, s->stacks);
	if (s->labels.n > 0) {
		out->label_at = VEC_HAND_OVER(a, s->label_at);
		out->labels = VEC_HAND_OVER(a, s->labels);
	}
	return arena_failed(a) ? FAIL_NOMEM(e) : OK;
}

enum err_code proto_check_samples(const struct proto_reader *r, struct err *e)
{
	if (r->p->n_sample_types == 0 && r->p->samples.n != 0)
		return FAIL(e, ERR_FORMAT, "missing sample type information");
	if (!r->fault.found)
		return OK;
	if (r->fault.nil_location)
		return FAIL(e, ERR_FORMAT, "sample has nil location");
	return FAIL(e, ERR_FORMAT, "mismatch: sample has %zu values vs. %" PRIu32 " types",
	    r->fault.n_values, r->p->n_sample_types);
}
