/*
 * The endpoint over real sockets: what it answers, whom it refuses, and that slow, broken and
 * hostile clients neither stop it nor hold up the program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/heap_sums.h"
#include "process/http_client.h"

static char out[16 << 20];

static int get(const char *path)
{
	out[0] = '\0';
	client_get(pprof_address(), path, out, sizeof(out));
	return client_status(out);
}

static int send_raw(const char *request)
{
	out[0] = '\0';
	client_exchange(pprof_address(), request, out, sizeof(out));
	return client_status(out);
}

static bool has_header(const char *line)
{
	const char *found = strstr(out, line);

	return found && found < client_body(out);
}

static void heap_is_a_profile(void **state)
{
	struct reader_profile p;
	size_t n = client_get(pprof_address(), "/debug/pprof/heap?gc=1", out, sizeof(out));
	const char *body = client_body(out);

	(void)state;
	assert_int_equal(client_status(out), 200);
	assert_true(has_header("\r\nContent-Type: application/octet-stream\r\n"));
	assert_true(has_header("\r\nContent-Disposition: attachment; filename=\"heap\"\r\n"));
	assert_true(has_header("\r\nX-Content-Type-Options: nosniff\r\n"));
	assert_false(has_header("\r\nContent-Encoding:"));
	assert_true(reader_open(body, n - (size_t)(body - out), &p));
	assert_true(p.n_samples > 0);
	reader_close(&p);
}

static void errors_are_gos(void **state)
{
	(void)state;
	assert_int_equal(get("/debug/pprof/nothing"), 404);
	assert_true(has_header("\r\nX-Go-Pprof: 1\r\n"));
	assert_true(has_header("\r\nContent-Type: text/plain; charset=utf-8\r\n"));
	assert_string_equal(client_body(out), "Unknown profile\n");
	assert_int_equal(get("/debug/pprof/heap?seconds=abc"), 400);
	assert_int_equal(get("/"), 404);
	assert_int_equal(get("/debug/pprof"), 301);
	assert_true(has_header("\r\nLocation: /debug/pprof/\r\n"));
	assert_int_equal(get("//debug/pprof//x/../heap?debug=1"), 301);
	assert_true(has_header("\r\nLocation: /debug/pprof/heap?debug=1\r\n"));
	assert_int_equal(get("/debug/pprof/.%0d%0aX:%20y//%3f%25"), 301);
	assert_true(has_header("\r\nLocation: /debug/pprof/.%0d%0aX:%20y/%3f%25\r\n"));
	assert_int_equal(
	    send_raw("PUT /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
	assert_true(has_header("\r\nAllow: GET, HEAD, POST\r\n"));
	assert_int_equal(
	    send_raw("POST /debug/pprof/heap HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
	assert_true(has_header("\r\nAllow: GET, HEAD\r\n"));
	assert_int_equal(send_raw("GET /debug/pprof/ HTTP/2.0\r\nHost: localhost\r\n\r\n"), 505);
	assert_int_equal(get("/debug/pprof/%68eap?debug=%31"), 200);
	assert_memory_equal(client_body(out), "heap profile: ", 14);
	assert_int_equal(get("/debug/pprof/%00heap"), 400);
}

static void head_has_no_body(void **state)
{
	(void)state;
	assert_int_equal(send_raw("HEAD /debug/pprof/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
	assert_string_equal(client_body(out), "");
	assert_false(has_header("\r\nContent-Length: 0\r\n"));
}

static void the_index_lists_the_profiles(void **state)
{
	(void)state;
	assert_int_equal(get("/debug/pprof/"), 200);
	assert_true(has_header("\r\nContent-Type: text/html; charset=utf-8\r\n"));
	assert_non_null(strstr(out, "<a href='heap?debug=1'>heap</a>"));
	assert_non_null(strstr(out, "<a href='allocs?debug=1'>allocs</a>"));
}

static void symbol_answers_a_post(void **state)
{
	char request[256];
	int n = snprintf(NULL, 0, "%#lx+0x1", (unsigned long)(uintptr_t)getenv);

	(void)state;
	snprintf(request, sizeof(request),
	    "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Length: %d\r\n\r\n%#lx+0x1",
	    n, (unsigned long)(uintptr_t)getenv);
	assert_int_equal(send_raw(request), 200);
	assert_memory_equal(client_body(out), "num_symbols: 1\n0x", 17);
	assert_non_null(strstr(client_body(out), " getenv"));
}

static void a_body_that_is_too_large(void **state)
{
	(void)state;
	assert_int_equal(send_raw("POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\n"
				  "Content-Length: 70000\r\n\r\n"),
	    413);
}

static void a_head_that_is_too_large(void **state)
{
	static char request[20000] = "GET / HTTP/1.1\r\nX: ";

	(void)state;
	memset(request + strlen(request), 'a', 10000);
	assert_int_equal(send_raw(request), 431);
}

static void other_hosts_are_refused(void **state)
{
	(void)state;
	assert_int_equal(
	    send_raw("GET /debug/pprof/heap HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 403);
	assert_int_equal(send_raw("GET /debug/pprof/heap HTTP/1.1\r\n\r\n"), 400);
	/* No browser sends it without a name, so none of its pages can. */
	assert_int_equal(send_raw("GET /debug/pprof/heap HTTP/1.0\r\n\r\n"), 200);
	assert_int_equal(
	    send_raw("GET /debug/pprof/heap HTTP/1.0\r\nHost: evil.example\r\n\r\n"), 403);
	assert_int_equal(
	    send_raw("GET /debug/pprof/heap HTTP/1.0\r\nOrigin: http://evil.example\r\n\r\n"), 403);
	assert_int_equal(send_raw("GET /debug/pprof/heap HTTP/1.1\r\nHost: localhost\r\n"
				  "Origin: http://evil.example\r\n\r\n"),
	    403);
	assert_int_equal(send_raw("GET /debug/pprof/heap HTTP/1.1\r\nHost: localhost\r\n"
				  "Sec-Fetch-Site: cross-site\r\n\r\n"),
	    403);
	assert_int_equal(send_raw("GET /debug/pprof/ HTTP/1.1\r\nHost: 127.0.0.1:80\r\n"
				  "Origin: http://localhost:8081\r\n\r\n"),
	    200);
}

