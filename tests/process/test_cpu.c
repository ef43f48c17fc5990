/*
 * The CPU profile in a real process: shares and totals are right at several rates, and it leaves
 * the program's signals, forks and threads alone. Bounds of totals: each thread's count is less
 * than a period off, in either direction and independently, so 2 % and two periods are more than
 * five standard deviations of their sum.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <grp.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/http_client.h"
#include "process/profile_reader.h"

#define NS_PER_S 1000000000

static volatile double sink;

/* One pass is about 10 us. The functions differ in a constant, so that none is folded away. */
#define BURNER(name, factor)                                                                       \
	static __attribute__((noinline)) void name(long passes)                                    \
	{                                                                                          \
		double x = sink;                                                                   \
                                                                                                   \
		for (long i = 0; i < passes * 2000; i++)                                           \
			x = x * (factor) + 1;                                                      \
		sink = x;                                                                          \
	}

BURNER(burn_six, 1.0000001)
BURNER(burn_three, 1.0000002)
BURNER(burn_one, 1.0000003)

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Uses `ms` of the calling thread's CPU time: 60, 30 and 10 % in three functions. */
static void burn(int64_t ms)
{
	int64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ms * 1000000;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end) {
		burn_six(60);
		burn_three(30);
		burn_one(10);
	}
}

static void *burn_thread(void *ms)
{
	burn((int64_t)(intptr_t)ms);
	return NULL;
}

static void burn_on(unsigned threads, int64_t ms)
{
	pthread_t ids[16];

	for (unsigned i = 0; i < threads; i++)
		assert_int_equal(
		    pthread_create(&ids[i], NULL, burn_thread, (void *)(intptr_t)ms), 0);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
}

/* What getrusage tells, but that one lags behind by the time since the last tick of each thread. */
static int64_t used_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * (int64_t)NS_PER_S + t.tv_nsec;
}

static int out_fd;

static void start(int hz)
{
	out_fd = memfd_create("profile", MFD_CLOEXEC);
	assert_int_equal(pprof_set_cpu_rate(hz), 0);
	if (pprof_start_cpu_profile(out_fd) != 0)
		fail_msg("%s", pprof_error());
}

static void stop(struct reader_profile *p)
{
	static unsigned char bytes[8 << 20];
	ssize_t n;

	if (pprof_stop_cpu_profile() != 0)
		fail_msg("%s", pprof_error());
	n = pread(out_fd, bytes, sizeof(bytes), 0);
	close(out_fd);
	assert_true(n > 0);
	assert_true(reader_open(bytes, (size_t)n, p));
}

static int64_t total(const struct reader_profile *p, unsigned value)
{
	int64_t sum = 0;

	for (size_t i = 0; i < p->n_samples; i++)
		sum += p->samples[i].values[value];
	return sum;
}

/* Periods whose innermost frame is in the function that starts here. */
static int64_t in_function(const struct reader_profile *p, void (*f)(long))
{
	uintptr_t start_pc;
	int64_t sum = 0;

	memcpy(&start_pc, &f, sizeof(start_pc));
	for (size_t i = 0; i < p->n_samples; i++) {
		uint64_t at = p->locations[p->samples[i].locations[0] - 1].address;

		if (at >= start_pc && at < start_pc + 96)
			sum += p->samples[i].values[0];
	}
	return sum;
}

static int64_t in_pseudo(const struct reader_profile *p, const char *name)
{
	int64_t sum = 0;

	for (size_t i = 0; i < p->n_samples; i++)
		if (strcmp(reader_function(p, p->samples[i].locations[0]), name) == 0)
			sum += p->samples[i].values[0];
	return sum;
}

static void shape_is_gos(void **state)
{
	struct reader_profile p;

	(void)state;
	start(0); /* PPROF_CPU_HZ, which is not set */
	burn(50);
	stop(&p);
	assert_int_equal(p.n_types, 2);
	assert_string_equal(p.types[0][0], "samples");
	assert_string_equal(p.types[0][1], "count");
	assert_string_equal(p.types[1][0], "cpu");
	assert_string_equal(p.types[1][1], "nanoseconds");
	assert_string_equal(p.period_type[0], "cpu");
	assert_string_equal(p.period_type[1], "nanoseconds");
	assert_int_equal(p.period, 10000000);
	assert_true(p.duration_ns >= 50000000);
	assert_true(p.time_ns > 0);
	for (size_t i = 0; i < p.n_samples; i++)
		assert_int_equal(p.samples[i].values[1], p.samples[i].values[0] * p.period);
	reader_close(&p);
}

