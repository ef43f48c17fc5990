/*
 * What the parent of a retention snapshot gives its child, and what the child leaves for it in a
 * mapping that both share: see retain.h for the whole. Addresses of the program's memory appear
 * only in the part that the child reads; what it leaves are offsets, so that the profile of one
 * run can be compared with another's.
 */
#ifndef RUNTIME_RETAIN_WIRE_H
#define RUNTIME_RETAIN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RETAIN_MODULES 512
#define RETAIN_PIECES  4
#define RETAIN_THREADS 4096
#define RETAIN_REGS    16
#define RETAIN_OWN     1024
#define RETAIN_NODES   (1u << 17)
#define RETAIN_SAMPLES (1u << 17)

struct retain_range {
	uintptr_t start, end;
};

/* A loaded object. */
struct retain_module {
	uintptr_t bias, code;                    /* code: some address of its instructions */
	struct retain_range data[RETAIN_PIECES]; /* writable segments, .bss too */
	unsigned n_data;
	uintptr_t tls_distance,
	    tls_size; /* its TLS begins so far below the thread pointer; 0 none */
	bool is_program, is_own, is_libc; /* is_libc: also the loader */
	bool is_allocator;                /* its words are no one's: it knows all blocks */
};

struct retain_thread {
	int32_t tid;
	char name[32];
	uintptr_t sp, tp; /* 0 unknown */
	uintptr_t regs[RETAIN_REGS];
	unsigned n_regs;
	bool is_own;
};

struct retain_input {
	struct retain_module modules[RETAIN_MODULES];
	struct retain_thread threads[RETAIN_THREADS];
	struct retain_range own[RETAIN_OWN]; /* the runtime's own memory */
	size_t n_modules, n_threads, n_own;
	bool owns_too_much;            /* not all of it is known */
	uint64_t side_bytes;           /* memory that the child may use for itself */
	struct retain_range allocator; /* the code of one that is not glibc's */
	bool from_table;               /* blocks: those of the live table; else glibc's */
};

/* What a node of the tree of holders stands for: a root, or a step from a block to the next. */
enum retain_kind {
	RETAIN_GLOBAL,   /* owner: module; offset: of the word, in the object's addresses */
	RETAIN_TLS,      /* owner: module; offset: in its TLS */
	RETAIN_SPECIFIC, /* owner: thread; pthread_setspecific and what else the C library keeps */
	RETAIN_STACK,    /* owner: thread */
	RETAIN_REGISTER, /* owner: thread */
	RETAIN_MAPPED,   /* memory that the program mapped and nothing seen points to */
	RETAIN_NOWHERE,  /* no pointer was found */
	RETAIN_UNKNOWN,  /* the sampled block is in no block of the allocator that was found */
	RETAIN_STEP,     /* a block of `size` bytes holds the next at `offset` */
	RETAIN_DEEPER,   /* and so on: steps that are not told apart any more */
};

#define RETAIN_IS_STEP(kind) ((kind) >= RETAIN_STEP)

struct retain_node {
	uint32_t parent;  /* towards the root; 0: this is one */
	uint8_t kind;     /* enum retain_kind */
	uint8_t repeated; /* the same step more than once */
	uint8_t mixed;    /* offset stands for several */
	uint8_t depth;
	uint32_t owner;
	int64_t offset; /* of a step: from where the pointer to the block points to */
	uint64_t size;  /* bytes of the block from there on */
	uint64_t entry; /* where that is in the block */
};

struct retain_sample {
	uint32_t node;           /* who holds it */
	uint32_t record;         /* who allocated it */
	uint64_t objects, bytes; /* weights, see struct rt_live */
	uint64_t n;
};

enum retain_status {
	RETAIN_RUNNING, /* or it died on the way */
	RETAIN_DONE,
	RETAIN_NO_MEMORY, /* more blocks than the child may have memory for */
	RETAIN_NO_MAPS,
	RETAIN_NO_HEAP, /* no block was found */
};

/* Zero at first. node[0] is none. */
struct retain_result {
	_Atomic uint32_t status;
	uint32_t n_nodes, n_samples;
	uint64_t blocks, block_bytes, free_blocks;
	uint64_t reached_bytes, unreached_bytes, scanned_bytes, mapped_bytes;
	uint64_t damaged;                  /* places where the heap's chain of sizes was broken */
	uint64_t damaged_bytes;            /* skipped there */
	uint64_t lost_samples;             /* no room for them or their holders */
	uint64_t freed_samples;            /* freed at the moment of the snapshot */
	uint64_t unplaced;                 /* blocks of the table in no memory that is looked at */
	uint64_t walk_ns, mark_ns, all_ns; /* CPU time of the child */
	struct retain_node nodes[RETAIN_NODES];
	struct retain_sample samples[RETAIN_SAMPLES];
};

#endif
