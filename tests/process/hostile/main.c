/* Runs one scenario by name; see hostile.h. `hostile -l` lists them. */
#include "process/hostile/hostile.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct hostile_scenario *const tables[] = { hostile_processes, hostile_descriptors,
	hostile_threads, hostile_moments, hostile_stacks, hostile_overflows, hostile_libraries,
	hostile_limits, hostile_cxx, hostile_parts };

#define TABLES (sizeof(tables) / sizeof(tables[0]))
/* The last is not listed. */
#define LISTED (TABLES - 1)

const char *hostile_self;

int hostile_fail(const char *what, long got, long want)
{
	fprintf(stderr, "%s is %ld, not %ld\n", what, got, want);
	return 1;
}

int hostile_wait(int pid)
{
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

void hostile_become(const char *scenario)
{
	char name[64];
	char *const argv[] = { (char[]){ "hostile" }, name, NULL };

	snprintf(name, sizeof(name), "%s", scenario);
	unsetenv("PPROF_PID");
	if (getenv("PPROF_ADDR") && strncmp(getenv("PPROF_ADDR"), "unix:", 5) != 0)
		setenv("PPROF_ADDR", "127.0.0.1:0", 1);
	execv(hostile_self, argv);
}

void *hostile_block(size_t n)
{
	void *volatile p = malloc(n);

	if (p)
		memset(p, 0x5a, n);
	return p;
}

/* By name, as this program does not know whether the runtime is there. */
static int write_profile(int fd)
{
	int (*write_heap)(int);
	void *f = dlsym(RTLD_DEFAULT, "pprof_write_heap_profile");

	if (!f)
		return -1;
	memcpy(&write_heap, &f, sizeof(f));
	return write_heap(fd);
}

int hostile_profile(struct reader_profile *p)
{
	int fd = memfd_create("profile", MFD_CLOEXEC);
	off_t n;
	void *bytes;
	int good = 0;

	if (fd < 0)
		return 0;
	if (write_profile(fd) == 0 && (n = lseek(fd, 0, SEEK_END)) > 0) {
		bytes = mmap(NULL, (size_t)n, PROT_READ, MAP_PRIVATE, fd, 0);
		good = bytes != MAP_FAILED && reader_open(bytes, (size_t)n, p);
		if (bytes != MAP_FAILED)
			munmap(bytes, (size_t)n);
		if (!good)
			abort();
	}
	close(fd);
	return good;
}

long hostile_in_use(size_t size, long otherwise)
{
	struct reader_profile p;
	long n = 0;

	if (!hostile_profile(&p))
		return otherwise;
	for (size_t i = 0; i < p.n_samples; i++)
		if (p.samples[i].bytes_label == (int64_t)size)
			n += (long)p.samples[i].values[2];
	if (p.period != 1)
		n = otherwise;
	reader_close(&p);
	return n;
}

static const struct hostile_scenario *find(const char *name)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct hostile_scenario *s = tables[t]; s->name; s++)
			if (strcmp(s->name, name) == 0)
				return s;
	return NULL;
}

static int list(void)
{
	for (size_t t = 0; t < LISTED; t++)
		for (const struct hostile_scenario *s = tables[t]; s->name; s++)
			puts(s->name);
	return 0;
}

int main(int argc, char **argv)
{
	const struct hostile_scenario *s;
	int status;

	hostile_self = "/proc/self/exe";
	if (argc < 2 || strcmp(argv[1], "-l") == 0)
		return list();
	s = find(argv[1]);
	if (!s) {
		fprintf(stderr, "no scenario %s\n", argv[1]);
		return 2;
	}
	status = s->run();
	printf("%s %d\n", s->name, status);
	fflush(stdout);
	return status;
}