static void malformed_requests_change_nothing(void **state)
{
	static const char *const bad[] = { "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9\r\n\r\n",
		"\x16\x03\x01\x02\n\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
		"GET / HTTP/1.1\r\nA: b" };
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 500; i++) {
		char noise[200];
		int fd = client_connect(pprof_address());

		assert_true(fd >= 0);
		for (size_t k = 0; k < sizeof(noise); k++)
			noise[k] = (char)(rand_r(&seed) >> 8);
		send(fd, bad[i % 6], strlen(bad[i % 6]), MSG_NOSIGNAL);
		if (i % 3 == 0)
			send(fd, noise, sizeof(noise), MSG_NOSIGNAL);
		close(fd);
	}
	/* The last of them may still occupy connections for a moment. */
	for (int i = 0; i < 1500 && get("/debug/pprof/") != 200; i++)
		usleep(20000);
	assert_int_equal(get("/debug/pprof/"), 200);
}

static void a_difference_profile(void **state)
{
	struct reader_profile p;
	struct timespec before, after;
	const char *body;
	size_t n;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	n = client_get(pprof_address(), "/debug/pprof/heap?seconds=1", out, sizeof(out));
	clock_gettime(CLOCK_MONOTONIC, &after);
	body = client_body(out);
	assert_int_equal(client_status(out), 200);
	assert_true(has_header("filename=\"heap-delta\""));
	assert_true(after.tv_sec - before.tv_sec >= 1);
	assert_true(reader_open(body, n - (size_t)(body - out), &p));
	assert_true(p.duration_ns >= 1000000000);
	assert_int_equal(heap_sums_of(&p, 424243).inuse_objects, 0);
	reader_close(&p);
}

static void only_eight_at_a_time(void **state)
{
	int fds[8];

	(void)state;
	for (int i = 0; i < 8; i++) {
		fds[i] = client_connect(pprof_address());
		assert_int_equal(send(fds[i], "GET ", 4, 0), 4);
	}
	usleep(100000);
	assert_int_equal(get("/debug/pprof/"), 503);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	usleep(100000);
	assert_int_equal(get("/debug/pprof/"), 200);
}

