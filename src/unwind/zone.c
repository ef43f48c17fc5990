/*
 * Proving that code keeps frame pointers; see zone.h. Called by walk_slow.c when the rule cache has
 * no answer.
 *
 * A zone grows function by function in the order of addresses, until one cannot be proven. Whether
 * a stretch of code has a call is decided by its bytes, without decoding instructions: a call is
 * E8, or FF with 2 or 3 in the middle of the next byte. What only looks so (in the middle of
 * another instruction) makes a function unproven, and it keeps its rules: slower, not wrong.
 */
#include "unwind/zone.h"

#include "unwind/rule_cache.h"

/* Functions looked at in one go: about 10 us. */
#define FUNCTIONS   48u
/* A zone for fewer would spare nothing. */
#define FEWEST      8u
/* Longer stretches outside of frames are not looked through. */
#define STRETCH_MAX 4096u

enum { STOPPED_BELOW = 1, STOPPED_ABOVE = 2 };

/* What is at work on a zone. */
struct prover {
	struct walk *w;
	const struct unwind_module *module;
	uintptr_t word_at, word; /* the last word of code read; word_at 1: none */
	uintptr_t lo, hi;
	uint8_t stopped;
	unsigned left; /* functions that may still be looked at */
};

static bool read_byte(struct prover *p, uintptr_t at, uint8_t *out)
{
	uintptr_t word_at = at & ~(uintptr_t)7;

	if (word_at != p->word_at) {
		if (!walk_read(p->w, word_at, &p->word))
			return false;
		p->word_at = word_at;
	}
	*out = (uint8_t)(p->word >> at % 8 * 8);
	return true;
}

/* Bytes of the instruction at the start of a stretch when it is a direct jump, whose distance may
 * hold any bytes. */
static uintptr_t jump_bytes(uint8_t first)
{
	return first == 0xe9 ? 5 : first == 0xeb ? 2 : 0;
}

/* True when no call instruction can lie in [from, to), which begins with an instruction. */
static bool has_no_call(struct prover *p, uintptr_t from, uintptr_t to)
{
	uint8_t before = 0;
	uint8_t byte = 0;

	if (to - from > STRETCH_MAX || (from < to && !read_byte(p, from, &byte)))
		return false;
	for (uintptr_t at = from + jump_bytes(byte); at < to; at++) {
		if (!read_byte(p, at, &byte) || byte == 0xe8 ||
		    (before == 0xff && ((byte >> 3 & 7) == 2 || (byte >> 3 & 7) == 3)))
			return false;
		before = byte;
	}
	return true;
}

static bool row_is_good(void *ctx, const struct cfi_row *row, uintptr_t from, uintptr_t to)
{
	return rule_from_row(row) == rule_make(RULE_BP, 2, 2) || has_no_call(ctx, from, to);
}

static bool is_good(struct prover *p, const struct cfi_fde *fde)
{
	return cfi_each_row(p->module, fde, row_is_good, p, &p->w->ctx->cache->room);
}

static bool parse(const struct prover *p, size_t number, struct cfi_fde *fde)
{
	const uint8_t *at = cfi_fde_at(p->module, number);

	return at && cfi_parse_fde(p->module, at, fde) && fde->start >= p->module->start &&
	       fde->end <= p->module->end;
}

/* The function that begins at or behind the zone's end. */
static bool extend_above(struct prover *p)
{
	struct cfi_fde fde;
	size_t number;

	if (!cfi_fde_number(p->module, p->hi, &number) || !parse(p, number, &fde))
		return false;
	if (fde.start < p->hi && !parse(p, number + 1, &fde))
		return false;
	if (fde.start < p->hi || !has_no_call(p, p->hi, fde.start) || !is_good(p, &fde))
		return false;
	p->hi = fde.end;
	return true;
}

/* The function that ends at or before the zone's start. */
static bool extend_below(struct prover *p)
{
	struct cfi_fde fde;
	size_t number;

	if (!cfi_fde_number(p->module, p->lo - 1, &number) || !parse(p, number, &fde) ||
	    fde.end > p->lo || !has_no_call(p, fde.end, p->lo) || !is_good(p, &fde))
		return false;
	p->lo = fde.start;
	return true;
}

static void extend(struct prover *p, uint8_t side, unsigned most)
{
	for (; most > 0 && p->left > 0 && !(p->stopped & side); most--, p->left--)
		if (!(side == STOPPED_ABOVE ? extend_above(p) : extend_below(p)))
			p->stopped |= side;
}