/* Four standard deviations of a share q of n samples that are independent: 2 * sqrt(q(1-q)/n) * 2.
 */
static void assert_share(int64_t part, int64_t n, double want)
{
	double got = (double)part / (double)n, deviation = want * (1 - want) / (double)n;

	if ((got - want) * (got - want) > 25 * deviation + 0.03 * 0.03)
		fail_msg("%.3f of %ld samples instead of %.3f", got, (long)n, want);
}

static void shares_are_right(void **state)
{
	struct reader_profile p;
	int64_t six, three, one;

	(void)state;
	start(1000);
	burn_on(2, 1000);
	stop(&p);
	six = in_function(&p, burn_six);
	three = in_function(&p, burn_three);
	one = in_function(&p, burn_one);
	assert_true(six + three + one > total(&p, 0) * 8 / 10);
	assert_share(six, six + three + one, 0.6);
	assert_share(three, six + three + one, 0.3);
	assert_share(one, six + three + one, 0.1);
	reader_close(&p);
}

static void account(int hz, unsigned threads, int64_t ms)
{
	struct reader_profile p;
	int64_t used, used_around, counted, slack;

	/* Starting and stopping use CPU time too, a part of which is in the profile. */
	used_around = used_ns();
	start(hz);
	used = used_ns();
	burn_on(threads, ms);
	used = used_ns() - used;
	stop(&p);
	used_around = used_ns() - used_around;
	counted = total(&p, 1);
	slack = used / 50 + 2 * p.period;
	if (counted < used - slack || counted > used_around + slack)
		fail_msg("%d Hz, %u threads: %.1f ms counted, %.1f to %.1f ms used", hz, threads,
		    (double)counted / 1e6, (double)used / 1e6, (double)used_around / 1e6);
	/* Signals have come, so that most of it has a stack. */
	assert_true(in_pseudo(&p, "[not sampled]") <= total(&p, 0) / 5 + 2);
	reader_close(&p);
}

static void totals_are_right(void **state)
{
	static const int rates[] = { 100, 1000, 4000 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		account(rates[i], 1, 500);
		account(rates[i], 8, 250);
	}
}

static void *live_shortly(void *unused)
{
	burn_one(20);
	return unused;
}

/* Thousands of threads shorter than a period, while others come and go. */
static void short_threads_count(void **state)
{
	struct reader_profile p;
	int64_t used, counted, deviation;
	int made = 0;

	(void)state;
	start(1000);
	used = used_ns();
	while (made < 1500) {
		pthread_t t[4];

		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&t[i], NULL, live_shortly, NULL), 0);
		for (unsigned i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
		made += 4;
	}
	used = used_ns() - used;
	stop(&p);
	counted = total(&p, 1);
	/* Each thread adds a period with the chance of its share of one: variance at most 1/4. */
	deviation = 39 * p.period / 2;
	if (llabs(counted - used) > used / 50 + 5 * deviation)
		fail_msg(
		    "%.1f ms counted, %.1f ms used", (double)counted / 1e6, (double)used / 1e6);
	reader_close(&p);
}

/* Threads that already run, and one that pthread_create knows nothing of. */
static volatile bool stop_spinning;

static void *spin(void *unused)
{
	while (!stop_spinning)
		burn_one(10);
	return unused;
}

/* CPU time that a thread has had. */
static long cpu_ms(pthread_t t)
{
	struct timespec used = { 0, 0 };
	clockid_t clock;

	if (pthread_getcpuclockid(t, &clock) == 0)
		clock_gettime(clock, &used);
	return (long)(used.tv_sec * 1000 + used.tv_nsec / 1000000);
}

static void running_threads_are_found(void **state)
{
	struct reader_profile p;
	pthread_t t;

	(void)state;
	stop_spinning = false;
	assert_int_equal(pthread_create(&t, NULL, spin, NULL), 0);
	start(200);
	/* Until it has had time for some ticks, however busy the machine is. */
	for (unsigned i = 0; i < 60000 && (i < 300 || cpu_ms(t) < 100); i++)
		usleep(1000);
	stop_spinning = true;
	pthread_join(t, NULL);
	stop(&p);
	assert_true(in_function(&p, burn_one) > 0);
	reader_close(&p);
}

