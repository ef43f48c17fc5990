/*
 * malformed CORPUS COUNT: sends COUNT requests that are wrong to its own endpoint, in every way
 * that clients have: noise, requests of the fuzzing corpus with bytes changed, halves, resets,
 * several requests at once, heads without end, clients that are slow, that ask and do not read,
 * that ask for minutes and leave. All the while the endpoint must serve whole profiles to who asks
 * properly, and at the end it must have as many descriptors as before and the process no more
 * memory.
 *
 * malformed CORPUS unread: only that a client that does not read what it has asked for is cut off.
 */
#include <dirent.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pprof/pprof.h"
#include "process/http_client.h"
#include "process/profile_reader.h"

#define SEEDS_MAX     64
#define INPUT_MAX     ((size_t)128 << 10)
#define ROOM          ((size_t)64 << 20)
#define HEAD_MAX      8192 /* bytes of a head that are read */
#define SLOW          4    /* of 8 connections: others must find one */
#define EVERY         100  /* bad requests between two good ones */
/* What must happen happens within so long, however busy the machine is. */
#define PATIENCE_S    120
#define GROWTH_MAX    ((size_t)2 << 20)
#define DEEP          13
#define HEAD_OF(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

struct input {
	char bytes[INPUT_MAX];
	size_t n;
};

static struct input seeds[SEEDS_MAX];
static unsigned n_seeds;
static uint64_t random_state = 88172645463325252u;
static char *room; /* ROOM bytes, for answers */
static int slow[SLOW];

/* xorshift: the same requests in every run. */
static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static time_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static bool fail(const char *what)
{
	fprintf(stderr, "failed: %s\n", what);
	return false;
}

static bool load_seed(const char *folder, const char *name)
{
	struct input *s = &seeds[n_seeds];
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (!f)
		return false;
	s->n = fread(s->bytes, 1, INPUT_MAX / 4, f);
	fclose(f);
	n_seeds++;
	return true;
}

static bool load_seeds(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && n_seeds < SEEDS_MAX && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && !load_seed(folder, entry->d_name))
			break;
	if (dir)
		closedir(dir);
	return n_seeds > 0;
}

static void append(struct input *in, const void *bytes, size_t n)
{
	if (n > INPUT_MAX - in->n)
		n = INPUT_MAX - in->n;
	memcpy(in->bytes + in->n, bytes, n);
	in->n += n;
}

static void add_seed(struct input *in)
{
	const struct input *s = &seeds[random_number() % n_seeds];

	append(in, s->bytes, s->n);
}

/* Some bytes are others, or are missing. */
static void spoil(struct input *in)
{
	for (uint64_t i = random_number() % 8; i > 0 && in->n > 0; i--)
		in->bytes[random_number() % in->n] = (char)random_number();
	if (random_number() % 4 == 0)
		in->n = random_number() % (in->n + 1);
}

