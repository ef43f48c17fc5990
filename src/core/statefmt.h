/*
 * The layout of the runtime's tables, which PPROF_STATE makes a file: what the runtime writes into
 * and the tool reads out of. docs/state-file.md describes it for people. Callers: runtime/state.c
 * and the tables on top of it; fetch/state_read.c; both sides' tests and the fuzzer.
 *
 * What is hard: the writer may be killed between any two stores, or still be writing while someone
 * reads. So everything that is reachable is complete: a thing is filled first and made reachable
 * by one store (a record's stack, a record's current cell, a module's `ready`) afterwards.
 * Everything is an offset or an index; integers have the writer's byte order and are naturally
 * aligned.
 */
#ifndef CORE_STATEFMT_H
#define CORE_STATEFMT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/elfnote.h"
#include "core/str.h"

#define STATEFMT_MAGIC      "pprofst\x1a"
#define STATEFMT_BYTE_ORDER 0x01020304u
#define STATEFMT_VERSION    2u

/* What the name of a state file ends in. */
#define STATEFMT_SUFFIX ".state"
/* Files of processes that are gone that a directory keeps; the oldest go first. */
#define STATEFMT_KEEP   32

/* Objects are kept in 1 / 2^STATEFMT_OBJECTS_SHIFT. */
#define STATEFMT_OBJECTS_SHIFT 12
/* Frames of a stack, the pseudo frame at its end included; more is damage. */
#define STATEFMT_MAX_DEPTH     256
/* Pairs of a set of labels, and bytes of its texts, each with a NUL. */
#define STATEFMT_LABEL_PAIRS   32
#define STATEFMT_LABEL_BYTES   2048

enum statefmt_region {
	STATEFMT_HEAD,
	STATEFMT_STACK_INDEX,   /* uint32_t[]: the writer's hash slots to stack ids */
	STATEFMT_RECORD_INDEX,  /* uint32_t[]: the writer's hash slots to record numbers */
	STATEFMT_RECORDS,       /* struct statefmt_record[], by number */
	STATEFMT_CELLS,         /* struct statefmt_cell[]: records' counters */
	STATEFMT_STACKS,        /* struct statefmt_stack, packed; id = offset / 8 */
	STATEFMT_MODULES,       /* struct statefmt_module[] */
	STATEFMT_RECORD_LABELS, /* uint32_t[], by record: its set of labels; 0 none */
	STATEFMT_LABELS,        /* struct statefmt_labels, packed; number of a set = offset / 8 */
	STATEFMT_LIVE,          /* struct statefmt_live[]: sampled live blocks, in hash order */
	STATEFMT_REGIONS,
};

struct statefmt_span {
	uint64_t offset, bytes; /* from the start of the file */
};

/* At the start. Constant once the file has its name, but for the atomics. */
struct statefmt_head {
	char magic[8];
	uint32_t byte_order;
	uint32_t version;
	uint32_t head_bytes; /* sizeof(struct statefmt_head) */
	uint32_t n_regions;
	uint64_t bytes; /* of the whole mapping */
	struct statefmt_span regions[STATEFMT_REGIONS];
	uint32_t record_bytes, cell_bytes, module_bytes, live_bytes; /* sizes of one */
	uint32_t objects_shift;
	uint32_t pid;
	uint64_t start_ticks;   /* of the process: field 22 of /proc/PID/stat; stays over exec */
	uint64_t pid_namespace; /* inode of /proc/PID/ns/pid; 0 unknown */
	int64_t start_ns;       /* CLOCK_REALTIME when the runtime started */
	char boot_id[40];       /* of the kernel; "" unknown */
	char program[512];      /* path of the executable, NUL-terminated */
	_Atomic uint64_t rate;  /* mean bytes between samples */
	_Atomic uint64_t stack_used;   /* bytes of STATEFMT_STACKS handed out; 8 at the start */
	_Atomic uint32_t stack_count;  /* stacks stored */
	_Atomic uint32_t record_count; /* records handed out */
	_Atomic uint32_t module_count; /* modules handed out */
	_Atomic uint32_t live_levels;  /* levels of the live table that hold entries */
	_Atomic uint32_t last_s;       /* seconds from start_ns to the latest sample */
	_Atomic uint32_t ended;        /* 1: the process went through its own exit */
	/* Behind these the two regions of labels may be holes, which are not to be touched. */
	_Atomic uint64_t labels_used;      /* bytes of STATEFMT_LABELS; 0: no record has labels */
	_Atomic uint32_t labelled_records; /* entries of STATEFMT_RECORD_LABELS */
	uint32_t unused;
};

/* What was allocated and freed by one stack in one size class. */
struct statefmt_record {
	_Atomic uint32_t stack;   /* id; 0: not filled yet. Stored last, once */
	uint32_t size;            /* statefmt_unpack_size() */
	_Atomic uint64_t current; /* count of updates << 32 | cell with the counters */
};