static int burn_c11(void *ms)
{
	burn((int64_t)(intptr_t)ms);
	return 0;
}

/* Threads that end without our being told: what was seen of them is not counted again as unseen. */
static void threads_that_go_without_a_word(void **state)
{
	struct reader_profile p;
	int64_t used, used_around, counted, slack;

	(void)state;
	used_around = used_ns();
	start(200);
	used = used_ns();
	for (unsigned i = 0; i < 4; i++) {
		thrd_t t;

		assert_int_equal(
		    thrd_create(&t, burn_c11, (void *)(intptr_t)(i < 2 ? 20 : 300)), thrd_success);
		thrd_join(t, NULL);
	}
	used = used_ns() - used;
	stop(&p);
	used_around = used_ns() - used_around;
	counted = total(&p, 1);
	slack = used / 50 + 5 * p.period;
	if (counted < used - slack || counted > used_around + slack)
		fail_msg("%.1f ms counted, %.1f to %.1f ms used", (double)counted / 1e6,
		    (double)used / 1e6, (double)used_around / 1e6);
	/* Most of the longer ones' time was sampled. */
	assert_true(in_pseudo(&p, "[threads not seen]") < total(&p, 0) / 2);
	reader_close(&p);
}

static void a_second_one_is_refused(void **state)
{
	static char out[1 << 16];

	(void)state;
	start(100);
	assert_int_equal(pprof_start_cpu_profile(1), -1);
	assert_string_equal(pprof_error(), "cpu profiling already in use");
	client_get(pprof_address(), "/debug/pprof/profile?seconds=1", out, sizeof(out));
	assert_int_equal(client_status(out), 500);
	assert_string_equal(
	    client_body(out), "Could not enable CPU profiling: cpu profiling already in use\n");
	assert_non_null(strstr(out, "\r\nX-Go-Pprof: 1\r\n"));
	assert_int_equal(pprof_stop_cpu_profile(), 0);
	assert_int_equal(pprof_stop_cpu_profile(), 0);
	close(out_fd);
}

static char page[1 << 16];

static void ignore_status(void *ctx, int status)
{
	(void)ctx;
	(void)status;
}

static void ignore_header(void *ctx, const char *name, const char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
}

static int keep_body(void *ctx, const void *data, size_t size)
{
	size_t *n = ctx;

	if (size < sizeof(page) - *n)
		memcpy(page + *n, data, size);
	*n += size;
	return 0;
}

/* Whether the page about the profiler has this text. */
static bool self_says(const char *text)
{
	size_t n = 0;
	struct pprof_response response = {
		.ctx = &n, .status = ignore_status, .header = ignore_header, .body = keep_body
	};
	struct pprof_request request = { .path = "/debug/pprof/self" };

	memset(page, 0, sizeof(page));
	return pprof_handle(&request, &response) == 0 && strstr(page, text);
}

/* A client that hangs up ends the profile: the next may start at once. */
static void a_client_that_leaves(void **state)
{
	static const char request[] = "GET /debug/pprof/profile?seconds=60 HTTP/1.1\r\n"
				      "Host: localhost\r\n\r\n";
	int fd = client_connect(pprof_address());
	struct reader_profile p;
	bool was_busy = false;

	(void)state;
	assert_int_equal(write(fd, request, sizeof(request) - 1), sizeof(request) - 1);
	for (unsigned i = 0; i < 60000 && !was_busy; i++) {
		usleep(1000);
		was_busy = self_says("cpu_hz "); /* to try by starting one would be in its way */
	}
	assert_true(was_busy);
	close(fd);
	out_fd = memfd_create("profile", MFD_CLOEXEC);
	for (unsigned i = 0; i < 20000 && pprof_start_cpu_profile(out_fd) != 0; i++)
		usleep(1000);
	burn(30);
	stop(&p);
	reader_close(&p);
}

static void fetched_profiles(void **state)
{
	static char out[4 << 20];
	size_t n =
	    client_get(pprof_address(), "/debug/pprof/profile?seconds=1&hz=500", out, sizeof(out));
	const char *body = client_body(out);
	struct reader_profile p;

	(void)state;
	assert_int_equal(client_status(out), 200);
	assert_non_null(strstr(out, "filename=\"profile\"\r\n"));
	assert_true(reader_open(body, n - (size_t)(body - out), &p));
	assert_int_equal(p.period, 2000000);
	assert_true(p.duration_ns >= NS_PER_S);
	reader_close(&p);
	client_get(pprof_address(), "/debug/pprof/profile?seconds=301", out, sizeof(out));
	assert_int_equal(client_status(out), 400);
	client_get(pprof_address(), "/debug/pprof/profile?seconds=1&hz=99999", out, sizeof(out));
	assert_int_equal(client_status(out), 400);
}

