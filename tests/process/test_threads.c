/*
 * Stacks of all threads, what they are doing, where they were created, and their labels: of threads
 * that run, that sleep (and must go on sleeping) and that have every signal blocked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/heap_sums.h"
#include "process/http_client.h"

static int wake[2]; /* a pipe on which threads wait */
static volatile bool quit;
static _Atomic int disturbed, ready, n_pollers;
static _Atomic pid_t pollers[4]; /* numbers of the threads that come to rest in poll */

static void *sleep_in_poll(void *label)
{
	struct pprof_label one = { "job", label };
	struct pollfd fd = { wake[0], POLLIN, 0 };

	pthread_setname_np(pthread_self(), "poller");
	pprof_with_labels(&one, 1);
	pollers[n_pollers++] = gettid();
	ready++;
	if (poll(&fd, 1, -1) < 0)
		disturbed++;
	return NULL;
}

static void *block_all(void *unused)
{
	struct pollfd fd = { wake[0], POLLIN, 0 };
	sigset_t all;

	pthread_setname_np(pthread_self(), "deaf");
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	pollers[n_pollers++] = gettid();
	ready++;
	while (poll(&fd, 1, -1) < 0)
		disturbed++;
	return unused;
}

static void *run(void *unused)
{
	struct pprof_label one = { "job", "spin" };

	pthread_setname_np(pthread_self(), "spinner");
	pprof_with_labels(&one, 1);
	ready++;
	while (!quit)
		;
	return unused;
}

static pthread_t threads[5];

/* Until the thread sleeps, which it does in poll only. */
static void await_sleep(pid_t tid)
{
	char path[64], state = 'R';

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	while (state != 'S') {
		FILE *f = fopen(path, "r");

		if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 'R';
		if (f)
			fclose(f);
		usleep(1000);
	}
}

static int begin(void **state)
{
	(void)state;
	if (pipe(wake) != 0 || pprof_start("127.0.0.1:0") != 0)
		return -1;
	for (unsigned i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, sleep_in_poll, (void *)(uintptr_t) "wait");
	pthread_create(&threads[3], NULL, block_all, NULL);
	pthread_create(&threads[4], NULL, run, NULL);
	while (ready < 5)
		usleep(1000);
	for (unsigned i = 0; i < 4; i++)
		await_sleep(pollers[i]);
	return 0;
}

static int end(void **state)
{
	int failed = disturbed;

	(void)state;
	quit = true;
	if (write(wake[1], "", 1) != 1)
		return -1;
	for (unsigned i = 0; i < 5; i++)
		pthread_join(threads[i], NULL);
	return failed;
}

static const struct reader_sample *named(const struct reader_profile *p, const char *name)
{
	for (size_t i = 0; i < p->n_samples; i++)
		if (strcmp(reader_text(p, &p->samples[i], "name"), name) == 0)
			return &p->samples[i];
	fail_msg("no thread %s", name);
	return NULL;
}

/* Whether one of the stack's addresses is in the first bytes of a function. */
static bool goes_through(
    const struct reader_profile *p, const struct reader_sample *s, void *(*f)(void *))
{
	uintptr_t start;

	memcpy(&start, &f, sizeof(start));
	for (size_t i = 0; i < s->depth; i++)
		if (p->locations[s->locations[i] - 1].address - start < 256)
			return true;
	return false;
}

static void each_thread_has_its_stack(void **state)
{
	struct reader_profile p;
	const struct reader_sample *s;

	(void)state;
	profile_named("threads", &p);
	assert_string_equal(p.types[0][0], "threads");
	assert_int_equal(p.n_samples, 7); /* main and the endpoint's too */
	s = named(&p, "poller");
	assert_true(goes_through(&p, s, sleep_in_poll));
	assert_string_equal(reader_text(&p, s, "job"), "wait");
	assert_string_equal(reader_text(&p, s, "state"), "sleeping");
	assert_true(atoi(reader_text(&p, s, "tid")) > 0);
	s = named(&p, "deaf");
	assert_true(goes_through(&p, s, block_all));
	assert_string_equal(reader_text(&p, s, "job"), "");
	s = named(&p, "spinner");
	assert_true(goes_through(&p, s, run));
	assert_string_equal(reader_text(&p, s, "job"), "spin");
	assert_string_equal(reader_text(&p, s, "state"), "running");
	reader_close(&p);
	assert_int_equal(disturbed, 0);
}

