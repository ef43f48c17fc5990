/* Simulated series; see leaks_sim.h. */
#include "stat/leaks_sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cohort.h"
#include "profile/decode.h"
#include "profile/diff.h"
#include "profile/merge.h"
#include "runtime/init.h"
#include "runtime/rt.h"
#include "runtime/profiles.h"
#include "runtime/weight.h"

#define HOUR    3600.0
#define KIB     1024.0
#define MIB     (1024 * 1024.0)
#define SIZES   6
#define FOREVER ((double)INFINITY)

static const char *const names[SIM_KINDS] = { "leak", "leak+static", "leak+churn", "leak+ttl",
	"leak-batch", "leak-diurnal", "ttl-sawtooth", "ttl-smooth", "lru-full", "lru-filling",
	"warm-up", "diurnal", "pool", "churn", "static", "burst-held", "burst-freed" };

const char *sim_name(enum sim_kind kind)
{
	return names[kind];
}

bool sim_start(void)
{
	rt_init();
	return rt_is_ready();
}

double sim_uniform(struct sim *s, double a, double b)
{
	return a + (b - a) * ((double)(rt_weight_random(&s->random) >> 11) * 0x1p-53);
}

static double exponential(struct sim *s, double mean)
{
	return -mean * log1p(-sim_uniform(s, 0, 1));
}

/* Sizes far below the sampling interval; the held-out family mixes them within a site. */
static uint32_t size_of(struct sim *s)
{
	static const uint32_t sizes[SIZES] = { 24, 100, 1000, 1024, 4096, 9000 };

	return s->held_out ? sizes[(size_t)sim_uniform(s, 0, SIZES)] : 1000;
}

static void add_block(struct sim *s, uint32_t site, double born, double died)
{
	(void)VEC_PUSH(&s->blocks, (struct sim_block){ born, died, site, size_of(s) });
}

/* Births of a flow of `rate` bytes a second between two times; each becomes a block for ever. */
static size_t add_flow(struct sim *s, uint32_t site, double rate, double from, double to)
{
	size_t first = s->blocks.n;
	double mean = (double)s->period / rate;

	for (double t = from + exponential(s, mean); t < to; t += exponential(s, mean))
		add_block(s, site, t, FOREVER);
	return first;
}

static double end_of(const struct sim *s)
{
	return s->before + s->window;
}

/* Gaussian, for lives that are not exponential. */
static double normal(struct sim *s)
{
	return sqrt(-2 * log(sim_uniform(s, 1e-12, 1))) * cos(6.283185307 * sim_uniform(s, 0, 1));
}

/* A random life: exponential, or log-normal with the same mean. */
static double life(struct sim *s, double mean)
{
	return s->held_out ? mean * exp(0.6 * normal(s) - 0.18) : exponential(s, mean);
}

static void churn(struct sim *s, uint32_t site, double rate, double mean)
{
	for (size_t i = add_flow(s, site, rate, 0, end_of(s)); i < s->blocks.n; i++)
		s->blocks.p[i].died = s->blocks.p[i].born + life(s, mean);
}

static void leak(struct sim *s, uint32_t site)
{
	add_flow(s, site, s->leak_rate, 0, end_of(s));
}

/* Loaded when the process starts. */
static void fixed(struct sim *s, uint32_t site, double bytes)
{
	double seconds = s->held_out ? fmin(20, 0.04 * end_of(s)) : fmin(5, 0.04 * end_of(s));

	add_flow(s, site, bytes / seconds, 0, seconds);
}

/* Expired entries are freed when the janitor comes; entries of the held-out family differ. */
static void ttl(struct sim *s, uint32_t site, double rate, double seconds, double every)
{
	double phase = sim_uniform(s, 0, every);

	for (size_t i = add_flow(s, site, rate, 0, end_of(s)); i < s->blocks.n; i++) {
		double jitter = s->held_out ? sim_uniform(s, 0.8, 1.2) : 1;
		double expires = s->blocks.p[i].born + seconds * jitter;

		s->blocks.p[i].died = ceil((expires - phase) / every) * every + phase;
	}
}