static volatile sig_atomic_t own_signals;

static void own_handler(int number)
{
	(void)number;
	own_signals++;
}

static void the_programs_handler_stays(void **state)
{
	struct sigaction own = { .sa_handler = own_handler }, now;

	(void)state;
	sigaction(SIGPROF, &own, NULL);
	assert_int_equal(pprof_start_cpu_profile(1), -1);
	assert_non_null(strstr(pprof_error(), "SIGPROF"));
	sigaction(SIGPROF, NULL, &now);
	assert_ptr_equal(now.sa_handler, own_handler);
	signal(SIGPROF, SIG_DFL);
	/* ITIMER_PROF without a handler would be the end of the program anyway, but not by us. */
	setitimer(ITIMER_PROF, &(struct itimerval){ { 0, 0 }, { 1000, 0 } }, NULL);
	assert_int_equal(pprof_start_cpu_profile(1), -1);
	assert_non_null(strstr(pprof_error(), "ITIMER_PROF"));
	setitimer(ITIMER_PROF, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
}

/* A handler that the program installs while a profile runs is not ours to remove. */
static void a_handler_that_comes_later(void **state)
{
	struct sigaction now;
	struct reader_profile p;

	(void)state;
	start(100);
	signal(SIGPROF, own_handler);
	for (unsigned i = 0; i < 200; i++) { /* it is noticed within 100 ms, but for the load */
		own_signals = 0;
		burn(100);
		if (own_signals == 0)
			break;
	}
	assert_int_equal(own_signals, 0);
	stop(&p);
	reader_close(&p);
	sigaction(SIGPROF, NULL, &now);
	assert_ptr_equal(now.sa_handler, own_handler);
	signal(SIGPROF, SIG_DFL);
}

static bool is_default(int number)
{
	struct sigaction now;

	return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

/* Each stop may find signals on their way; the default action of SIGPROF would end the program. */
static void start_and_stop_again_and_again(void **state)
{
	pthread_t t[3];
	struct reader_profile p;

	(void)state;
	stop_spinning = false;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, spin, NULL), 0);
	for (unsigned i = 0; i < 150; i++) {
		start(i % 2 ? 10000 : 250);
		usleep(500);
		stop(&p);
		reader_close(&p);
		assert_true(is_default(SIGPROF) && is_default(SIGURG));
	}
	stop_spinning = true;
	for (unsigned i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
}

/* A foreign SIGPROF is not counted, and does not end the program while a profile runs. */
static void signals_of_others_do_not_count(void **state)
{
	struct reader_profile p;

	(void)state;
	start(100);
	for (unsigned i = 0; i < 500; i++)
		kill(getpid(), SIGPROF);
	stop(&p);
	assert_true(total(&p, 0) < 100);
	reader_close(&p);
}

/* A blocked SIGPROF that is pending at the end must not be delivered after it. */
static void a_blocked_signal(void **state)
{
	struct reader_profile p;
	sigset_t prof, old;

	(void)state;
	sigemptyset(&prof);
	sigaddset(&prof, SIGPROF);
	pthread_sigmask(SIG_BLOCK, &prof, &old);
	start(100);
	burn(150);
	stop(&p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	assert_true(total(&p, 1) >= 120000000);
	assert_true(in_pseudo(&p, "[not sampled]") > 0);
	reader_close(&p);
}

/*
 * Who sleeps is not woken: CPU timers run out on the CPU only. That can be in the call, in the
 * moment before its sleep begins, and ends it: now and then one, never most.
 */
static void sleeps_are_not_interrupted(void **state)
{
	struct timespec moment = { 0, 20000000 };
	struct reader_profile p;
	unsigned cut = 0;

	(void)state;
	start(1000);
	for (unsigned i = 0; i < 10; i++) {
		burn(5);
		cut += nanosleep(&moment, NULL) != 0;
	}
	stop(&p);
	assert_true(cut <= 3);
	reader_close(&p);
}

static void forked(int hz)
{
	struct reader_profile p;
	int status;

	start(hz);
	for (unsigned i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct reader_profile own;

			if (!is_default(SIGPROF) || !is_default(SIGURG))
				_exit(2);
			burn(5);
			if (pprof_stop_cpu_profile() != 0) /* the parent's: nothing */
				_exit(3);
			start(100);
			burn(30);
			stop(&own);
			_exit(total(&own, 0) > 0 ? 0 : 4);
		}
		burn(2);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	stop(&p);
	assert_true(total(&p, 1) >= 20000000);
	reader_close(&p);
}

static void forks_go_on(void **state)
{
	(void)state;
	forked(100);
	forked(4000);
}

/* exec resets our handlers; what is pending must not end the program that comes. */
static void exec_while_profiling(void **state)
{
	int status;

	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			start(i % 2 ? 10000 : 250);
			burn(3);
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

/* Whether a user without rights may have an event that leaves the kernel's part out. */
static bool perf_is_allowed(void)
{
	struct perf_event_attr attr = { .size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.sample_period = NS_PER_S,
		.exclude_kernel = 1,
		.exclude_hv = 1 };
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool drop_rights(void)
{
	const unsigned nobody = 65534;

	if (geteuid() != 0)
		return true;
	/* What the kernel would forget with exec: that this process had them. */
	return setgroups(0, NULL) == 0 && setresgid(nobody, nobody, nobody) == 0 &&
	       setresuid(nobody, nobody, nobody) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0;
}

/* 0, or what is wrong. */
static int profile_without_rights(void)
{
	struct reader_profile p;
	int64_t used;
	bool perf;

	if (!drop_rights())
		return 2;
	start(1000);
	perf = self_says("by perf events");
	used = used_ns();
	burn(300);
	used = used_ns() - used;
	stop(&p);
	if (perf_is_allowed() && !perf)
		return 3;
	if (total(&p, 1) < used * 98 / 100 - 2 * p.period)
		return 4;
	if (in_function(&p, burn_six) < total(&p, 0) * 4 / 10)
		return 5;
	return in_pseudo(&p, "[not sampled]") <= total(&p, 0) / 5 + 2 ? 0 : 6;
}

/* As a user who may not see the kernel: what is allowed is used, and time is right. */
static void a_user_without_rights(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(profile_without_rights());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void burn_labelled(void *ms)
{
	burn((int64_t)(intptr_t)ms);
}

static void samples_have_labels(void **state)
{
	struct pprof_label labels[] = { { "route", "/pay" }, { "tenant", "blue" } };
	struct reader_profile p;
	int64_t with = 0;

	(void)state;
	start(1000);
	pprof_do(labels, 2, burn_labelled, (void *)(intptr_t)200);
	burn(50);
	stop(&p);
	for (size_t i = 0; i < p.n_samples; i++) {
		const struct reader_sample *s = &p.samples[i];
		bool route = strcmp(reader_text(&p, s, "route"), "/pay") == 0;

		assert_int_equal(route, strcmp(reader_text(&p, s, "tenant"), "blue") == 0);
		with += route ? s->values[0] : 0;
	}
	assert_in_range(with, total(&p, 0) * 6 / 10, total(&p, 0) * 9 / 10);
	reader_close(&p);
}

static int serve(void **state)
{
	(void)state;
	return pprof_start("127.0.0.1:0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shape_is_gos),
		cmocka_unit_test(shares_are_right),
		cmocka_unit_test(totals_are_right),
		cmocka_unit_test(short_threads_count),
		cmocka_unit_test(running_threads_are_found),
		cmocka_unit_test(threads_that_go_without_a_word),
		cmocka_unit_test(a_second_one_is_refused),
		cmocka_unit_test(a_client_that_leaves),
		cmocka_unit_test(fetched_profiles),
		cmocka_unit_test(the_programs_handler_stays),
		cmocka_unit_test(a_handler_that_comes_later),
		cmocka_unit_test(start_and_stop_again_and_again),
		cmocka_unit_test(signals_of_others_do_not_count),
		cmocka_unit_test(a_blocked_signal),
		cmocka_unit_test(sleeps_are_not_interrupted),
		cmocka_unit_test(forks_go_on),
		cmocka_unit_test(exec_while_profiling),
		cmocka_unit_test(a_user_without_rights),
		cmocka_unit_test(samples_have_labels),
	};

	return cmocka_run_group_tests(tests, serve, NULL);
}