static void goroutine_adds_up(void **state)
{
	struct reader_profile p;
	int64_t total = 0, most = 0;

	(void)state;
	profile_named("goroutine", &p);
	assert_string_equal(p.types[0][0], "goroutine");
	assert_string_equal(p.period_type[0], "goroutine");
	for (size_t i = 0; i < p.n_samples; i++) {
		total += p.samples[i].values[0];
		most = most > p.samples[i].values[0] ? most : p.samples[i].values[0];
		assert_string_equal(reader_text(&p, &p.samples[i], "tid"), "");
	}
	assert_int_equal(total, 7);
	assert_int_equal(most, 3);
	reader_close(&p);
}

static void texts_are_gos(void **state)
{
	static char out[1 << 20];
	const char *body;

	(void)state;
	client_get(pprof_address(), "/debug/pprof/goroutine?debug=1", out, sizeof(out));
	body = client_body(out);
	assert_memory_equal(body, "goroutine profile: total 7\n3 @ 0x", 33);
	assert_non_null(strstr(body, "\n# labels: {\"job\":\"wait\"}\n#\t0x"));
	client_get(pprof_address(), "/debug/pprof/goroutine?debug=2", out, sizeof(out));
	body = client_body(out);
	assert_memory_equal(body, "goroutine ", 10);
	assert_non_null(strstr(body, "\"poller\"]:\n# labels: {\"job\":\"wait\"}\n\t0x"));
	client_get(pprof_address(), "/debug/pprof/threads?debug=2", out, sizeof(out));
	body = client_body(out);
	assert_memory_equal(body, "thread ", 7);
	assert_non_null(strstr(body, " [running, \"spinner\"]:\n"));
	assert_non_null(strstr(body, ", \"deaf\"]:\n"));
	assert_int_equal(disturbed, 0);
}

static void odd_names_break_no_text(void **state)
{
	static char out[1 << 20];
	char before[16];

	(void)state;
	pthread_getname_np(pthread_self(), before, sizeof(before));
	pthread_setname_np(pthread_self(), "a\"]:\n\33[2J");
	client_get(pprof_address(), "/debug/pprof/threads?debug=2", out, sizeof(out));
	pthread_setname_np(pthread_self(), before);
	assert_non_null(strstr(client_body(out), "\"a\\\"]:\\\\n\\x1b[2J\"]:\n"));
}

/* Threads that stay where they are cancel out; one that runs may have moved. */
static void a_difference_of_threads(void **state)
{
	static char out[1 << 20];
	size_t n =
	    client_get(pprof_address(), "/debug/pprof/goroutine?seconds=1", out, sizeof(out));
	struct reader_profile p;
	int64_t total = 0;

	(void)state;
	assert_int_equal(client_status(out), 200);
	assert_non_null(strstr(out, "filename=\"goroutine-delta\""));
	assert_true(reader_open(client_body(out), n - (size_t)(client_body(out) - out), &p));
	assert_true(p.n_samples <= 6);
	for (size_t i = 0; i < p.n_samples; i++) {
		total += p.samples[i].values[0];
		assert_true(llabs(p.samples[i].values[0]) < 3); /* not those in poll */
	}
	assert_int_equal(total, 0);
	reader_close(&p);
	client_get(pprof_address(), "/debug/pprof/threads?seconds=1", out, sizeof(out));
	assert_int_equal(client_status(out), 400);
}

