/*
 * The verdicts' precision, recall and intervals on simulated programs, as the table in
 * docs/leaks.md. Not a test: it takes minutes. Run by bench/run.sh and by hand.
 *
 *   usage: leaks_table [TRIALS [SEED [held|tuning [KIND|all|sites [MOMENTS [WINDOW [PERIOD]]]]]]]
 *
 * WINDOW in seconds, PERIOD in bytes between samples. "sites": programs of a thousand sites, of
 * which ten leak.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stat/leaks_sim.h"

struct cell {
	unsigned trials, leak, covered, intervals, classes[16];
};

static bool run_once(struct sim *s, enum sim_kind kind, struct cell *c)
{
	struct leaks_report r;
	bool good;

	sim_add(s, kind, 0);
	good = sim_judge(s, &r);
	c->trials++;
	if (good && r.outcome == LEAKS_IS_LEAK) {
		c->leak++;
		/* The rate of a day's waves is another at each time: nothing to compare with. */
		c->intervals += kind != SIM_LEAK_DIURNAL;
		c->covered += r.suspects[0].v.rate.lo <= s->leak_rate &&
			      s->leak_rate <= r.suspects[0].v.rate.hi;
	}
	if (good && r.n_suspects)
		c->classes[r.suspects[0].v.class]++;
	else if (good && r.n_others)
		c->classes[r.others[0].v.class]++;
	else
		c->classes[0]++;
	leaks_report_release(&r);
	sim_clear(s);
	return good;
}

static void print_cell(enum sim_kind kind, double samples, const struct cell *c)
{
	printf("%-13s", sim_name(kind));
	if (kind < SIM_LEAKS)
		printf(" %7.0f", samples);
	else
		printf(" %7s", "-");
	printf(" %6.1f%%", 100.0 * c->leak / c->trials);
	if (kind < SIM_LEAKS && c->intervals)
		printf(" %6.1f%%", 100.0 * c->covered / c->intervals);
	else
		printf(" %7s", "");
	for (unsigned i = 0; i < 12; i++)
		if (c->classes[i])
			printf("  %s %.0f", leaks_class_word(i), 100.0 * c->classes[i] / c->trials);
	printf("\n");
}

static struct cell run_cell(struct sim *s, enum sim_kind kind, double samples, unsigned trials)
{
	struct cell c = { 0 };

	for (unsigned i = 0; i < trials; i++) {
		s->before = sim_uniform(s, 0.2, 6) * s->window;
		s->leak_rate = samples * (double)s->period / s->window;
		if (!run_once(s, kind, &c))
			exit(2);
	}
	print_cell(kind, samples, &c);
	fflush(stdout);
	return c;
}

/* Sites have addresses of their own: see leaks_sim.c. */
static unsigned site_of(const struct leaks_site *s)
{
	return (unsigned)((strtoull(s->function.p, NULL, 16) - 0xffff) / 16);
}

static enum sim_kind kind_of(unsigned site)
{
	return (enum sim_kind)(
	    site < 10 ? site % SIM_LEAKS : SIM_LEAKS + site % (SIM_KINDS - SIM_LEAKS));
}

/* Ten leaks of so many samples each, among 990 sites of all other kinds. */
static void run_sites(struct sim *s, double samples, unsigned trials)
{
	unsigned found = 0, wrong = 0, accused = 0, by_kind[SIM_KINDS] = { 0 };

	for (unsigned i = 0; i < trials; i++) {
		struct leaks_report r;

		s->before = sim_uniform(s, 0.2, 6) * s->window;
		s->leak_rate = samples * (double)s->period / s->window;
		for (uint32_t site = 0; site < 1000; site++)
			sim_add(s, kind_of(site), site);
		if (!sim_judge(s, &r))
			exit(2);
		for (size_t k = 0; k < r.n_suspects; k++) {
			bool leaks = r.suspects[k].v.class == LEAKS_LEAK;

			found += leaks && site_of(&r.suspects[k]) < 10;
			wrong += leaks && site_of(&r.suspects[k]) >= 10;
			by_kind[kind_of(site_of(&r.suspects[k]))] += leaks;
		}
		leaks_report_release(&r);
		sim_clear(s);
	}
	accused = found + wrong;
	printf("%5.0f samples, %u programs: %u of %u leaks found, %u of %u others accused, "
	       "false discoveries %.4f\n",
	    samples, trials, found, 10 * trials, wrong, 990 * trials,
	    accused ? (double)wrong / accused : 0);
	for (unsigned kind = SIM_LEAKS; kind < SIM_KINDS; kind++)
		if (by_kind[kind])
			printf("%15s %u\n", sim_name((enum sim_kind)kind), by_kind[kind]);
	fflush(stdout);
}

static void add_intervals(struct cell *sum, const struct cell *c)
{
	sum->intervals += c->intervals;
	sum->covered += c->intervals ? c->covered : 0;
}

int main(int argc, char **argv)
{
	static const double samples[] = { 7, 14, 21, 35, 70, 210, 700 };
	unsigned trials = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 150;
	struct sim s = { .random = argc > 2 ? strtoull(argv[2], NULL, 10) : 1,
		.held_out = argc <= 3 || strcmp(argv[3], "tuning") != 0,
		.window = argc > 6 ? strtod(argv[6], NULL) : 3600,
		.period = argc > 7 ? strtoull(argv[7], NULL, 10) : 512 * 1024,
		.moments = argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : 10 };
	double called[8] = { 0 }, wrong = 0;
	struct cell steady[8] = { 0 }, batches[8] = { 0 };

	if (!sim_start())
		return 2;
	if (argc > 4 && strcmp(argv[4], "sites") == 0) {
		for (unsigned i = 3; i < sizeof samples / sizeof samples[0]; i += 2)
			run_sites(&s, samples[i], trials);
		return 0;
	}
	printf("%-13s %7s %7s %7s  what was said, %%\n", "scenario", "samples", "LEAK", "covered");
	for (unsigned kind = 0; kind < SIM_KINDS; kind++) {
		if (argc > 4 && strcmp(argv[4], "all") != 0 && strcmp(argv[4], sim_name(kind)) != 0)
			continue;
		for (unsigned i = 0; i < sizeof samples / sizeof samples[0]; i++) {
			struct cell c = run_cell(&s, kind, samples[i], trials);

			if (kind >= SIM_LEAKS) {
				wrong += (double)c.leak / c.trials;
				break;
			}
			called[i] += (double)c.leak / c.trials;
			add_intervals(kind == SIM_LEAK_BATCH ? &batches[i] : &steady[i], &c);
		}
	}
	for (unsigned i = 0; i < sizeof samples / sizeof samples[0]; i++)
		printf("%5.0f samples: precision %.3f recall %.3f, intervals that hold the rate: "
		       "steady %u of %u, batches %u of %u\n",
		    samples[i], called[i] / (called[i] + wrong), called[i] / SIM_LEAKS,
		    steady[i].covered, steady[i].intervals, batches[i].covered,
		    batches[i].intervals);
	return 0;
}
