/*
 * What holds memory, as the tests of object/types.h and symbolize/sym_retained.h ask for it:
 * tables, lists, trees and the like. Only its debug information is read. No libc, to be small: it
 * is the binary in the corpus of fuzz_retained as well (-shared -fPIC -nostdlib).
 */
typedef unsigned long size;

struct entry {
	struct entry *next;
	char *key;

	union {
		char *text;
		size number;
	};
};

typedef struct entry *entry_ref;

struct table {
	unsigned n;
	struct entry **bucket;
	struct entry first[4];
};

struct table cache; /* mark: cache */

struct node {
	struct node *left, *right;
	char *value;
};

struct node *tree; /* mark: tree */

struct link {
	struct link *next, *prev;
};

struct conn {
	int fd;
	struct link link;
	char *buffer;
};

static struct link conns = { &conns, &conns };
const volatile entry_ref refs[3][2];
struct hidden; /* declared only */
struct hidden *opaque;
void *anything;

struct outer {
	unsigned low : 3, high : 5;

	struct {
		struct node *head;
	} queue;
	struct node *more[3];
	struct conn conn;
} outer;

_Thread_local struct node *thread_tree;
_Thread_local struct table thread_cache;

size holders_use(size n)
{
	static struct entry *kept; /* mark: kept */
	struct entry *last = kept;

	conns.next->prev = &conns;
	cache.n += (unsigned)n;
	thread_tree = tree;
	thread_cache.n++;
	outer.conn.fd++;
	anything = opaque;
	kept = refs[n % 3][n % 2];
	return (size)last;
}
