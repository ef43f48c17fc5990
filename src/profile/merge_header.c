#include "profile/merge_header.h"

#include "core/hash.h"

static bool id_equal(const void *ctx, uint32_t index, const void *key)
{
	const str_id *ids = *(str_id *const *)ctx, *id = key;

	return ids[index] == *id;
}

static void add_comments(struct merge_header *h, struct profile *out, const struct profile *src)
{
	for (uint32_t k = 0; k < src->n_comments && !h->comments.failed; k++) {
		str_id id = profile_intern(out, profile_str(src, src->comments[k]));
		uint32_t fresh = (uint32_t)h->comments.n;
		uint32_t at =
		    map_intern(&h->seen, hash_u64(id), id_equal, &h->comments.p, &id, fresh);

		if (at == fresh)
			(void)VEC_PUSH(&h->comments, id);
	}
}

static str_id first_set(struct profile *out, str_id mine, const struct profile *src, str_id id)
{
	return mine ? mine : profile_intern(out, profile_str(src, id));
}

static void merge_numbers(struct profile *out, const struct profile *src)
{
	/* 0 is no time: it neither wins nor loses. */
	if (src->time_ns != 0 && (out->time_ns == 0 || src->time_ns < out->time_ns))
		out->time_ns = src->time_ns;
	out->duration_ns = (int64_t)((uint64_t)out->duration_ns + (uint64_t)src->duration_ns);
	if (out->period == 0 || out->period < src->period)
		out->period = src->period;
}

static struct value_type copy_type(
    struct profile *out, const struct profile *src, struct value_type t)
{
	return (struct value_type){ profile_intern(out, profile_str(src, t.type)),
		profile_intern(out, profile_str(src, t.unit)) };
}

enum err_code merge_header_begin(struct profile *out, const struct profile *first, struct err *e)
{
	out->n_sample_types = first->n_sample_types;
	out->sample_types = ARENA_ARRAY(&out->arena, struct value_type, first->n_sample_types);
	if (!out->sample_types)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < first->n_sample_types; i++)
		out->sample_types[i] = copy_type(out, first, first->sample_types[i]);
	out->period_type = copy_type(out, first, first->period_type);
	out->drop_frames = profile_intern(out, profile_str(first, first->drop_frames));
	out->keep_frames = profile_intern(out, profile_str(first, first->keep_frames));
	return OK;
}

void merge_header_add(struct merge_header *h, struct profile *out, const struct profile *src)
{
	merge_numbers(out, src);
	out->default_sample_type =
	    first_set(out, out->default_sample_type, src, src->default_sample_type);
	out->doc_url = first_set(out, out->doc_url, src, src->doc_url);
	add_comments(h, out, src);
}

enum err_code merge_header_end(struct merge_header *h, struct profile *out, struct err *e)
{
	if (h->seen.failed)
		return FAIL_NOMEM(e);
	out->n_comments = (uint32_t)h->comments.n;
	out->comments = VEC_HAND_OVER(&out->arena, h->comments);
	return arena_failed(&out->arena) ? FAIL_NOMEM(e) : OK;
}

void merge_header_release(struct merge_header *h)
{
	VEC_RELEASE(&h->comments);
	map_release(&h->seen);
}