/* Sends what the server takes; false when it has closed. */
static bool put(int fd, const void *bytes, size_t n)
{
	return send(fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Reads until the server closes; bytes read, -1 when it does not within PATIENCE_S. */
static ssize_t drain(int fd)
{
	time_t end = now_s() + PATIENCE_S;
	ssize_t sum = 0, got;

	while ((got = recv(fd, room, ROOM, 0)) > 0 && now_s() < end)
		sum += got;
	return got > 0 ? -1 : sum;
}

static int reach(void)
{
	int fd = client_connect(pprof_address());
	struct timeval patience = { PATIENCE_S, 0 };

	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	}
	return fd;
}

/* ---- what bad clients do: true unless the server does not react ---- */

static bool says_and_reads(int fd, struct input *in)
{
	put(fd, in->bytes, in->n);
	shutdown(fd, SHUT_WR);
	return drain(fd) >= 0;
}

static bool noise(int fd, struct input *in)
{
	for (size_t n = random_number() % 2000; in->n < n;) {
		uint64_t word = random_number();

		append(in, &word, sizeof(word));
	}
	return says_and_reads(fd, in);
}

static bool spoilt(int fd, struct input *in)
{
	add_seed(in);
	spoil(in);
	return says_and_reads(fd, in);
}

static bool half(int fd, struct input *in)
{
	add_seed(in);
	put(fd, in->bytes, in->n / 2);
	return true;
}

static bool reset(int fd, struct input *in)
{
	struct linger at_once = { 1, 0 };

	add_seed(in);
	put(fd, in->bytes, random_number() % (in->n + 1));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return true;
}

static bool pipelined(int fd, struct input *in)
{
	for (unsigned i = 0; i < 10; i++)
		add_seed(in);
	append(in, HEAD_OF("/debug/pprof/heap"), strlen(HEAD_OF("/debug/pprof/heap")));
	return says_and_reads(fd, in);
}

/* More than there is room for: 431, or the connection is closed while we still send. */
static bool endless_head(int fd, struct input *in)
{
	size_t n = HEAD_MAX + random_number() % (INPUT_MAX - HEAD_MAX);

	append(in, "GET / HTTP/1.1\r\n", 16);
	while (in->n < n)
		append(in, "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
		    random_number() % 2 ? 60 : 59);
	return says_and_reads(fd, in);
}

static bool wrong_body(int fd, struct input *in)
{
	char head[200];
	int n = snprintf(head, sizeof(head),
	    "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\nContent-Length: %llu\r\n\r\n",
	    (unsigned long long)(random_number() >> (random_number() % 64)));

	append(in, head, (size_t)n);
	for (uint64_t i = random_number() % 100; i > 0; i--)
		append(in, "0x1+0xg++", random_number() % 10);
	return says_and_reads(fd, in);
}

static bool asks_and_leaves(int fd, struct input *in)
{
	static const char *const requests[] = { HEAD_OF("/debug/pprof/heap?debug=1"),
		HEAD_OF("/debug/pprof/threads"), HEAD_OF("/debug/pprof/profile?seconds=300"),
		HEAD_OF("/debug/pprof/heap?seconds=300"),
		HEAD_OF("/debug/pprof/mutex?seconds=299") };
	const char *request = requests[random_number() % 5];

	(void)in;
	put(fd, request, strlen(request));
	return true;
}

/* One more byte from one of the slow clients, who begin anew when they are cut off. */
static bool dawdle(int unused, struct input *in)
{
	unsigned i = (unsigned)(random_number() % SLOW);

	(void)unused;
	(void)in;
	if (slow[i] >= 0 && put(slow[i], "GET / HTTP/1.1\r\nA: " + random_number() % 18, 1))
		return true;
	if (slow[i] >= 0)
		close(slow[i]);
	slow[i] = reach();
	return true;
}

static bool (*const attacks[])(int fd, struct input *in) = { noise, spoilt, spoilt, spoilt, half,
	reset, pipelined, endless_head, wrong_body, asks_and_leaves, dawdle };

static bool attack(void)
{
	static struct input in;
	int fd = reach();
	bool good;

	if (fd < 0)
		return fail("the endpoint does not listen any more");
	in.n = 0;
	good = attacks[random_number() % (sizeof(attacks) / sizeof(*attacks))](fd, &in);
	close(fd);
	return good || fail("the endpoint leaves a connection as it is");
}

/* ---- what must go on ---- */

static bool is_profile(const char *answer, size_t n)
{
	const char *body = client_body(answer);
	struct reader_profile p;

	if (!reader_open(body, n - (size_t)(body - answer), &p))
		return fail("a profile is not whole");
	reader_close(&p);
	return true;
}

/* Bad clients may have all connections for a moment: 503, or a reset instead of it. */
static bool is_served(void)
{
	time_t end = now_s() + PATIENCE_S;

	while (now_s() < end) {
		size_t n = client_get(pprof_address(), "/debug/pprof/heap", room, ROOM);

		if (client_status(room) == 200)
			return is_profile(room, n);
		usleep(2000);
	}
	return fail("the endpoint does not serve any more");
}

static unsigned entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* Descriptors of all threads: the endpoint's thread has a table of its own. */
static unsigned descriptors(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	unsigned n = 0;

	while (tasks && (entry = readdir(tasks))) {
		char path[300];

		snprintf(path, sizeof(path), "/proc/self/task/%s/fd", entry->d_name);
		n += entry->d_name[0] == '.' ? 0 : entries(path);
	}
	if (tasks)
		closedir(tasks);
	return n;
}

static size_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	size_t pages = 0;

	if (f && fscanf(f, "%*u %zu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Connections that are closed here are so there too, soon. */
static bool are_descriptors(unsigned want)
{
	for (int i = 0; i < PATIENCE_S * 100; i++) {
		if (descriptors() <= want)
			return true;
		usleep(10000);
	}
	return fail("descriptors were not closed");
}

static bool attack_often(long count)
{
	size_t memory = 0;
	unsigned open_before;

	if (!is_served())
		return false;
	open_before = descriptors();
	for (int i = 0; i < SLOW; i++)
		slow[i] = -1;
	for (long i = 1; i <= count; i++) {
		if (!attack() || (i % EVERY == 0 && !is_served()))
			return false;
		if (i == count / 5)
			memory = resident();
	}
	for (int i = 0; i < SLOW; i++)
		if (slow[i] >= 0)
			close(slow[i]);
	if (!is_served() || !are_descriptors(open_before))
		return false;
	printf("%ld requests; resident %zu KB after a fifth of them, %zu KB at the end\n", count,
	    memory >> 10, resident() >> 10);
	return resident() <= memory + GROWTH_MAX || fail("memory grows");
}

/* ---- clients that are cut off ---- */

/* Clients that say nothing, one byte after the other, and a head without its body: each is told. */
static bool slow_ones_are_cut_off(void)
{
	static const char head[] = "POST /debug/pprof/symbol HTTP/1.1\r\nHost: localhost\r\n"
				   "Content-Length: 10\r\n\r\n0x1";
	int silent = reach(), slow_one = reach(), no_body = reach();
	time_t end = now_s() + PATIENCE_S;
	bool good = put(no_body, head, sizeof(head) - 1);

	while (good && now_s() < end && recv(slow_one, room, ROOM, MSG_DONTWAIT) < 0) {
		put(slow_one, "G", 1);
		usleep(200000);
	}
	good = good && client_status(room) == 408;
	good = good && drain(silent) > 0 && client_status(room) == 408;
	good = good && drain(no_body) > 0 && client_status(room) == 408;
	close(silent);
	close(slow_one);
	close(no_body);
	return good || fail("slow clients are not cut off");
}

/* As many as there are connections ask for minutes and are gone: others are served at once. */
static bool who_has_left_holds_nothing(void)
{
	static const char request[] = HEAD_OF("/debug/pprof/allocs?seconds=300");

	for (int i = 0; i < 8; i++) {
		int fd = reach();

		put(fd, request, sizeof(request) - 1);
		close(fd);
	}
	return is_served();
}

__attribute__((noinline)) static void *allocate(unsigned path, int depth);

__attribute__((noinline)) static void *allocate_left(unsigned path, int depth)
{
	void *volatile p = allocate(path >> 1, depth - 1);

	return p;
}

static void *allocate(unsigned path, int depth)
{
	void *volatile p;

	if (depth == 0)
		p = malloc(1);
	else if (path & 1)
		p = allocate_left(path, depth);
	else
		p = allocate(path >> 1, depth - 1);
	return p;
}

/* Eight ask for more than sockets hold, and do not read: none stays for ever. */
static bool unread_ones_are_cut_off(void)
{
	static const char request[] = HEAD_OF("/debug/pprof/heap?debug=1");
	int fds[8], small = 4096;
	unsigned before;

	for (unsigned path = 0; path < 1u << DEEP; path++)
		allocate(path, DEEP);
	if (!is_served())
		return false;
	before = descriptors();
	for (int i = 0; i < 8; i++) {
		fds[i] = reach();
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
		put(fds[i], request, sizeof(request) - 1);
	}
	client_get(pprof_address(), "/debug/pprof/", room, ROOM);
	if (client_status(room) != 503)
		return fail("eight unread answers leave room for a ninth");
	if (!is_served() || !are_descriptors(before + 8)) /* theirs at this end are open still */
		return false;
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	return true;
}

int main(int argc, char **argv)
{
	long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	bool unread = argc == 3 && strcmp(argv[2], "unread") == 0;
	bool good;

	if ((count <= 0 && !unread) || !load_seeds(argv[1])) {
		fprintf(stderr, "usage: malformed CORPUS COUNT|unread\n");
		return 2;
	}
	room = mmap(
	    NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pprof_set_heap_rate(1);
	if (room == MAP_FAILED || pprof_start("127.0.0.1:0") != 0)
		return 2;
	if (unread)
		return unread_ones_are_cut_off() ? 0 : 1;
	good = attack_often(count) && slow_ones_are_cut_off() && who_has_left_holds_nothing();
	pprof_stop();
	return good ? 0 : 1;
}
