/*
 * State files of real processes that are killed: whatever the moment, the file decodes, every
 * record is whole, and totals are those that the program counted itself. test_state [KILLS]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "fetch/state_list.h"
#include "fetch/state_read.h"
#include "process/state_host.h"

static int kills = 20;
static char folder[64];
static char shared_path[96];

/* One run of the host. */
struct host {
	pid_t pid;
	struct state_shared *shared;
	char state[256]; /* path of its file */
};

static struct state_shared *map_shared(void)
{
	int fd = open(shared_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct state_shared *s;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, sizeof(*s)), 0);
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(s != MAP_FAILED);
	close(fd);
	return s;
}

static void become(
    const char *directory, const char *rate, const char *command, const char *argument)
{
	setenv("LD_PRELOAD", PRELOAD, 1);
	setenv("PPROF_STATE", directory, 1);
	setenv("PPROF_HEAP_RATE", rate, 1);
	execl(HOST, HOST, command, shared_path, argument, (char *)NULL);
	_exit(127);
}

static void start_in(struct host *h, const char *directory, const char *rate, const char *command,
    const char *argument)
{
	h->shared = map_shared();
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (h->pid == 0)
		become(directory, rate, command, argument);
	snprintf(h->state, sizeof(h->state), "%s/%d.state", directory, (int)h->pid);
}

static void start(struct host *h, const char *rate, const char *command, const char *argument)
{
	start_in(h, folder, rate, command, argument);
}

static void await_ready(const struct host *h)
{
	for (int i = 0; i < 6000 && !atomic_load(&h->shared->ready); i++)
		usleep(10000);
	assert_true(atomic_load(&h->shared->ready));
}

static int end(struct host *h)
{
	int status = 0;

	assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
	return status;
}

static void finish(struct host *h)
{
	unlink(h->state);
	munmap(h->shared, sizeof(*h->shared));
}

static void read_as(const char *path, bool births, struct profile *p, struct state_totals *totals)
{
	struct fs_map file;
	struct err e;

	assert_int_equal(fs_map_open(&file, str_c(path), &e), OK);
	if (state_read(p, (struct str){ file.p, file.n }, births, totals, &e) != OK)
		fail_msg("%s: %s", path, e.msg);
	fs_map_close(&file);
}

static void read_state(const char *path, struct profile *p, struct state_totals *totals)
{
	read_as(path, false, p, totals);
}

static int64_t label_of(const struct profile *p, size_t i)
{
	size_t n;
	const struct label *labels = sample_labels(p, i, &n);

	return n ? labels[0].num : 0;
}

/* Sums of the samples whose blocks have this size (all when 0). */
static void sums_of(const struct profile *p, int64_t size, int64_t sums[4])
{
	memset(sums, 0, 4 * sizeof(*sums));
	for (size_t i = 0; i < p->samples.n; i++)
		for (int v = 0; v < 4 && (size == 0 || label_of(p, i) == size); v++)
			sums[v] += sample_values(p, i)[v];
}

/*
 * Bytes in use of the sizes that the threads allocate. All blocks of a record have one size; when
 * everything is sampled, bytes are objects times size, in both halves: a record half of whose
 * counters were written would not hold that.
 */
static int64_t sum_and_check(const struct profile *p, bool exact)
{
	static const int64_t sizes[] = STATE_SIZES;
	int64_t inuse = 0;

	for (size_t i = 0; i < p->samples.n; i++) {
		const int64_t *v = sample_values(p, i);
		int64_t size = label_of(p, i);

		for (int k = 0; k < STATE_N_SIZES; k++) {
			if (size != sizes[k])
				continue;
			if (exact) {
				assert_int_equal(v[1], v[0] * size);
				assert_int_equal(v[3], v[2] * size);
			}
			assert_true(v[2] >= 0 && v[2] <= v[0]);
			inuse += v[3];
		}
	}
	return inuse;
}

static int64_t counted(const struct state_shared *s)
{
	int64_t sum = 0;

	for (int i = 0; i < STATE_THREADS; i++)
		sum += atomic_load(&s->threads[i].live_bytes);
	return sum;
}

/* A thread may be before or behind its counting of one free and one malloc. */
#define IN_FLIGHT (STATE_THREADS * 2 * 3000)