static void a_client_that_does_not_read(void **state)
{
	const char *request = "GET /debug/pprof/heap?debug=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct timespec start, end;
	int fds[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		int small = 1024;

		fds[i] = client_connect(pprof_address());
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
		assert_int_equal(send(fds[i], request, strlen(request), 0), strlen(request));
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(get("/debug/pprof/heap"), 200);
	for (int i = 0; i < 100000; i++)
		free(malloc(1000));
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - start.tv_sec < 5);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

static volatile int stop;

static void *busy(void *arg)
{
	void *kept[64] = { NULL };

	for (unsigned i = 0; !stop; i++) {
		free(kept[i % 64]);
		kept[i % 64] = malloc(100 + i % 5000);
	}
	for (int i = 0; i < 64; i++)
		free(kept[i]);
	return arg;
}

static void snapshots_of_a_busy_program(void **state)
{
	pthread_t threads[4];

	(void)state;
	stop = 0;
	for (int t = 0; t < 4; t++)
		pthread_create(&threads[t], NULL, busy, NULL);
	for (int i = 0; i < 200; i++) {
		struct reader_profile p;

		heap_profile(&p);
		for (size_t k = 0; k < p.n_samples; k++) {
			assert_true(p.samples[k].values[2] >= 0);
			assert_true(p.samples[k].values[3] >= 0);
			assert_true(p.samples[k].values[0] >= p.samples[k].values[2]);
			/* One moment: no bytes without objects. */
			assert_true((p.samples[k].values[2] > 0) == (p.samples[k].values[3] > 0) ||
				    p.samples[k].bytes_label == 0);
		}
		reader_close(&p);
	}
	stop = 1;
	for (int t = 0; t < 4; t++)
		pthread_join(threads[t], NULL);
}

static void the_thread_is_named_and_blocks_signals(void **state)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	bool seen = false;

	(void)state;
	while ((entry = readdir(tasks))) {
		char path[300], line[256];
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
		f = fopen(path, "r");
		if (!f || !fgets(line, sizeof(line), f) || strcmp(line, "Name:\tpprof\n") != 0) {
			if (f)
				fclose(f);
			continue;
		}
		seen = true;
		while (fgets(line, sizeof(line), f))
			if (strncmp(line, "SigBlk:", 7) == 0)
				/* All but KILL, STOP and the C library's own two. */
				assert_int_equal(strtoull(line + 8, NULL, 16) & 0x3fff,
				    0x3fff & ~(1ull << (SIGKILL - 1)));
		fclose(f);
	}
	closedir(tasks);
	assert_true(seen);
}

static void a_forked_child_does_not_serve(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		bool silent = pprof_address()[0] == '\0';
		bool starts = pprof_start("127.0.0.1:0") == 0 && get("/debug/pprof/") == 200;

		pprof_stop();
		_exit(silent && starts ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(get("/debug/pprof/"), 200);
}

/* How often the serving thread has gone to sleep. */
static long sleeps_of_the_thread(void)
{
	char path[300], line[200];
	struct dirent *d;
	long n = -1;
	DIR *tasks = opendir("/proc/self/task");

	assert_non_null(tasks);
	while (n < 0 && (d = readdir(tasks))) {
		bool is_it = false;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status", d->d_name);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f)) {
			is_it = is_it || strcmp(line, "Name:\tpprof\n") == 0;
			if (is_it)
				sscanf(line, "voluntary_ctxt_switches: %ld", &n);
		}
		if (f)
			fclose(f);
	}
	closedir(tasks);
	return n;
}

static double seconds_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void use_cpu(double seconds)
{
	double end = seconds_of(CLOCK_THREAD_CPUTIME_ID) + seconds;

	while (seconds_of(CLOCK_THREAD_CPUTIME_ID) < end)
		continue;
}

static void *fetch_cpu_profile(void *unused)
{
	get("/debug/pprof/profile?seconds=2");
	return unused;
}

/* The signals of a CPU profile, a hundred to another thread, are none of its business. */
static void signals_of_others_do_not_wake_it(void **state)
{
	pthread_t client;
	double begin;
	long before, after;

	(void)state;
	assert_int_equal(pprof_set_cpu_rate(100), 0); /* by timers */
	assert_int_equal(pthread_create(&client, NULL, fetch_cpu_profile, NULL), 0);
	use_cpu(0.2); /* it runs by now */
	begin = seconds_of(CLOCK_MONOTONIC);
	before = sleeps_of_the_thread();
	use_cpu(1);
	after = sleeps_of_the_thread();
	begin = seconds_of(CLOCK_MONOTONIC) - begin;
	pthread_join(client, NULL);
	assert_int_equal(client_status(out), 200);
	assert_true(before >= 0);
	assert_true(after - before < 30 + 20 * begin);
}