struct statefmt_amounts {
	uint64_t samples; /* sampled blocks */
	uint64_t objects; /* estimated blocks, in 1 / 2^objects_shift */
	uint64_t bytes;   /* estimated bytes */
};

struct statefmt_values {
	struct statefmt_amounts alloc, freed;
};

/* One state of a record's counters. Never written while it is a record's current one. */
struct statefmt_cell {
	_Atomic uint64_t alloc_samples, alloc_objects, alloc_bytes;
	_Atomic uint64_t free_samples, free_objects, free_bytes;
	_Atomic uint32_t owner; /* number of the record */
	uint32_t unused[3];
};

struct statefmt_stack {
	uint32_t hash;
	uint32_t depth;
	uint64_t pc[]; /* innermost first; return addresses, or below STATEFMT_PC_END pseudo ones */
};

/* A set of labels. Complete before a record says that it has it. */
struct statefmt_labels {
	uint32_t mark; /* STATEFMT_LABELS_MARK: what is no set is not taken for one */
	uint32_t hash;
	uint32_t bytes; /* of the text */
	uint32_t n;     /* pairs */
	char text[];    /* "key\0value\0..." by key */
};

#define STATEFMT_LABELS_MARK 0x6c626c73u

/* A sampled block. Its record counts it before it is here, and as freed after it is gone. */
struct statefmt_live {
	_Atomic uint64_t ptr; /* 0 free, 1 being changed; the block's address otherwise */
	uint64_t objects;     /* weight, as in struct statefmt_amounts */
	uint64_t bytes;
	uint32_t record;
	uint32_t born; /* seconds since start_ns */
};

#define STATEFMT_LIVE_CHANGING 1u

/* Levels of the table of live blocks are each four times the one before. */
#define STATEFMT_LIVE_FIRST  8192u
#define STATEFMT_LIVE_LEVELS 5u

/* Addresses that are no code. */
enum statefmt_pc {
	STATEFMT_PC_STACKS_FULL = 1,
	STATEFMT_PC_RECORDS_FULL,
	STATEFMT_PC_TRUNCATED,
	STATEFMT_PC_UNREADABLE,
	STATEFMT_PC_NO_SCRATCH,
	STATEFMT_PC_NOT_SAMPLED,
	STATEFMT_PC_UNSEEN_THREADS,
	STATEFMT_PC_NO_ANSWER,
	STATEFMT_PC_NO_CREATOR,
	STATEFMT_PC_FD_PPROF = 32, /* descriptors that nobody was seen opening, by type */
	STATEFMT_PC_FD_FILE,
	STATEFMT_PC_FD_DIRECTORY,
	STATEFMT_PC_FD_SOCKET,
	STATEFMT_PC_FD_PIPE,
	STATEFMT_PC_FD_DEVICE,
	STATEFMT_PC_FD_EVENTFD,
	STATEFMT_PC_FD_EPOLL,
	STATEFMT_PC_FD_TIMERFD,
	STATEFMT_PC_FD_SIGNALFD,
	STATEFMT_PC_FD_INOTIFY,
	STATEFMT_PC_FD_OTHER,
	STATEFMT_PC_END = 64,
};

/* An executable mapping of a file, now or at some time. */
struct statefmt_module {
	_Atomic uint32_t ready; /* 0: not filled yet. Stored last, once */
	_Atomic uint32_t gone;  /* 1: unloaded */
	uint64_t start, end, offset;
	char build_id[2 * ELFNOTE_MAX_BUILD_ID + 1]; /* hexadecimal; "" none */
	char path[351];                              /* NUL-terminated */
};

_Static_assert(sizeof(struct statefmt_head) == 848, "the layout is documented");
_Static_assert(sizeof(struct statefmt_record) == 16, "the layout is documented");
_Static_assert(sizeof(struct statefmt_cell) == 64, "one cell, one cache line");
_Static_assert(sizeof(struct statefmt_stack) == 8, "the layout is documented");
_Static_assert(sizeof(struct statefmt_module) == 512, "the layout is documented");
_Static_assert(sizeof(struct statefmt_labels) == 16, "the layout is documented");
_Static_assert(sizeof(struct statefmt_live) == 32, "four entries in two cache lines");

enum statefmt_status {
	STATEFMT_OK,
	STATEFMT_FOREIGN, /* no state file at all */
	STATEFMT_CUT_OFF, /* tables reach behind the end of the file */
	STATEFMT_BYTE_ORDER_DIFFERS,
	STATEFMT_OTHER_VERSION,
	STATEFMT_DAMAGED, /* sizes and offsets contradict each other */
};

/* A checked file in memory. `bytes` is borrowed; counts are as of statefmt_open. */
struct statefmt {
	const uint8_t *bytes;
	size_t n;
	struct statefmt_head head; /* a copy */
	uint32_t n_records, n_cells, n_modules;
};