static void check_killed(const struct host *h, int64_t rate)
{
	int64_t truth = counted(h->shared);
	int64_t inuse;
	struct state_totals totals;
	struct profile p;
	double slack = IN_FLIGHT;

	read_state(h->state, &p, &totals);
	assert_int_equal(totals.damaged, 0);
	assert_true(totals.records > 0);
	inuse = sum_and_check(&p, rate == 1);
	if (rate > 1) /* six standard errors, see docs/sampling.md */
		slack += 6 * sqrt((double)rate * (double)truth);
	if (fabs((double)(inuse - truth)) > slack)
		fail_msg("%lld bytes in use, counted %lld", (long long)inuse, (long long)truth);
	profile_release(&p);
	/* The same by birth: no block that is alive is more than its record has. */
	read_as(h->state, true, &p, &totals);
	assert_int_equal(sum_and_check(&p, rate == 1), inuse);
	profile_release(&p);
}

static void at_any_moment(void **state)
{
	unsigned x = (unsigned)time(NULL);

	(void)state;
	for (int i = 0; i < kills; i++) {
		bool exact = i % 2 == 0;
		struct host h;

		start(&h, exact ? "1" : "4096", "run", "");
		await_ready(&h);
		usleep(rand_r(&x) % 30000);
		assert_int_equal(kill(h.pid, SIGKILL), 0);
		assert_true(WIFSIGNALED(end(&h)));
		check_killed(&h, exact ? 1 : 4096);
		finish(&h);
	}
}

/* Every reading of a file that eight threads write to is whole. */
static void while_it_runs(void **state)
{
	struct state_totals totals;
	struct host h;

	(void)state;
	start(&h, "1", "run", "");
	await_ready(&h);
	for (int i = 0; i < 200; i++) {
		struct profile p;

		read_as(h.state, i % 2 == 1, &p, &totals);
		assert_int_equal(totals.damaged, 0);
		assert_true(sum_and_check(&p, true) > 0);
		profile_release(&p);
	}
	kill(h.pid, SIGKILL);
	end(&h);
	finish(&h);
}

static void expect(const char *path, int64_t size, int64_t alloc, int64_t inuse)
{
	struct state_totals totals;
	struct profile p;
	int64_t sums[4];

	read_state(path, &p, &totals);
	sums_of(&p, size, sums);
	assert_int_equal(sums[0], alloc);
	assert_int_equal(sums[1], alloc * size);
	assert_int_equal(sums[2], inuse);
	assert_int_equal(sums[3], inuse * size);
	profile_release(&p);
}

static void child_path(const struct host *h, char *out, size_t cap)
{
	snprintf(out, cap, "%s/%d.state", folder, (int)atomic_load(&h->shared->child));
}

/* What a child does is not seen in its parent's file, and it has none. */
static void fork_leaves_the_parents_file(void **state)
{
	static const char *const ways[] = { "fork", "clone", "die" };
	char theirs[256];

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct host h;

		start(&h, "1", "fork", ways[i]);
		end(&h);
		expect(h.state, STATE_PARENT_SIZE, STATE_PARENT_BLOCKS, STATE_PARENT_BLOCKS);
		expect(h.state, STATE_CHILD_SIZE, 0, 0);
		child_path(&h, theirs, sizeof(theirs));
		assert_int_not_equal(access(theirs, F_OK), 0);
		finish(&h);
	}
}

/* With a file of its own the child goes on with what there was. */
static void forked_child_with_a_file(void **state)
{
	char theirs[256];
	struct host h;

	(void)state;
	setenv("PPROF_STATE_FORK", "1", 1);
	start(&h, "1", "fork", "die");
	end(&h);
	unsetenv("PPROF_STATE_FORK");
	expect(h.state, STATE_PARENT_SIZE, STATE_PARENT_BLOCKS, STATE_PARENT_BLOCKS);
	expect(h.state, STATE_CHILD_SIZE, 0, 0);
	child_path(&h, theirs, sizeof(theirs));
	expect(theirs, STATE_PARENT_SIZE, STATE_PARENT_BLOCKS, 0);
	expect(theirs, STATE_CHILD_SIZE, STATE_CHILD_BLOCKS, STATE_CHILD_BLOCKS);
	unlink(theirs);
	finish(&h);
}