/* A cache of a fixed size: oldest out, or in the held-out family anyone out. */
static void lru(struct sim *s, uint32_t site, double rate, double bytes)
{
	size_t first = add_flow(s, site, rate, 0, end_of(s)), n = s->blocks.n - first;
	size_t room = (size_t)fmax(1, bytes / (double)s->period);
	uint32_t *held = malloc((room + 1) * sizeof *held);

	for (size_t i = 0; held && i < n; i++) {
		size_t slot = i % room;

		if (i >= room && s->held_out)
			slot = (size_t)sim_uniform(s, 0, (double)room);
		if (i >= room)
			s->blocks.p[first + held[slot]].died = s->blocks.p[first + i].born;
		held[slot] = (uint32_t)i;
	}
	free(held);
}

/* Keeps a block of the flow from `first` on with a chance that depends on its birth. */
static void thin(
    struct sim *s, size_t first, double (*chance)(const double *, double), const double *how)
{
	size_t kept = first;

	for (size_t i = first; i < s->blocks.n; i++)
		if (sim_uniform(s, 0, 1) < chance(how, s->blocks.p[i].born))
			s->blocks.p[kept++] = s->blocks.p[i];
	s->blocks.n = kept;
}

static double fading(const double *tau, double t)
{
	return exp(-t / *tau);
}

/* A finite set of keys, each inserted once: 1 / (1 + t / tau)^2 falls more slowly at the end. */
static double fading_slowly(const double *tau, double t)
{
	return 1 / ((1 + t / *tau) * (1 + t / *tau) * (1 + t / *tau));
}

static void warm_up(struct sim *s, uint32_t site, double rate, double tau)
{
	thin(s, add_flow(s, site, rate, 0, end_of(s)), s->held_out ? fading_slowly : fading, &tau);
}

/* Between 1/9 and 1 of the most: a sine, or working hours with smooth edges. */
static double day(const double *wave, double t)
{
	return (1 + 0.8 * sin(6.283185307 * t / wave[0] + wave[1])) / 1.8;
}

static double working_hours(const double *wave, double t)
{
	double x = sin(6.283185307 * t / wave[0] + wave[1]);

	return 0.2 + 0.8 / (1 + exp(-6 * x));
}

static size_t daily(struct sim *s, uint32_t site, double mean_rate)
{
	const double wave[2] = { 24 * HOUR, sim_uniform(s, 0, 6.283) };
	size_t first = add_flow(s, site, mean_rate * 1.8, 0, end_of(s));

	thin(s, first, s->held_out ? working_hours : day, wave);
	return first;
}

static void burst(struct sim *s, uint32_t site, double bytes, double hold)
{
	double at = s->before + sim_uniform(s, 0.15, 0.85) * s->window;
	double seconds = fmin(20, s->window / 50);

	for (size_t i = add_flow(s, site, bytes / seconds, at, at + seconds); i < s->blocks.n; i++)
		s->blocks.p[i].died = s->blocks.p[i].born + hold;
}

static void batches(struct sim *s, uint32_t site, double every)
{
	for (double t = sim_uniform(s, 0, every); t < end_of(s);
	     t += s->held_out ? sim_uniform(s, 0.5, 1.5) * every : every)
		add_flow(s, site, s->leak_rate * every / 5, t, fmin(t + 5, end_of(s)));
}

/* Amounts are in units of a sample, so that scenarios mean the same at every sampling. */
static void add_leak(struct sim *s, enum sim_kind kind, uint32_t site, double unit)
{
	double w = s->window;

	switch ((int)kind) {
	case SIM_LEAK_STATIC:
		fixed(s, site, sim_uniform(s, 20, 400) * (double)s->period);
		break;
	case SIM_LEAK_CHURN:
		churn(s, site, sim_uniform(s, 300, 3000) * unit, sim_uniform(s, 2, 30) * w / HOUR);
		break;
	case SIM_LEAK_TTL:
		ttl(s, site, sim_uniform(s, 20, 100) * unit, sim_uniform(s, 120, 600) * w / HOUR,
		    sim_uniform(s, 10, 300) * w / HOUR);
		break;
	case SIM_LEAK_BATCH:
		batches(s, site, sim_uniform(s, 300, 900) * w / HOUR);
		return;
	case SIM_LEAK_DIURNAL:
		daily(s, site, s->leak_rate);
		return;
	default:
		break;
	}
	leak(s, site);
}

