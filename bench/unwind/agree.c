/*
 * Runs a program with agree_preload.c in it and prints how often our stacks were libunwind's:
 *
 *	agree PRELOAD-LIBRARY MIN-SAMPLES MIN-SHARE NAME PROGRAM [ARGUMENT...]
 *
 * One row, and one line for each kind of difference found. Exits 1 when there were fewer samples,
 * or a smaller share (0 to 1) of them equal, than asked for.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agree.h"

static struct agree_results *map_new(char *path)
{
	int fd = mkstemp(path);
	void *p = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(struct agree_results)) == 0)
		p = mmap(
		    NULL, sizeof(struct agree_results), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		perror("agree");
		exit(2);
	}
	close(fd);
	return p;
}

static int run(const char *preload, const char *out, char **argv)
{
	pid_t pid = fork();
	int status = 0;
	int null;

	if (pid == 0) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, 1);
		dup2(null, 2);
		setenv("LD_PRELOAD", preload, 1);
		setenv("AGREE_OUT", out, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Same kind: same class at the same place. */
static bool is_first(const struct agree_results *r, uint32_t i, uint32_t *times)
{
	const struct agree_difference *d = &r->differences[i];

	*times = 0;
	for (uint32_t k = 0; k < AGREE_DIFFERENCES && k < r->n_differences; k++) {
		const struct agree_difference *e = &r->differences[k];
		bool same = e->class == d->class && e->offset == d->offset &&
			    strcmp(e->module, d->module) == 0;

		if (same && k < i)
			return false;
		*times += same;
	}
	return true;
}

static void print_difference(const struct agree_difference *d, uint32_t times)
{
	static const char *const names[] = { "same", "ours goes on, other failed",
		"ours ends before", "ours goes on", "diverged" };

	printf("    %ux %s: last common frame %u at %s+0x%lx, ours %u frames (end %d), other %u "
	       "(end %d); code",
	    times, names[d->class], d->common, d->module, d->offset, d->ours_n, d->ours_end,
	    d->other_n, d->other_end);
	for (size_t i = 0; i < sizeof(d->code); i++)
		printf(" %02x", d->code[i]);
	printf("; ours %lx %lx, other %lx %lx\n", d->ours[0], d->ours[1], d->other[0], d->other[1]);
}

int main(int argc, char **argv)
{
	char path[] = "/tmp/agree.XXXXXX";
	struct agree_results *r;
	double share;
	int status;

	if (argc < 6) {
		fprintf(stderr, "usage: agree PRELOAD-LIBRARY MIN-SAMPLES MIN-SHARE NAME PROGRAM "
				"[ARGUMENT...]\n");
		return 2;
	}
	r = map_new(path);
	status = run(argv[1], path, argv + 5);
	unlink(path);
	share = r->samples ? (double)r->classes[AGREE_SAME] / (double)r->samples : 0;
	printf("%-22s %7lu samples %6.1f frames  %8.3f %% equal  %5lu longer %3lu shorter %3lu "
	       "extra %3lu diverged  %8.3f %% done  exit %d\n",
	    argv[4], r->samples, r->samples ? (double)r->frames / (double)r->samples : 0,
	    100 * share, r->classes[AGREE_LONGER], r->classes[AGREE_SHORTER],
	    r->classes[AGREE_EXTRA], r->classes[AGREE_DIVERGED],
	    r->samples ? 100.0 * (double)r->ends[0] / (double)r->samples : 0, status);
	for (uint32_t i = 0; i < AGREE_DIFFERENCES && i < r->n_differences; i++) {
		uint32_t times;

		if (r->differences[i].ready && is_first(r, i, &times))
			print_difference(&r->differences[i], times);
	}
	return (double)r->samples < atof(argv[2]) || share < atof(argv[3]);
}