/* A library that was loaded later is among the modules, also after it has gone. */
static void modules_that_come_and_go(void **state)
{
	static const char *const commands[] = { "plugin", "unload" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct state_totals totals;
		struct profile p;
		struct host h;
		bool found = false;

		start(&h, "1", commands[i], PLUGIN);
		end(&h);
		read_state(h.state, &p, &totals);
		for (uint32_t k = 0; k < p.n_locations; k++) {
			uint32_t m = p.locations[k].mapping;

			found |= m != PROFILE_NONE &&
				 str_is(profile_str(&p, p.mappings[m].file), PLUGIN) &&
				 profile_str(&p, p.mappings[m].build_id).n >= 16;
		}
		assert_true(found);
		assert_true(str_is(profile_str(&p, p.mappings[0].file), HOST));
		profile_release(&p);
		finish(&h);
	}
}

static const struct label *label_named(const struct profile *p, size_t i, const char *key)
{
	size_t n;
	const struct label *labels = sample_labels(p, i, &n);

	for (size_t k = 0; k < n; k++)
		if (str_eq(profile_str(p, labels[k].key), str_c(key)))
			return &labels[k];
	return NULL;
}

/* All but the first block have the label; the last ones were born a second later at least. */
static void labels_and_births(void **state)
{
	int64_t with = 0, without = 0, early = 0, late = 0;
	struct state_totals totals;
	struct profile p;
	struct host h;

	(void)state;
	start(&h, "1", "labels", "");
	end(&h);
	read_as(h.state, true, &p, &totals);
	for (size_t i = 0; i < p.samples.n; i++) {
		const struct label *route = label_named(&p, i, "route");
		const struct label *born = label_named(&p, i, "born");
		const struct label *bytes = label_named(&p, i, "bytes");
		int64_t objects = sample_values(&p, i)[2];

		if (bytes->num != STATE_PARENT_SIZE && bytes->num != STATE_CHILD_SIZE)
			continue;
		assert_non_null(born);
		assert_true(!route || str_eq(profile_str(&p, route->str), STR("/slow")));
		*(route ? &with : &without) += objects;
		*(bytes->num == STATE_PARENT_SIZE ? &early : &late) += objects;
		if (route && bytes->num == STATE_CHILD_SIZE)
			assert_true(born->num >= 1);
		if (bytes->num == STATE_PARENT_SIZE)
			assert_true(born->num * 1000000000 < p.duration_ns);
	}
	assert_int_equal(without, 1);
	assert_int_equal(with, STATE_PARENT_BLOCKS - 1 + STATE_CHILD_BLOCKS);
	assert_int_equal(early, STATE_PARENT_BLOCKS - 1);
	assert_int_equal(late, STATE_CHILD_BLOCKS + 1);
	profile_release(&p);
	finish(&h);
}

static void clean_exit_removes_it(void **state)
{
	struct state_list list;
	struct err e;
	struct host h;

	(void)state;
	start(&h, "1", "keep", "");
	assert_int_equal(end(&h), 0);
	assert_int_not_equal(access(h.state, F_OK), 0);
	setenv("PPROF_STATE_KEEP", "1", 1);
	start(&h, "1", "keep", "");
	assert_int_equal(end(&h), 0);
	unsetenv("PPROF_STATE_KEEP");
	expect(h.state, STATE_PARENT_SIZE, STATE_PARENT_BLOCKS, STATE_PARENT_BLOCKS);
	assert_int_equal(state_list_read(&list, str_c(folder), &e), OK);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.entries[0].status, STATE_ENDED);
	assert_int_equal(list.entries[0].pid, h.pid);
	state_list_release(&list);
	finish(&h);
}