static void add_harmless(struct sim *s, enum sim_kind kind, uint32_t site, double unit)
{
	double w = s->window, scale = w / HOUR, r;

	switch ((int)kind) {
	case SIM_TTL_SAWTOOTH:
		ttl(s, site, sim_uniform(s, 20, 200) * unit, sim_uniform(s, 60, 600) * scale,
		    sim_uniform(s, 30, 600) * scale);
		return;
	case SIM_TTL_SMOOTH:
		ttl(s, site, sim_uniform(s, 20, 200) * unit, sim_uniform(s, 60, 900) * scale,
		    scale);
		return;
	case SIM_LRU_FULL:
		lru(s, site, sim_uniform(s, 20, 200) * unit,
		    (double)s->period * 2 * sim_uniform(s, 5, fmax(6, 15 * s->before / w)));
		return;
	case SIM_LRU_FILLING:
		r = sim_uniform(s, 30, 200) * unit;
		lru(s, site, r, r * (s->before + w * sim_uniform(s, 0.1, 0.6)));
		return;
	case SIM_WARM_UP:
		warm_up(s, site, sim_uniform(s, 100, 400) * unit,
		    end_of(s) * sim_uniform(s, 0.03, s->held_out ? 0.1 : 0.15));
		return;
	case SIM_DIURNAL:
		r = sim_uniform(s, 30, 300) * scale;
		for (size_t i = daily(s, site, sim_uniform(s, 100, 1000) * unit); i < s->blocks.n;
		     i++)
			s->blocks.p[i].died = s->blocks.p[i].born + life(s, r);
		return;
	case SIM_POOL:
		churn(s, site, sim_uniform(s, 5, 40) * unit, sim_uniform(s, 0.3, 1.5) * w);
		return;
	case SIM_CHURN:
		churn(s, site, sim_uniform(s, 200, 3000) * unit, sim_uniform(s, 1, 60) * scale);
		return;
	case SIM_STATIC:
		fixed(s, site, sim_uniform(s, 10, 600) * (double)s->period);
		return;
	default:
		break;
	}
	churn(s, site, sim_uniform(s, 100, 500) * unit, 10 * scale);
	burst(s, site, sim_uniform(s, 10, 120) * (double)s->period,
	    kind == SIM_BURST_HELD ? FOREVER : sim_uniform(s, 60, 300) * scale);
}

void sim_add(struct sim *s, enum sim_kind kind, uint32_t site)
{
	/* Bytes a second that are 1 KiB/s at 512 KiB and an hour. */
	double unit = KIB * (double)s->period / (512 * KIB) * HOUR / s->window;

	if (kind < SIM_LEAKS)
		add_leak(s, kind, site, unit);
	else
		add_harmless(s, kind, site, unit);
}

void sim_clear(struct sim *s)
{
	VEC_RELEASE(&s->blocks);
}

/* --- from blocks to profiles ------------------------------------------------------------- */

static int by_site(const void *a, const void *b)
{
	const struct sim_block *x = a, *y = b;

	if (x->site != y->site)
		return x->site < y->site ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->born < y->born ? -1 : x->born > y->born;
}

/* Two frames: the site's, and a common caller's. */
static rt_stack_id stack_of(uint32_t site)
{
	uintptr_t pcs[] = { 0x10000 + (uintptr_t)site * 16, 0x9000 };

	return rt_stacktab_id(pcs, 2);
}

static void add_amounts(struct rt_row *row, const struct rt_amounts *a, bool alive)
{
	row->alloc_samples++;
	row->values[RT_ALLOC_OBJECTS] += (int64_t)a->objects;
	row->values[RT_ALLOC_BYTES] += (int64_t)a->bytes;
	if (!alive)
		return;
	row->inuse_samples++;
	row->values[RT_INUSE_OBJECTS] += (int64_t)a->objects;
	row->values[RT_INUSE_BYTES] += (int64_t)a->bytes;
}

static void put_row(struct rt_snapshot *s, struct rt_row *row)
{
	if (row->alloc_samples == 0)
		return;
	row->values[RT_ALLOC_OBJECTS] =
	    rt_snapshot_objects((uint64_t)row->values[RT_ALLOC_OBJECTS]);
	row->values[RT_INUSE_OBJECTS] =
	    rt_snapshot_objects((uint64_t)row->values[RT_INUSE_OBJECTS]);
	rt_snapshot_add(s, row);
}