static void stop_and_start_again(void **state)
{
	char was[128], path[64] = "/tmp/pprof-test-XXXXXX", address[128];
	struct stat st;

	(void)state;
	snprintf(was, sizeof(was), "%s", pprof_address());
	assert_int_equal(pprof_start(was), 0);
	assert_int_equal(pprof_start("127.0.0.1:1"), -1);
	assert_non_null(strstr(pprof_error(), "already serving"));
	pprof_stop();
	pprof_stop();
	assert_string_equal(pprof_address(), "");
	assert_int_equal(client_connect(was), -1);
	/* Nothing is left of the one before: the port is free when it has stopped. */
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(pprof_start(was), 0);
		pprof_stop();
	}
	assert_non_null(mkdtemp(path));
	snprintf(address, sizeof(address), "unix:%s/sock", path);
	assert_int_equal(pprof_start(address), 0);
	assert_string_equal(pprof_address(), address);
	assert_int_equal(stat(address + 5, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* Only who may open the file gets here: any Host will do. */
	assert_int_equal(send_raw("GET /debug/pprof/heap HTTP/1.0\r\n\r\n"), 200);
	pprof_stop();
	assert_int_equal(stat(address + 5, &st), -1);
	rmdir(path);
	assert_int_equal(pprof_start("0.0.0.0:0"), -1);
	assert_non_null(strstr(pprof_error(), "PPROF_TOKEN_FILE"));
	assert_int_equal(pprof_start("127.0.0.1:0"), 0);
}

struct taken {
	int status;
	char headers[1000];
	size_t n;
	bool give_up;
};

static void take_status(void *ctx, int status)
{
	((struct taken *)ctx)->status = status;
}

static void take_header(void *ctx, const char *name, const char *value)
{
	struct taken *t = ctx;
	size_t n = strlen(t->headers);

	snprintf(t->headers + n, sizeof(t->headers) - n, "%s: %s\n", name, value);
}

static int take_body(void *ctx, const void *data, size_t size)
{
	struct taken *t = ctx;

	assert_true(size <= 65536);
	memcpy(out + t->n, data, size);
	t->n += size;
	return t->give_up;
}

static void mounting_on_another_server(void **state)
{
	struct taken t = { 0 };
	struct pprof_response response = {
		.ctx = &t, .status = take_status, .header = take_header, .body = take_body
	};
	struct pprof_request request = { .path = "/debug/pprof/heap" };
	struct reader_profile p;

	(void)state;
	assert_int_equal(pprof_handle(&request, &response), 0);
	assert_int_equal(t.status, 200);
	assert_non_null(strstr(t.headers, "Content-Disposition: attachment; filename=\"heap\"\n"));
	assert_true(reader_open(out, t.n, &p));
	reader_close(&p);
	request.method = "HEAD";
	t = (struct taken){ 0 };
	assert_int_equal(pprof_handle(&request, &response), 0);
	assert_int_equal(t.n, 0);
	request.path = "/other";
	t = (struct taken){ 0 };
	assert_int_equal(pprof_handle(&request, &response), -1);
	assert_int_equal(t.status, 0);
	request = (struct pprof_request){ .path = "/debug/pprof/heap", .query = "debug=1" };
	t = (struct taken){ .give_up = true };
	assert_int_equal(pprof_handle(&request, &response), -1);
}

static void profiles_by_name(void **state)
{
	const struct pprof_profile *all[32];
	size_t n = pprof_profiles(NULL, 0);

	(void)state;
	assert_null(pprof_lookup("nope"));
	assert_null(pprof_lookup(NULL));
	assert_int_equal(pprof_profiles(all, 32), n);
	assert_string_equal(pprof_profile_name(all[0]), "allocs");
	for (size_t i = 0; i < n; i++) {
		const char *name = pprof_profile_name(all[i]);

		assert_ptr_equal(pprof_lookup(name), all[i]);
		assert_true(i == 0 || strcmp(pprof_profile_name(all[i - 1]), name) < 0);
	}
	assert_non_null(pprof_lookup("block"));
	assert_non_null(pprof_lookup("mutex"));
	assert_null(pprof_lookup("fd")); /* nobody asked for it */
	assert_true(pprof_profile_count(pprof_lookup("heap")) > 0);
	assert_int_equal(pprof_write_to(NULL, 1, 0), -1);
	assert_int_equal(pprof_write_to(all[0], -1, 0), -1);
	assert_true(pprof_error()[0] != '\0');
}

static int start(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_DFL);
	pprof_set_heap_rate(1);
	return pprof_start("127.0.0.1:0");
}

static int end(void **state)
{
	(void)state;
	pprof_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_is_a_profile),
		cmocka_unit_test(errors_are_gos),
		cmocka_unit_test(head_has_no_body),
		cmocka_unit_test(the_index_lists_the_profiles),
		cmocka_unit_test(symbol_answers_a_post),
		cmocka_unit_test(a_body_that_is_too_large),
		cmocka_unit_test(a_head_that_is_too_large),
		cmocka_unit_test(other_hosts_are_refused),
		cmocka_unit_test(malformed_requests_change_nothing),
		cmocka_unit_test(a_difference_profile),
		cmocka_unit_test(only_eight_at_a_time),
		cmocka_unit_test(a_client_that_does_not_read),
		cmocka_unit_test(snapshots_of_a_busy_program),
		cmocka_unit_test(the_thread_is_named_and_blocks_signals),
		cmocka_unit_test(a_forked_child_does_not_serve),
		cmocka_unit_test(signals_of_others_do_not_wake_it),
		cmocka_unit_test(stop_and_start_again),
		cmocka_unit_test(mounting_on_another_server),
		cmocka_unit_test(profiles_by_name),
	};

	return cmocka_run_group_tests(tests, start, end);
}
