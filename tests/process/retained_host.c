/*
 * Holds memory in all the ways that programs do, each made by a function of its own: what
 * retained.py asks who holds. Prints "ready" and waits for its end of input.
 * retained_host [N]: so many blocks in each way, at most 4000.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST    4000
#define BYTES   700
#define BUCKETS 512

struct entry {
	struct entry *next;
	uint64_t key;
	char *value;
};

struct slot {
	uint64_t key;
	char *value;
};

struct node {
	struct node *next;
	char data[BYTES];
};

struct ring {
	struct ring *before, *after;
	char data[BYTES];
};

struct tree {
	struct tree *left, *right;
	uint64_t key;
	char *value;
};

struct link {
	struct link *next;
};

struct member {
	char data[BYTES];
	struct link link;
};

static struct {
	size_t n;
	struct entry **table;
} chained;
static struct slot *open_addressing;
static struct node *linked_list;
static struct tree *tree_root;
static struct ring ring = { &ring, &ring, "" };

static struct {
	char **items;
	size_t n, room;
} vector;
static struct link intrusive;
static __thread struct node *thread_list;
static void **mapped_table;
static char *volatile in_array[MOST];

static int n_blocks = MOST;
static volatile int ready, over;

static uint64_t scatter(uint64_t i)
{
	return i * 0x9e3779b97f4a7c15u >> 20;
}

static char *text(size_t n)
{
	char *p = malloc(n);

	if (!p)
		exit(2);
	memset(p, 'x', n);
	return p;
}

#define MAKE __attribute__((noinline)) static void

MAKE make_chained(void)
{
	chained.table = calloc(BUCKETS, sizeof(*chained.table));
	for (uint64_t i = 0; i < (uint64_t)n_blocks; i++) {
		struct entry **bucket = &chained.table[scatter(i) % BUCKETS];
		struct entry *e = malloc(sizeof(*e));

		*e = (struct entry){ *bucket, i, text(BYTES) };
		*bucket = e;
		chained.n++;
	}
}

MAKE make_open(void)
{
	open_addressing = calloc(2 * (size_t)n_blocks, sizeof(*open_addressing));
	for (uint64_t i = 0; i < (uint64_t)n_blocks; i++) {
		size_t at = scatter(i) % (2 * (size_t)n_blocks);

		while (open_addressing[at].value)
			at = (at + 1) % (2 * (size_t)n_blocks);
		open_addressing[at] = (struct slot){ i, text(BYTES) };
	}
}

MAKE make_list(void)
{
	for (int i = 0; i < n_blocks; i++) {
		struct node *n = (struct node *)(void *)text(sizeof(*n));

		n->next = linked_list;
		linked_list = n;
	}
}

MAKE make_tree(void)
{
	for (uint64_t i = 0; i < (uint64_t)n_blocks; i++) {
		struct tree **at = &tree_root;
		uint64_t key = scatter(i);

		while (*at)
			at = key < (*at)->key ? &(*at)->left : &(*at)->right;
		*at = calloc(1, sizeof(**at));
		(*at)->key = key;
		(*at)->value = text(BYTES);
	}
}

MAKE make_ring(void)
{
	for (int i = 0; i < n_blocks; i++) {
		struct ring *r = (struct ring *)(void *)text(sizeof(*r));

		r->before = ring.before;
		r->after = &ring;
		ring.before->after = r;
		ring.before = r;
	}
}

MAKE make_vector(void)
{
	for (int i = 0; i < n_blocks; i++) {
		if (vector.n == vector.room) {
			vector.room = vector.room ? 2 * vector.room : 16;
			vector.items = realloc(vector.items, vector.room * sizeof(char *));
		}
		vector.items[vector.n++] = text(BYTES);
	}
}

MAKE make_intrusive(void)
{
	for (int i = 0; i < n_blocks; i++) {
		struct member *m = (struct member *)(void *)text(sizeof(*m));

		m->link.next = intrusive.next;
		intrusive.next = &m->link;
	}
}

MAKE make_mapped(void)
{
	mapped_table = mmap(NULL, (size_t)n_blocks * sizeof(void *), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < n_blocks; i++)
		mapped_table[i] = text(BYTES);
}

MAKE make_array(void)
{
	for (int i = 0; i < n_blocks; i++)
		in_array[i] = text(BYTES);
}

MAKE make_thread_local(void)
{
	for (int i = 0; i < n_blocks; i++) {
		struct node *n = (struct node *)(void *)text(sizeof(*n));

		n->next = thread_list;
		thread_list = n;
	}
}

__attribute__((noinline)) static void make_on_stack(struct node *volatile *head)
{
	for (int i = 0; i < n_blocks; i++) {
		struct node *n = (struct node *)(void *)text(sizeof(*n));

		n->next = *head;
		*head = n;
	}
}

/* Hidden, as no list is kept of them. */
MAKE make_lost(void)
{
	for (int i = 0; i < n_blocks; i++) {
		char *volatile p = text(BYTES);

		p[0] = 'y';
		p = NULL;
	}
}

/* Old values on the stack would hold what was just lost. */
__attribute__((noinline)) static void scrub(void)
{
	volatile char room[16384];

	for (size_t i = 0; i < sizeof(room); i++)
		room[i] = 0;
}

static void *work(void *unused)
{
	struct node *volatile head = NULL;

	(void)unused;
	make_thread_local();
	make_on_stack(&head);
	scrub();
	ready = 1;
	while (!over)
		usleep(1000);
	return head ? &ring : NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	char end;

	if (argc > 1)
		n_blocks = atoi(argv[1]);
	if (n_blocks < 1 || n_blocks > MOST)
		return 2;
	make_chained();
	make_open();
	make_list();
	make_tree();
	make_ring();
	make_vector();
	make_intrusive();
	make_mapped();
	make_array();
	make_lost();
	scrub();
	if (pthread_create(&thread, NULL, work, NULL) != 0)
		return 2;
	while (!ready)
		usleep(1000);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &end, 1) > 0)
		continue;
	over = 1;
	pthread_join(thread, NULL);
	return 0;
}