/* The record's blocks [0, n), by birth, as rows: one a cohort, and one of what was freed. */
static void put_record(
    struct rt_snapshot *s, const struct sim *sim, const struct sim_block *b, size_t n, double t)
{
	uint32_t record = rt_records_find(stack_of(b->site), b->size);
	struct rt_amounts weight = rt_weight_of(b->size, sim->period);
	struct rt_row rest = { .record = record, .stack = stack_of(b->site) };
	struct rt_row row;

	rest.label_bytes = (int64_t)rt_records_first_size(record);
	row = rest;
	row.labels = RT_LABEL_BORN;
	for (size_t i = 0; i < n && b[i].born <= t; i++) {
		bool alive = b[i].died > t;
		uint32_t cohort = cohort_of((uint32_t)b[i].born, (uint32_t)t);

		if (!alive || sim->no_births) {
			add_amounts(&rest, &weight, alive);
			continue;
		}
		if (row.alloc_samples && row.born != cohort) {
			put_row(s, &row);
			row = rest;
			memset(row.values, 0, sizeof row.values);
			row.alloc_samples = row.inuse_samples = 0;
			row.labels = RT_LABEL_BORN;
		}
		row.born = cohort;
		add_amounts(&row, &weight, true);
	}
	put_row(s, &row);
	put_row(s, &rest);
}

static bool encode(const struct sim *sim, double t, struct rt_bytes *out)
{
	struct rt_snapshot s;
	bool good;

	rt_snapshot_begin(&s);
	s.rate = sim->period;
	s.time_ns = 1000000000000000000 + (int64_t)(t * 1e9);
	if (!sim->no_births) {
		s.labels = RT_LABEL_BORN;
		s.duration_ns = (int64_t)(t * 1e9);
	}
	for (size_t i = 0; i < sim->blocks.n;) {
		const struct sim_block *b = &sim->blocks.p[i];
		size_t n = 1;

		while (i + n < sim->blocks.n && b[n].site == b->site && b[n].size == b->size)
			n++;
		put_record(&s, sim, b, n, t);
		i += n;
	}
	if (!rt_snapshot_end(&s))
		return false;
	good = rt_encode(&s, rt_profiles_find(STR("heap"))->shape, out);
	rt_snapshot_release(&s);
	return good;
}

static bool read_moment(const struct sim *s, unsigned k, struct profile *p, struct leaks_moment *m)
{
	struct rt_bytes bytes = { 0 };
	/* A single profile is taken at the end. */
	double t = end_of(s) - s->window * (s->moments - 1 - k) / fmax(1, s->moments - 1.0);
	struct err e;
	char number[12];
	bool good = encode(s, t, &bytes) &&
		    profile_decode(p, (struct str){ (const char *)bytes.p, bytes.n }, &e) == OK;

	rt_bytes_release(&bytes);
	if (!good)
		return false;
	*m = (struct leaks_moment){ .time_ns = p->time_ns, .at = t };
	snprintf(number, sizeof number, "%u", k);
	return profile_label_all(p, LEAKS_MOMENT_LABEL, str_c(number), &e) == OK;
}

bool sim_judge(struct sim *s, struct leaks_report *out)
{
	struct leaks_moment moments[LEAKS_MAX_MOMENTS];
	struct profile profiles[LEAKS_MAX_MOMENTS] = { 0 }, all = { 0 };
	struct profile *list[LEAKS_MAX_MOMENTS];
	bool good = s->moments <= LEAKS_MAX_MOMENTS;
	struct err e;

	if (s->blocks.n)
		qsort(s->blocks.p, s->blocks.n, sizeof *s->blocks.p, by_site);
	for (unsigned k = 0; good && k < s->moments; k++) {
		good = read_moment(s, k, &profiles[k], &moments[k]);
		list[k] = &profiles[k];
	}
	good = good && profile_combine(&all, list, s->moments, &e) == OK;
	*out = (struct leaks_report){ 0 };
	if (good) {
		struct leaks_input in = { &all, moments, s->moments, !s->no_births, true };

		good = leaks_analyze(out, &in, &e) == OK;
	}
	/* Names of functions are the profile's; nobody asks for them here. */
	profile_release(&all);
	return good;
}
