/*
 * Peak of bytes in use; see peak.h. Called by heap_sample.c and rt_routes.c. Whoever holds `busy`
 * has the copy to itself; hooks never wait for it but leave the copy to the next free.
 */
#include "runtime/peak.h"

#include <sched.h>
#include <time.h>

#include "runtime/mem.h"
#include "runtime/records.h"
#include "runtime/rt.h"

#define STEP        100 /* a copy for every 1/100 more */
/* After a copy that others have spoilt. */
#define PAUSE_NS    (20 * 1000000ll)
/* A reader tries so often, in vain for 5 s. */
#define CLAIM_SPINS 100
#define CLAIM_TRIES (CLAIM_SPINS + 250)

/* One record as of the copy. */
struct kept {
	uint32_t record;
	rt_stack_id stack;
	struct rt_amounts alloc, freed;
};

struct copy {
	struct kept *kept; /* room for every record; pages come with use */
	uint32_t n;
	int64_t time_ns;
};

static struct {
	_Alignas(64) _Atomic int64_t in_use;
	_Atomic int64_t highest;  /* of in_use, ever */
	_Atomic int64_t copied;   /* bytes in use in the copy */
	_Atomic int64_t pause_ns; /* CLOCK_REALTIME_COARSE: no copy before */
	_Atomic uint64_t copies;
	_Atomic uint32_t busy;
	struct copy *last, *spare;
	struct copy both[2];
} peak = { .last = &peak.both[0], .spare = &peak.both[1] };

void rt_peak_init(void)
{
	for (unsigned i = 0; i < 2; i++)
		peak.both[i].kept = rt_mem_map(RT_RECORDS_MAX * sizeof(struct kept));
}

void rt_peak_after_fork(void)
{
	if (atomic_exchange(&peak.busy, 0) == 0)
		return;
	peak.last = &peak.both[0];
	peak.spare = &peak.both[1];
	peak.last->n = 0;
	atomic_store(&peak.copied, 0);
}

static bool claim(void)
{
	return atomic_exchange_explicit(&peak.busy, 1, memory_order_acquire) == 0;
}

/*
 * A copy takes milliseconds. One that does not end has lost its thread: a handler jumped away, or
 * this is a child that was forked past the C library.
 */
static bool claim_in_time(void)
{
	const struct timespec pause = { 0, PAUSE_NS };

	for (unsigned i = 0; i < CLAIM_TRIES; i++) {
		if (claim())
			return true;
		if (i < CLAIM_SPINS)
			sched_yield();
		else
			nanosleep(&pause, NULL);
	}
	return false;
}

static void release(void)
{
	atomic_store_explicit(&peak.busy, 0, memory_order_release);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* All records into *c; the bytes in use that they have. */
static int64_t copy_records(struct copy *c)
{
	uint32_t n = rt_records_count();
	int64_t sum = 0;

	c->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct kept *k = &c->kept[c->n];

		k->record = i;
		if (!rt_records_read(i, &k->stack, &k->alloc, &k->freed) || k->alloc.samples == 0)
			continue;
		sum += (int64_t)(k->alloc.bytes - k->freed.bytes);
		c->n++;
	}
	return sum;
}

/* Makes a copy and keeps it when it is the highest. The caller holds `busy`. */
static void copy(void)
{
	int64_t wanted = atomic_load_explicit(&peak.in_use, memory_order_relaxed);
	int64_t highest = atomic_load_explicit(&peak.highest, memory_order_relaxed);
	struct copy *c = peak.spare;
	int64_t sum;

	c->time_ns = now_ns();
	sum = copy_records(c);
	if (sum < wanted - wanted / STEP)
		atomic_store(&peak.pause_ns, c->time_ns + PAUSE_NS);
	/* Rows of different moments may add up to more than ever was. */
	sum = sum < highest ? sum : highest;
	if (sum > atomic_load(&peak.copied)) {
		peak.spare = peak.last;
		peak.last = c;
		atomic_store(&peak.copied, sum);
	}
	atomic_fetch_add_explicit(&peak.copies, 1, memory_order_relaxed);
}

static bool is_due(int64_t step)
{
	int64_t copied = atomic_load_explicit(&peak.copied, memory_order_relaxed);

	return atomic_load_explicit(&peak.in_use, memory_order_relaxed) > copied + copied / step;
}

void rt_peak_allocated(uint64_t bytes)
{
	int64_t now =
	    atomic_fetch_add_explicit(&peak.in_use, (int64_t)bytes, memory_order_relaxed) +
	    (int64_t)bytes;
	int64_t highest = atomic_load_explicit(&peak.highest, memory_order_relaxed);

	while (now > highest && !atomic_compare_exchange_weak(&peak.highest, &highest, now))
		continue;
}

static bool has_room(void)
{
	return peak.both[0].kept && peak.both[1].kept;
}

void rt_peak_before_free(uint64_t bytes)
{
	if (rt_unlikely(is_due(STEP)) && has_room() &&
	    now_ns() >= atomic_load_explicit(&peak.pause_ns, memory_order_relaxed) && claim()) {
		if (is_due(STEP))
			copy();
		release();
	}
	atomic_fetch_sub_explicit(&peak.in_use, (int64_t)bytes, memory_order_relaxed);
}

uint64_t rt_peak_bytes(void)
{
	return (uint64_t)atomic_load(&peak.highest);
}

uint64_t rt_peak_copies(void)
{
	return atomic_load(&peak.copies);
}

/* Read without `busy`: a moment's number for people. */
uint64_t rt_peak_memory(void)
{
	return (uint64_t)(peak.both[0].n + peak.both[1].n) * sizeof(struct kept);
}

bool rt_peak_snapshot(struct rt_snapshot *s)
{
	struct rt_row row;

	rt_snapshot_begin(s);
	if (!has_room() || !rt_is_ready())
		return true;
	if (!claim_in_time())
		return false;
	if (is_due(INT64_MAX)) /* now is the highest */
		copy();
	if (peak.last->n > 0)
		s->time_ns = peak.last->time_ns;
	for (uint32_t i = 0; i < peak.last->n; i++) {
		const struct kept *k = &peak.last->kept[i];

		rt_snapshot_row_of(k->record, k->stack, &k->alloc, &k->freed, &row);
		rt_snapshot_add(s, &row);
	}
	release();
	return rt_snapshot_end(s);
}
