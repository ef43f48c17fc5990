/*
 * Frames of many addresses of one object, unit by unit. Called by symbolize/. What is hard: a large
 * program's units take most of the time, so two are read at once when there are two processors and
 * enough to read; the answers are put together by the calling thread alone, in the units' order, so
 * that they are the same however many threads there were.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/processors.h"
#include "object/dwarf_frames.h"
#include "object/frame_set.h"

/* Units that may be read and not yet answered: bounds memory. */
#define WINDOW         2
/* Bytes of units below which a second thread costs more than it saves. */
#define WORTH_A_THREAD ((uint64_t)1 << 20)

/* Addresses of one unit: places in the list that was asked for. */
struct group {
	struct dwarf_unit *unit; /* NULL: of addresses that are in no unit */
	size_t first, n;         /* in the order */
	bool is_taken, is_loaded, failed;
};

struct many {
	struct object *o;
	const uint64_t *addresses;
	size_t n;
	uint32_t *order; /* places in addresses, by unit */
	VEC(struct group) groups;
	struct frame_set *out;
	size_t base; /* first place of out */
	/* Shared by the threads that read units, guarded by the lock: */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t answered; /* groups */
	bool stopped;
};

static uint32_t owner_of(const struct many *m, size_t i)
{
	const struct dwarf_index *x = m->o->dwarf;
	const uint32_t owner = x ? dwarf_index_owner(x, m->addresses[i]) : DWARF_NO_OWNER;

	return owner == DWARF_NO_OWNER ? (uint32_t)(x ? x->units.n : 0) : owner;
}

/* Sorts by unit, keeping the order of addresses within each: counts first, then places. */
static bool make_groups(struct many *m, struct arena *a)
{
	const size_t n_units = m->o->dwarf ? m->o->dwarf->units.n : 0;
	uint32_t *owners = arena_alloc_raw(a, m->n, sizeof *owners);
	size_t *at = ARENA_ARRAY(a, size_t, n_units + 2);

	m->order = arena_alloc_raw(a, m->n, sizeof *m->order);
	if (!owners || !at || !m->order)
		return false;
	for (size_t i = 0; i < m->n; i++) {
		owners[i] = owner_of(m, i);
		at[owners[i] + 1]++;
	}
	for (size_t u = 0; u <= n_units; u++) {
		const size_t n = at[u + 1];

		at[u + 1] += at[u];
		if (n)
			(void)VEC_PUSH(&m->groups,
			    (struct group){ u < n_units ? &m->o->dwarf->units.p[u] : NULL, at[u], n,
				false, false, false });
	}
	for (size_t i = 0; i < m->n; i++)
		m->order[at[owners[i]]++] = (uint32_t)i;
	return !m->groups.failed;
}

/* Reads the first unit that nobody reads, if it is in the window. The lock is held, and let go. */
static bool load_one(struct many *m, struct dwarf_abbrevs *abbrevs)
{
	struct group *g = NULL;
	const struct dwarf_wanted wanted = { m->addresses, m->n };
	bool ok;

	for (size_t i = m->answered; i < m->groups.n && i < m->answered + WINDOW && !g; i++)
		g = m->groups.p[i].is_taken ? NULL : &m->groups.p[i];
	if (!g)
		return false;
	g->is_taken = true;
	pthread_mutex_unlock(&m->lock);
	ok = !g->unit || g->unit->is_loaded ||
	     dwarf_unit_load(m->o->dwarf, g->unit, abbrevs, &wanted);
	pthread_mutex_lock(&m->lock);
	g->is_loaded = true;
	g->failed = !ok;
	pthread_cond_broadcast(&m->changed);
	return true;
}

/* The second thread. */
static void *help(void *arg)
{
	struct many *m = arg;
	struct dwarf_abbrevs abbrevs = { 0 };

	pthread_mutex_lock(&m->lock);
	while (!m->stopped && m->answered < m->groups.n)
		if (!load_one(m, &abbrevs))
			pthread_cond_wait(&m->changed, &m->lock);
	pthread_mutex_unlock(&m->lock);
	dwarf_abbrevs_release(&abbrevs);
	return NULL;
}