/* True when the bytes begin as a state file does. */
bool statefmt_is(const void *bytes, size_t n);

/*
 * Checks the head and fills *f. `bytes` is 8-byte aligned (a mapping, an allocation) and may be
 * changing. Only with STATEFMT_OK may the functions below be called.
 */
enum statefmt_status statefmt_open(const void *bytes, size_t n, struct statefmt *f);

/* The sentence for a status, without the file's name: "the state file is cut off". */
const char *statefmt_status_text(enum statefmt_status status);

/*
 * Reads a cell. When it is some record's current one before and after, that is what the record
 * counted at that moment; else it may be anything. RT_SIGSAFE
 */
void statefmt_copy_cell(const struct statefmt_cell *c, struct statefmt_values *out);

/*
 * Reads a record's counters as of one moment, whatever its writers do meanwhile. False when the
 * record contradicts itself (damage), or is updated faster than it can be read. RT_SIGSAFE
 */
bool statefmt_read_values(const struct statefmt_record *r, const struct statefmt_cell *cells,
    uint32_t n_cells, uint32_t number, struct statefmt_values *out);

/* One record by value. */
struct statefmt_row {
	uint32_t stack;      /* id */
	uint64_t first_size; /* of the first block it was made for; 0 for the overflow record */
	struct statefmt_values v;
};

enum statefmt_found {
	STATEFMT_FOUND,
	STATEFMT_NONE, /* not filled when the writer was stopped */
	STATEFMT_BAD,  /* damaged */
};

/* Record i < f->n_records. */
enum statefmt_found statefmt_record(const struct statefmt *f, uint32_t i, struct statefmt_row *out);

/* Copies a stack's addresses; its depth, 0 when there is no such stack (damage). */
size_t statefmt_stack(const struct statefmt *f, uint32_t id, uint64_t pcs[STATEFMT_MAX_DEPTH]);

/* A set of labels by value: pairs point into `text`. */
struct statefmt_pairs {
	char text[STATEFMT_LABEL_BYTES];

	struct {
		struct str key, value;
	} pair[STATEFMT_LABEL_PAIRS];

	uint32_t n;
};

/* The labels of record i < f->n_records; no pairs when it has none or they are damaged. */
void statefmt_record_labels(const struct statefmt *f, uint32_t i, struct statefmt_pairs *out);

/* Entries of the table of live blocks that may be in use, as of statefmt_open. */
size_t statefmt_live_slots(const struct statefmt *f);

/* One block by value. */
struct statefmt_block {
	uint64_t objects, bytes;
	uint32_t record, born;
};

/*
 * The block of an entry and its address, as of one moment; false when there is none or it changes.
 * RT_SIGSAFE
 */
bool statefmt_read_block(
    const struct statefmt_live *e, uint64_t *address, struct statefmt_block *out);

/* That of entry `slot` < statefmt_live_slots(); also false for one of a record that is not there.
 */

bool statefmt_live(const struct statefmt *f, size_t slot, struct statefmt_block *out);

/* Module i < f->n_modules. */
enum statefmt_found statefmt_module(
    const struct statefmt *f, uint32_t i, struct statefmt_module *out);

/* Objects from 1 / 2^STATEFMT_OBJECTS_SHIFT, rounded. RT_SIGSAFE */
int64_t statefmt_objects(uint64_t fixed);

/* Sizes in 32 bits: exact below 2 GiB, in whole MiB from there on. RT_SIGSAFE */
uint32_t statefmt_pack_size(uint64_t size);
uint64_t statefmt_unpack_size(uint32_t packed);

/* The name shown for a pseudo address, "[stack table full]"; empty for a real one. RT_SIGSAFE */
struct str statefmt_pseudo_name(uint64_t pc);

/* True when both are of one process, maybe before and after exec. */
bool statefmt_same_process(const struct statefmt_head *a, const struct statefmt_head *b);
/*
 * Whether the process that h is of may still run, as far as can be told without asking for it:
 * false when the machine was started again since. `self` says where the question is asked.
 */
bool statefmt_may_run(const struct statefmt_head *h, const struct statefmt_head *self);
/* Whether process numbers mean the same to both. */
bool statefmt_same_namespace(const struct statefmt_head *a, const struct statefmt_head *b);
/* When the last sample was taken, CLOCK_REALTIME, to the second. */
int64_t statefmt_last_ns(const struct statefmt_head *h);

/* Field 22 of the text of /proc/PID/stat; false when it is malformed. */
bool statefmt_start_ticks(struct str stat, uint64_t *ticks);

/* "123.state" or "123.1763850000.state": true, and the process id in *pid. */
bool statefmt_file_name(struct str name, uint32_t *pid);

#endif