/* How far pc is from a zone of the module that can still grow towards it; UINTPTR_MAX: is none. */
static uintptr_t distance(
    const struct unwind_zone *z, const struct unwind_module *module, uintptr_t pc)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is one of the table */
	const unsigned stopped = z->stopped;
	uintptr_t lo = atomic_load_explicit(&z->lo, memory_order_relaxed);
	uintptr_t hi = atomic_load_explicit(&z->hi, memory_order_relaxed);

	if (lo < module->start || hi > module->end)
		return UINTPTR_MAX;
	if (pc < lo)
		return stopped & STOPPED_BELOW ? UINTPTR_MAX : lo - pc;
	return stopped & STOPPED_ABOVE ? UINTPTR_MAX : pc - hi;
}

/* The zone to be extended towards pc; else one that is not in use; NULL when all are. */
static struct unwind_zone *choose(struct prover *p, uintptr_t pc, bool *is_new)
{
	struct unwind_cache *cache = p->w->ctx->cache;
	struct unwind_zone *unused = NULL;
	struct unwind_zone *best = NULL;
	uintptr_t least = UINTPTR_MAX;

	for (size_t i = 0; i < UNWIND_ZONES; i++) {
		struct unwind_zone *z = &cache->zones[i];
		uintptr_t far;

		if (atomic_load_explicit(&z->stamp, memory_order_relaxed) != (p->w->salt | 1)) {
			unused = unused ? unused : z;
			continue;
		}
		far = distance(z, p->module, pc);
		best = far < least ? z : best;
		least = far < least ? far : least;
	}
	*is_new = !best;
	return best ? best : unused;
}

static void grow(struct prover *p, struct unwind_zone *z, uintptr_t pc)
{
	p->lo = atomic_load_explicit(&z->lo, memory_order_relaxed);
	p->hi = atomic_load_explicit(&z->hi, memory_order_relaxed);
	p->stopped = z->stopped;
	extend(p, pc < p->lo ? STOPPED_BELOW : STOPPED_ABOVE, FUNCTIONS);
	z->stopped = p->stopped;
	atomic_store_explicit(&z->lo, p->lo, memory_order_relaxed);
	atomic_store_explicit(&z->hi, p->hi, memory_order_relaxed);
}

static void found(struct prover *p, struct unwind_zone *z, uintptr_t pc)
{
	struct cfi_fde fde;
	size_t number;

	if (!cfi_fde_number(p->module, pc, &number) || !parse(p, number, &fde))
		return;
	p->lo = fde.start;
	p->hi = fde.start;
	extend(p, STOPPED_ABOVE, FUNCTIONS / 2);
	extend(p, STOPPED_BELOW, FUNCTIONS);
	if (FUNCTIONS - p->left < FEWEST + 2 || pc >= p->hi)
		return;
	atomic_store_explicit(&z->stamp, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	z->stopped = p->stopped;
	atomic_store_explicit(&z->lo, p->lo, memory_order_relaxed);
	atomic_store_explicit(&z->hi, p->hi, memory_order_relaxed);
	atomic_store_explicit(&z->stamp, p->w->salt | 1, memory_order_release);
}

uint32_t zone_learn(struct walk *w, const struct unwind_module *module, uintptr_t pc)
{
	struct prover p = { .w = w, .module = module, .word_at = 1, .left = FUNCTIONS };
	struct unwind_cache *cache = w->ctx->cache;
	struct unwind_zone *z;
	bool is_new;

	if (atomic_exchange_explicit(&cache->zones_busy, 1, memory_order_acquire) != 0)
		return rule_make(RULE_INVALID, 0, 0);
	z = choose(&p, pc, &is_new);
	if (z && is_new)
		found(&p, z, pc);
	else if (z)
		grow(&p, z, pc);
	atomic_store_explicit(&cache->zones_busy, 0, memory_order_release);
	return zone_find(cache, w->salt, pc);
}

uint32_t zone_find(const struct unwind_cache *cache, uint64_t salt, uintptr_t pc)
{
	struct zone_range range;

	for (uint32_t i = 0; i < UNWIND_ZONES; i++)
		if (zone_get(cache, salt, i, &range) && pc - range.lo < range.size)
			return rule_make(RULE_ZONE, i, 0);
	return rule_make(RULE_INVALID, 0, 0);
}

size_t unwind_cache_proven(const struct unwind_cache *cache, uintptr_t start, uintptr_t end)
{
	uint64_t salt = rule_cache_salt(cache);
	struct zone_range range;
	size_t bytes = 0;

	for (uint32_t i = 0; i < UNWIND_ZONES; i++)
		if (zone_get(cache, salt, i, &range) && range.lo >= start &&
		    range.lo + range.size <= end)
			bytes += range.size;
	return bytes;
}
