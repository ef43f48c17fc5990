/*
 * What naming a profile's addresses takes, alone: CPU seconds of symbolize_profile, all threads,
 * without reading and writing the profile. For symbols.py.
 *
 *	bench_names PROFILE
 */
#include <stdio.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "core/str.h"
#include "profile/decode.h"
#include "profile/profile.h"
#include "symbolize/symbolize.h"

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return seconds(u.ru_utime) + seconds(u.ru_stime);
}

int main(int argc, char **argv)
{
	struct profile p;
	struct err e;
	double before;

	if (argc != 2) {
		fprintf(stderr, "usage: bench_names PROFILE\n");
		return 2;
	}
	alloc_expect_large(); /* as the tool does for files that take long enough to be measured */
	if (profile_decode_file(&p, str_c(argv[1]), (size_t)1 << 30, &e) != OK) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	before = cpu();
	if (symbolize_profile(&p, STR("local"), NULL, NULL, NULL, &e) != OK) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	printf("%.4f\n", cpu() - before);
	profile_release(&p);
	return 0;
}