static void states_of_the_living_and_the_dead(void **state)
{
	struct state_list list;
	struct host h, dead;
	size_t removed;
	struct err e;

	(void)state;
	start(&dead, "1", "keep", "die");
	end(&dead);
	start(&h, "4096", "run", "");
	await_ready(&h);
	assert_int_equal(state_list_read(&list, str_c(folder), &e), OK);
	assert_int_equal(list.n, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(list.entries[i].status,
		    list.entries[i].pid == (uint32_t)h.pid ? STATE_RUNNING : STATE_GONE);
	assert_int_equal(state_list_expire(&list, list.entries[0].last_ns, 0, &removed, &e), OK);
	assert_int_equal(removed, 1);
	assert_int_not_equal(access(dead.state, F_OK), 0);
	assert_int_equal(access(h.state, F_OK), 0);
	state_list_release(&list);
	kill(h.pid, SIGKILL);
	end(&h);
	finish(&h);
	finish(&dead);
}

/* The program runs on whatever is wrong with the directory. */
static void without_a_usable_directory(void **state)
{
	static const char *const bad[] = { "/proc", "/dev/null/x", "/nonexistent/a/b" };
	struct host h;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		start_in(&h, bad[i], "1", "keep", "");
		assert_int_equal(end(&h), 0);
		munmap(h.shared, sizeof(*h.shared));
	}
}

/* Limits the size of files, as seen by the host only. */
static int run_limited(rlim_t bytes, const char *command)
{
	const struct rlimit limit = { bytes, bytes };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		setrlimit(RLIMIT_FSIZE, &limit);
		snprintf(shared_path, sizeof(shared_path), "-");
		become(folder, "1", command, "die");
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return WTERMSIG(status);
}

static size_t files_in(const char *directory)
{
	struct state_list list;
	struct err e;
	size_t n;

	assert_int_equal(state_list_read(&list, str_c(directory), &e), OK);
	n = list.n;
	for (size_t i = 0; i < n; i++)
		unlink(list.entries[i].path.p);
	state_list_release(&list);
	return n;
}

static void under_a_file_size_limit(void **state)
{
	(void)state;
	/* It dies of its own signal, not of SIGXFSZ or SIGBUS. */
	assert_int_equal(run_limited(1 << 20, "keep"), SIGKILL);
	assert_int_equal(files_in(folder), 0);
	assert_int_equal(run_limited(32 << 20, "keep"), SIGKILL);
	assert_int_equal(files_in(folder), 1);
}

/* More blocks alive than there is room for are counted as freed: totals stay whole. */
static void check_full(const struct host *h)
{
	struct state_totals totals;
	struct profile p;
	int64_t sums[4];

	read_state(h->state, &p, &totals);
	assert_int_equal(totals.damaged, 0);
	sums_of(&p, 0, sums);
	assert_true(sums[0] >= STATE_FILL_BLOCKS);
	assert_true(sums[2] < STATE_FILL_BLOCKS);
	profile_release(&p);
}

static void fill_one(const char *full, bool has_room_to_start)
{
	struct host h;

	start_in(&h, full, "1", "fill", "die");
	await_ready(&h);
	assert_int_equal(WTERMSIG(end(&h)), SIGKILL);
	assert_int_equal(access(h.state, F_OK) == 0, has_room_to_start);
	if (has_room_to_start)
		check_full(&h);
	finish(&h);
}

static void on_a_full_file_system(void **state)
{
	static const char *const sizes[] = { "size=256k", "size=1600k", "size=3m" };
	char full[96];

	(void)state;
	snprintf(full, sizeof(full), "%s/full", folder);
	mkdir(full, 0700);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (mount("none", full, "tmpfs", 0, sizes[i]) != 0) {
			print_message("no permission to mount a small tmpfs\n");
			break;
		}
		fill_one(full, i > 0);
		assert_int_equal(umount(full), 0);
	}
	rmdir(full);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_state.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(shared_path, sizeof(shared_path), "%s/shared", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(shared_path);
	return rmdir(folder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_any_moment),
		cmocka_unit_test(while_it_runs),
		cmocka_unit_test(fork_leaves_the_parents_file),
		cmocka_unit_test(forked_child_with_a_file),
		cmocka_unit_test(modules_that_come_and_go),
		cmocka_unit_test(labels_and_births),
		cmocka_unit_test(clean_exit_removes_it),
		cmocka_unit_test(states_of_the_living_and_the_dead),
		cmocka_unit_test(without_a_usable_directory),
		cmocka_unit_test(under_a_file_size_limit),
		cmocka_unit_test(on_a_full_file_system),
	};

	if (argc > 1)
		kills = atoi(argv[1]);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