static void creation_stacks(void **state)
{
	struct reader_profile p;
	int64_t total = 0, by_us = 0;

	(void)state;
	profile_named("threadcreate", &p);
	assert_string_equal(p.types[0][0], "threadcreate");
	for (size_t i = 0; i < p.n_samples; i++) {
		uintptr_t start;
		int (*f)(void **) = begin;
		uint64_t at = p.locations[p.samples[i].locations[0] - 1].address;

		memcpy(&start, &f, sizeof(start));
		total += p.samples[i].values[0];
		if (at - start < 1024)
			by_us += p.samples[i].values[0];
	}
	assert_int_equal(total, 7);
	assert_int_equal(by_us, 5);
	reader_close(&p);
}

static void *tell_labels(void *unused)
{
	const char *job = pprof_label_value("job");

	(void)unused;
	return (void *)(uintptr_t)(job ? job : "none");
}

static const char *labels_of_a_new_thread(void)
{
	pthread_t t;
	void *told;

	pthread_create(&t, NULL, tell_labels, NULL);
	pthread_join(t, &told);
	return told;
}

static void labels_are_inherited_on_request(void **state)
{
	struct pprof_label one = { "job", "parent" };
	pprof_label_set before = pprof_with_labels(&one, 1);

	(void)state;
	assert_string_equal(labels_of_a_new_thread(), "none");
	pprof_inherit_labels(1);
	assert_string_equal(labels_of_a_new_thread(), "parent");
	pprof_inherit_labels(0);
	pprof_set_labels(before);
	assert_null(pprof_label_value("job"));
}

static void *volatile kept[4];

/* Equal stacks and sizes with other labels are other samples. */
static void heap_samples_have_labels(void **state)
{
	static const char *const jobs[] = { "one", "two" };
	struct reader_profile p;
	int seen[3] = { 0 };

	(void)state;
	pprof_set_heap_rate(1);
	for (unsigned i = 0; i < 3; i++) {
		struct pprof_label label = { "job", i < 2 ? jobs[i] : NULL };
		pprof_label_set before = pprof_with_labels(&label, 1);

		kept[i] = malloc(77777);
		pprof_set_labels(before);
	}
	pprof_set_heap_rate(524288);
	profile_named("heap", &p);
	for (size_t i = 0; i < p.n_samples; i++) {
		const char *job = reader_text(&p, &p.samples[i], "job");

		if (p.samples[i].bytes_label == 77777)
			seen[strcmp(job, "one") == 0 ? 0 : strcmp(job, "two") == 0 ? 1 : 2]++;
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(seen[i], 1);
		free(kept[i]);
	}
	reader_close(&p);
}

static void *collect_repeatedly(void *unused)
{
	struct reader_profile p;

	for (unsigned i = 0; i < 20; i++) {
		profile_named("threads", &p);
		reader_close(&p);
	}
	return unused;
}

/* While a CPU profile uses the same signal, and threads come and go. */
static void collecting_while_profiling(void **state)
{
	pthread_t t;
	int fd = open("/dev/null", O_WRONLY);

	(void)state;
	pprof_set_cpu_rate(1000);
	assert_int_equal(pprof_start_cpu_profile(fd), 0);
	pthread_create(&t, NULL, collect_repeatedly, NULL);
	for (unsigned i = 0; i < 200; i++)
		assert_string_equal(labels_of_a_new_thread(), "none");
	pthread_join(t, NULL);
	assert_int_equal(pprof_stop_cpu_profile(), 0);
	close(fd);
	assert_int_equal(disturbed, 0);
}

static void a_forked_child_has_one_thread(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct reader_profile p;

		profile_named("threads", &p);
		_exit(p.n_samples == 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_thread_has_its_stack),
		cmocka_unit_test(goroutine_adds_up),
		cmocka_unit_test(texts_are_gos),
		cmocka_unit_test(odd_names_break_no_text),
		cmocka_unit_test(a_difference_of_threads),
		cmocka_unit_test(creation_stacks),
		cmocka_unit_test(labels_are_inherited_on_request),
		cmocka_unit_test(heap_samples_have_labels),
		cmocka_unit_test(collecting_while_profiling),
		cmocka_unit_test(a_forked_child_has_one_thread),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