/* Waits until a group's unit is read, reading others meanwhile; false when memory is short. */
static bool wait_for(struct many *m, const struct group *g)
{
	pthread_mutex_lock(&m->lock);
	while (!g->is_loaded)
		if (!load_one(m, &m->o->dwarf->abbrevs))
			pthread_cond_wait(&m->changed, &m->lock);
	pthread_mutex_unlock(&m->lock);
	return !g->failed;
}

static bool answer(struct many *m, const struct group *g)
{
	struct dwarf_state *s = dwarf_state_of(m->o);

	for (size_t i = g->first; s && i < g->first + g->n; i++) {
		const uint64_t address = m->addresses[m->order[i]];
		const uint32_t n = dwarf_all_frames(m->o, g->unit, address, s);

		if (!frame_set_put(m->out, m->base + m->order[i], address, s->frames, n))
			return false;
	}
	return s && !arena_failed(&m->o->arena);
}

static void finish(struct many *m, struct group *g)
{
	if (g->unit)
		dwarf_unit_unload(m->o->dwarf, g->unit);
	pthread_mutex_lock(&m->lock);
	m->answered++;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

static bool answer_all(struct many *m)
{
	bool ok = true;

	for (size_t i = 0; i < m->groups.n && ok; i++) {
		struct group *g = &m->groups.p[i];

		ok = (!g->unit || wait_for(m, g)) && answer(m, g);
		finish(m, g);
	}
	return ok;
}

/* Asks libdw what it alone knows; true when a second thread is worth its while. */
static bool prepare(struct many *m)
{
	uint64_t bytes = 0;
	size_t units = 0;

	for (size_t i = 0; i < m->groups.n; i++) {
		struct dwarf_unit *u = m->groups.p[i].unit;

		if (!u) {
			m->groups.p[i].is_taken = m->groups.p[i].is_loaded = true;
			continue;
		}
		dwarf_unit_prepare(m->o->dwarf, u);
		bytes += u->source.end - u->source.at;
		units++;
	}
	return units > 1 && bytes > WORTH_A_THREAD && processors() > 1;
}

static bool run(struct many *m, unsigned threads)
{
	pthread_t helper;
	bool has_helper, ok;

	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->changed, NULL);
	has_helper = prepare(m);
	has_helper =
	    (threads ? threads > 1 : has_helper) && pthread_create(&helper, NULL, help, m) == 0;
	ok = answer_all(m);
	pthread_mutex_lock(&m->lock);
	m->stopped = true;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	if (has_helper)
		pthread_join(helper, NULL);
	/* After a failure the helper may have read one more. */
	for (size_t i = 0; !ok && i < m->groups.n; i++)
		if (m->groups.p[i].unit)
			dwarf_unit_unload(m->o->dwarf, m->groups.p[i].unit);
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
	return ok;
}

enum err_code object_frames_by(struct object *o, const uint64_t *addresses, size_t n,
    unsigned threads, struct frame_set *out, struct err *e)
{
	struct many m = { .o = o, .addresses = addresses, .n = n, .out = out };
	const struct object_symbol *symbols;
	struct arena a = { 0 };
	size_t n_symbols;
	bool ok;

	TRY(object_symbols(o, &symbols, &n_symbols, e));
	TRY(dwarf_need_index(o, e));
	m.base = out->places.n;
	ok = n < UINT32_MAX && frame_set_extend(out, n) && make_groups(&m, &a) && run(&m, threads);
	VEC_RELEASE(&m.groups);
	arena_release(&a);
	if (!ok)
		return FAIL_NOMEM(e);
	frame_set_sort(out);
	return OK;
}

enum err_code object_frames_many(
    struct object *o, const uint64_t *addresses, size_t n, struct frame_set *out, struct err *e)
{
	return object_frames_by(o, addresses, n, 0, out, e);
}
