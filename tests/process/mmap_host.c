/*
 * The mmap profile from inside: sizes as asked for, parts unmapped, moves, failures, forks. With
 * "off" instead of "on" there is no such profile, and everything works the same.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/heap_sums.h"

#define PAGE 4096

static int on, failed;

static void expect(int64_t size, int64_t allocated, int64_t used, const char *what)
{
	struct reader_profile p;
	struct heap_sums s;

	if (!on)
		return;
	profile_named("mmap", &p);
	s = heap_sums_of(&p, size);
	reader_close(&p);
	if (s.alloc_bytes == allocated && s.inuse_bytes == used)
		return;
	fprintf(stderr, "%s: %ld bytes mapped, %ld in use\n", what, (long)s.alloc_bytes,
	    (long)s.inuse_bytes);
	failed = 1;
}

static void check(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "failed: %s\n", what);
	failed = 1;
}

static char *map(size_t n)
{
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(p != MAP_FAILED, "mmap");
	p[n - 1] = 1;
	return p;
}

static void map_and_unmap(void)
{
	char *p = map(100 * PAGE - 7);

	expect(100 * PAGE, 100 * PAGE, 100 * PAGE, "whole pages");
	check(munmap(p + 10 * PAGE, 20 * PAGE) == 0, "munmap of a part");
	expect(100 * PAGE, 100 * PAGE, 80 * PAGE, "a part unmapped");
	errno = 0;
	check(munmap(p + 1, PAGE) != 0 && errno == EINVAL, "munmap of nonsense");
	expect(100 * PAGE, 100 * PAGE, 80 * PAGE, "a failed munmap");
	/* Over the first ten, which then are another mapping's. */
	check(mmap(p, 10 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p,
	    "MAP_FIXED");
	expect(100 * PAGE, 100 * PAGE, 70 * PAGE, "replaced by a fixed mapping");
	expect(10 * PAGE, 10 * PAGE, 10 * PAGE, "the fixed mapping");
	munmap(p, 100 * PAGE);
	expect(100 * PAGE, 100 * PAGE, 0, "all unmapped");
	expect(10 * PAGE, 10 * PAGE, 0, "the fixed mapping unmapped");
	check(mmap(NULL, 0, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED,
	    "mmap of nothing");
}

static void move(void)
{
	char *p = map(200 * PAGE), *q;

	p[0] = 42;
	q = mremap(p, 200 * PAGE, 300 * PAGE, MREMAP_MAYMOVE);
	check(q != MAP_FAILED && q[0] == 42, "mremap");
	expect(200 * PAGE, 200 * PAGE, 0, "moved away");
	expect(300 * PAGE, 300 * PAGE, 300 * PAGE, "moved there");
	p = map(320 * PAGE);
	check(mremap(q, 300 * PAGE, 310 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p,
	    "mremap to a fixed place");
	expect(320 * PAGE, 320 * PAGE, 10 * PAGE, "what is left of the place");
	expect(310 * PAGE, 310 * PAGE, 310 * PAGE, "moved to a fixed place");
	check(mremap(p, 310 * PAGE, (size_t)1 << 60, MREMAP_MAYMOVE) == MAP_FAILED, "too much");
	expect(310 * PAGE, 310 * PAGE, 310 * PAGE, "a failed mremap");
	munmap(p, 320 * PAGE);
	expect(310 * PAGE, 310 * PAGE, 0, "the moved one unmapped");
}

static void move_the_break(void)
{
	char *before = sbrk(0);
	char *p = sbrk(1000000);

	check(p == before && sbrk(0) == before + 1000000, "sbrk");
	expect(1000000, 1000000, 1000000, "sbrk up");
	check(sbrk(-400000) == before + 1000000, "sbrk down");
	expect(1000000, 1000000, 600000, "sbrk down");
	check(brk(before) == 0, "brk");
}

/* libc's own mappings are not the program's. */
static void *nothing(void *arg)
{
	return arg;
}

static void libc_is_left_out(void)
{
	struct reader_profile p;
	int64_t before, after;
	pthread_t thread;
	void *volatile big;

	if (!on)
		return;
	profile_named("mmap", &p);
	before = heap_sums_of(&p, 0).alloc_bytes;
	reader_close(&p);
	pthread_create(&thread, NULL, nothing, NULL);
	pthread_join(thread, NULL);
	big = malloc(32 << 20);
	free(big);
	profile_named("mmap", &p);
	after = heap_sums_of(&p, 0).alloc_bytes;
	reader_close(&p);
	check(before == after, "libc's and our own mappings are not counted");
}

static void fork_goes_on(void)
{
	char *p = map(400 * PAGE);
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		expect(400 * PAGE, 400 * PAGE, 400 * PAGE, "in the child");
		munmap(p, 100 * PAGE);
		expect(400 * PAGE, 400 * PAGE, 300 * PAGE, "unmapped in the child");
		_exit(failed);
	}
	waitpid(pid, &status, 0);
	check(status == 0, "child");
	expect(400 * PAGE, 400 * PAGE, 400 * PAGE, "not in the parent");
	munmap(p, 400 * PAGE);
}

int main(int argc, char **argv)
{
	on = argc > 1 && strcmp(argv[1], "on") == 0;
	check((pprof_lookup("mmap") != NULL) == on, "the profile is there when asked for");
	map_and_unmap();
	move();
	move_the_break();
	libc_is_left_out();
	fork_goes_on();
	return failed;
}
