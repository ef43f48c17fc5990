/* Sets of frames, see frame_set.h. Called by dwarf.c and symbolize/. */
#include "object/frame_set.h"

#include <stdlib.h>

#include "core/hash.h"
#include "object/demangle.h"

void frame_set_release(struct frame_set *s)
{
	if (s->is_borrowed)
		frame_set_borrow(s, NULL, 0, NULL, 0);
	VEC_RELEASE(&s->places);
	VEC_RELEASE(&s->frames);
	VEC_RELEASE(&s->functions);
	map_release(&s->map);
	map_release(&s->chains);
	arena_release(&s->arena);
	s->is_borrowed = false;
}

void frame_set_borrow(struct frame_set *s, struct frame_place *places, size_t n_places,
    struct frame_entry *frames, size_t n_frames)
{
	s->places.p = places;
	s->places.n = s->places.cap = n_places;
	s->frames.p = frames;
	s->frames.n = s->frames.cap = n_frames;
	s->is_borrowed = true;
}

/* Makes borrowed tables the set's own, with room for n places more. */
static bool own(struct frame_set *s, size_t n)
{
	const struct frame_set was = *s;

	frame_set_borrow(s, NULL, 0, NULL, 0);
	s->is_borrowed = false;
	if (!VEC_RESERVE(&s->places, was.places.n + n) || !VEC_RESERVE(&s->frames, was.frames.n))
		return false;
	if (s->places.p && was.places.n)
		memcpy(s->places.p, was.places.p, was.places.n * sizeof *s->places.p);
	if (s->frames.p && was.frames.n)
		memcpy(s->frames.p, was.frames.p, was.frames.n * sizeof *s->frames.p);
	s->places.n = was.places.n;
	s->frames.n = was.frames.n;
	return true;
}

static bool same_function(const void *ctx, uint32_t index, const void *key)
{
	const struct frame_set *s = ctx;
	const struct frame_function *a = &s->functions.p[index];
	const struct frame_function *b = key;

	return a->name.p == b->name.p && a->file.p == b->file.p && a->name.n == b->name.n &&
	       a->file.n == b->file.n && a->start_line == b->start_line;
}

static uint32_t intern(struct frame_set *s, const struct object_frame *f)
{
	const struct frame_function fresh = { f->function, f->file, f->start_line, { 0 } };
	const uint64_t hash = hash_mix((uint64_t)(uintptr_t)f->function.p,
	    hash_mix((uint64_t)(uintptr_t)f->file.p, (uint64_t)f->start_line));
	const uint32_t n = (uint32_t)s->functions.n;
	uint32_t i;

	/* Room first: an index that is in the map must be one of the table's. */
	if (!VEC_RESERVE(&s->functions, 1))
		return MAP_NONE;
	i = map_intern(&s->map, hash, same_function, s, &fresh, n);
	if (i == n)
		(void)VEC_PUSH(&s->functions, fresh);
	return i;
}

/* A run of frames: what `chains` is asked for. */
struct chain {
	uint32_t first, n;
};

static bool same_chain(const void *ctx, uint32_t index, const void *key)
{
	const struct frame_set *s = ctx;
	const struct chain *c = key;

	return c->n <= s->frames.n - index &&
	       memcmp(&s->frames.p[index], &s->frames.p[c->first], c->n * sizeof *s->frames.p) == 0;
}

/* Where the frames that were just pushed, from `first` on, were before; then they go again. */
static uint32_t share(struct frame_set *s, uint32_t first, uint32_t n)
{
	const struct chain c = { first, n };
	uint64_t hash = n;
	uint32_t at;

	for (uint32_t i = first; i < first + n; i++)
		hash = hash_mix(hash ^ s->frames.p[i].function,
		    (uint64_t)s->frames.p[i].line << 32 | s->frames.p[i].column);
	at = map_intern(&s->chains, hash, same_chain, s, &c, first);
	if (at != first && at != MAP_NONE)
		s->frames.n = first;
	return at;
}

bool frame_set_extend(struct frame_set *s, size_t n)
{
	if (s->is_borrowed && !own(s, n))
		return false;
	if (!VEC_RESERVE(&s->places, n))
		return false;
	if (s->places.p && n)
		memset(s->places.p + s->places.n, 0, n * sizeof *s->places.p);
	s->places.n += n;
	return true;
}

bool frame_set_add(
    struct frame_set *s, uint64_t address, const struct object_frame *frames, uint32_t n)
{
	return frame_set_extend(s, 1) && frame_set_put(s, s->places.n - 1, address, frames, n);
}

bool frame_set_put(struct frame_set *s, size_t place, uint64_t address,
    const struct object_frame *frames, uint32_t n)
{
	struct frame_place put = { address, (uint32_t)s->frames.n, n };

	if (s->frames.n > UINT32_MAX - n)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct frame_entry f = { intern(s, &frames[i]), (uint32_t)frames[i].line,
			(uint32_t)frames[i].column };

		if (f.function == MAP_NONE || !VEC_PUSH(&s->frames, f))
			return false;
	}
	if (n)
		put.first = share(s, put.first, n);
	s->places.p[place] = put;
	return put.first != MAP_NONE;
}

static int by_address(const void *x, const void *y)
{
	const struct frame_place *a = x;
	const struct frame_place *b = y;

	return (a->address > b->address) - (a->address < b->address);
}

void frame_set_sort(struct frame_set *s)
{
	size_t i = 1;

	while (i < s->places.n && s->places.p[i - 1].address < s->places.p[i].address)
		i++;
	if (i < s->places.n)
		qsort(s->places.p, s->places.n, sizeof *s->places.p, by_address);
}

const struct frame_place *frame_set_find(const struct frame_set *s, uint64_t address, size_t *hint)
{
	size_t low = 0;
	size_t high = s->places.n;

	if (*hint < high && s->places.p[*hint].address == address)
		return &s->places.p[(*hint)++];
	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (s->places.p[mid].address < address)
			low = mid + 1;
		else
			high = mid;
	}
	*hint = low;
	if (low == s->places.n || s->places.p[low].address != address)
		return NULL;
	return &s->places.p[(*hint)++];
}

bool frame_set_demangle(struct frame_set *s, uint32_t function)
{
	struct frame_function *f = &s->functions.p[function];
	struct buf text = { 0 };
	bool ok;

	if (f->readable.p)
		return true;
	demangle_function(f->name, DEMANGLE_DEFAULT, &text);
	ok = !buf_failed(&text);
	if (ok && str_eq(buf_str(&text), f->name))
		f->readable = f->name.p ? f->name : STR("");
	else if (ok)
		f->readable = arena_str(&s->arena, buf_str(&text));
	buf_release(&text);
	return ok && f->readable.p;
}
