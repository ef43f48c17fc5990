#include "profile/merge_header.h"

#include "base/map.h"
#include "base/vec.h"
#include "core/hash.h"

static bool id_equal(const void *ctx, uint32_t index, const void *key)
{
	const str_id *ids = *(str_id *const *)ctx, *id = key;

	return ids[index] == *id;
}

/* Comments of all sources, each once. */
static MUST_USE enum err_code merge_comments(
    struct profile *out, const struct profile *const *srcs, size_t n, struct err *e)
{
	VEC(str_id) all = { 0 };
	struct map seen = { 0 };

	for (size_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < srcs[i]->n_comments && !all.failed; k++) {
			str_id id = profile_intern(out, profile_str(srcs[i], srcs[i]->comments[k]));
			uint32_t at =
			    map_intern(&seen, hash_u64(id), id_equal, &all.p, &id, (uint32_t)all.n);

			if (at == all.n)
				VEC_PUSH(&all, id);
		}
	}
	all.failed |= seen.failed;
	map_release(&seen);
	out->n_comments = (uint32_t)all.n;
	out->comments = arena_adopt(&out->arena, all.p);
	return all.failed || arena_failed(&out->arena) ? FAIL_NOMEM(e) : OK;
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

enum err_code profile_merge_header(
    struct profile *out, const struct profile *const *srcs, size_t n, struct err *e)
{
	const struct profile *first = srcs[0];

	out->n_sample_types = first->n_sample_types;
	out->sample_types = ARENA_ARRAY(&out->arena, struct value_type, first->n_sample_types);
	if (!out->sample_types)
		return FAIL_NOMEM(e);
	for (uint32_t i = 0; i < first->n_sample_types; i++)
		out->sample_types[i] = copy_type(out, first, first->sample_types[i]);
	out->period_type = copy_type(out, first, first->period_type);
	out->drop_frames = profile_intern(out, profile_str(first, first->drop_frames));
	out->keep_frames = profile_intern(out, profile_str(first, first->keep_frames));
	for (size_t i = 0; i < n; i++) {
		const struct profile *src = srcs[i];

		merge_numbers(out, src);
		out->default_sample_type =
		    first_set(out, out->default_sample_type, src, src->default_sample_type);
		out->doc_url = first_set(out, out->doc_url, src, src->doc_url);
	}
	return merge_comments(out, srcs, n, e);
}
