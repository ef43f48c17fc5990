/*
 * Stack unwinding as a function of registers, a way to read memory and a table of modules.
 * Called by the runtime's malloc hooks and signal handlers on the own thread, and by anything that
 * unwinds a stopped thread of another process from copies.
 *
 * No allocation, lock, stdio or global state: all memory is the caller's, so everything declared
 * here may run inside malloc and in signal handlers, in any number of threads at once.
 *
 * The hard part: x86-64 code keeps no frame pointers, so the way from a frame to its caller is in
 * .eh_frame, as a small program for each function. That is evaluated once for each return address
 * into a 30-bit rule and remembered in a lock-free cache (rule.h); see docs/unwinding.md.
 */
#ifndef UNWIND_UNWIND_H
#define UNWIND_UNWIND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Register numbers as in DWARF for x86-64; 16 is the return address column, here the pc. */
enum unwind_reg {
	UNWIND_RAX = 0,
	UNWIND_RDX = 1,
	UNWIND_RCX = 2,
	UNWIND_RBX = 3,
	UNWIND_RSI = 4,
	UNWIND_RDI = 5,
	UNWIND_BP = 6,
	UNWIND_SP = 7,
	UNWIND_R12 = 12,
	UNWIND_R13 = 13,
	UNWIND_R14 = 14,
	UNWIND_R15 = 15,
	UNWIND_PC = 16,
	UNWIND_REGS = 17,
};

/*
 * Registers of one frame. `known` has bit n set when r[n] is valid; pc, sp and bp must be.
 * The others are needed for a few hand-written functions only. Filled by unwind_regs_here and
 * unwind_regs_from_ucontext of regs_x86_64.h.
 */
struct unwind_regs {
	uintptr_t r[UNWIND_REGS];
	uint32_t known;
};

/* Why the walk ended. */
enum unwind_end {
	UNWIND_DONE,       /* at the outermost frame, as the code's own unwind information says */
	UNWIND_TRUNCATED,  /* max frames stored, more exist */
	UNWIND_UNREADABLE, /* a needed stack slot could not be read */
	UNWIND_STUCK,      /* no rule nor plausible frame pointer, or the stack did not go up */
};

/*
 * One loaded object, as find_module tells it. Unwind information is read by pointer: in the own
 * process where it is mapped, for another process from a local copy with `delta` set.
 */
struct unwind_module {
	uintptr_t start, end;        /* code addresses [start, end) */
	const uint8_t *eh_frame_hdr; /* the PT_GNU_EH_FRAME segment; NULL when there is none */
	size_t eh_frame_hdr_size;    /* its bytes; 0 with a header: up to readable_end */
	/* Bounds of the mapped, readable memory that holds eh_frame_hdr and .eh_frame. */
	const uint8_t *readable_start, *readable_end;
	uintptr_t delta; /* address in the unwound process minus address here */
	uint32_t id;     /* the caller's own; not looked at */
};

/*
 * The caller's services; ctx is unwind_ctx.arg. Both must obey the rules of the place of the walk
 * (no malloc, no lock). Called rarely: read_word only outside [stack_lo, stack_hi), find_module
 * only for return addresses that the cache does not know.
 */
struct unwind_ops {
	/*
	 * Reads one word at addr (8-aligned), of a stack or of code; false when it cannot be read.
	 * NULL: none can.
	 */
	bool (*read_word)(void *ctx, uintptr_t addr, uintptr_t *out);
	/* Fills *out (zeroed before) for the module holding pc; false when there is none. */
	bool (*find_module)(void *ctx, uintptr_t pc, struct unwind_module *out);
};

#define UNWIND_CACHE_BITS 14

/* Code that is proven to keep frame pointers, see zone.h. */
struct unwind_zone {
	_Atomic uint64_t stamp; /* names the generation that it belongs to; another: unused */
	_Atomic uintptr_t lo, hi;
	uint8_t stopped; /* at which ends it cannot grow; guarded by unwind_cache.zones_busy */
};

#define UNWIND_ZONES 128

/* Working memory of a proof, which small stacks have no place for. */
struct unwind_room {
	uint64_t words[192];
};

/*
 * Rules by code address, 134 KB, shared by all threads. A zeroed struct (fresh anonymous memory)
 * is an empty cache. Each slot is one atomic word, so no reader sees half a rule.
 */
struct unwind_cache {
	_Atomic uint64_t slots[1u << UNWIND_CACHE_BITS];
	_Atomic uint32_t generation;
	_Atomic uint64_t misses;     /* look-ups that decoded unwind information; for statistics */
	_Atomic uint32_t zones_busy; /* somebody is adding to the zones: nobody waits for it */
	struct unwind_zone zones[UNWIND_ZONES];
	struct unwind_room room; /* guarded by zones_busy */
};

/*
 * Forgets all rules, for every thread, by starting a new generation: O(1), lock free. Call it when
 * a module has been loaded or unloaded (after dlopen, before dlclose returns): the cache also
 * remembers addresses for which there was no module.
 */
void unwind_cache_flush(struct unwind_cache *cache);

/* In a forked child, where a thread that was adding to the zones is not. */
void unwind_cache_after_fork(struct unwind_cache *cache);

/* Bytes of code in [start, end) that are known to keep frame pointers; for statistics. */
size_t unwind_cache_proven(const struct unwind_cache *cache, uintptr_t start, uintptr_t end);

#define UNWIND_MEMO_FRAMES 248

/* A remembered frame, and the word that led to it besides its return address (memo.c). */
struct unwind_note {
	uintptr_t sp, pc, bp;
	uintptr_t slot, was;
};

/*
 * The previous walk of one thread, for reuse of its unchanged outer part (10 KB; a zeroed struct
 * is empty). For one thread; a signal handler may give the memo of the thread that it interrupts,
 * as a walk that finds it in use does without.
 */
struct unwind_memo {
	uint32_t n;         /* frames remembered: the last n of `notes`, outermost last */
	uint32_t reused;    /* out: frames at the end of the last walk that were taken over */
	uint64_t salt;      /* names the cache generation of the remembered walk */
	bool by_frame_ptr;  /* the outermost frame was reached by its frame pointer alone */
	volatile bool busy; /* a walk is using it */
	struct unwind_note notes[UNWIND_MEMO_FRAMES];
};

/* Forgets the remembered walk, e.g. when the thread got another stack. */
static inline void unwind_memo_clear(struct unwind_memo *memo)
{
	memo->n = 0;
	memo->reused = 0;
	memo->busy = false;
}

/* Everything a walk needs besides registers. Read only; may be shared but for memo. */
struct unwind_ctx {
	const struct unwind_ops *ops;
	void *arg;                  /* handed to ops */
	struct unwind_cache *cache; /* NULL: decode every frame anew (slow) */
	struct unwind_memo *memo;   /* NULL: no reuse of the last walk; needs a cache */
	/* Words in [stack_lo, stack_hi) are read directly; both 0: all through read_word. */
	uintptr_t stack_lo, stack_hi;
};

/*
 * Walks from `regs` outwards and stores one code address a frame, innermost first: regs' pc, then
 * return addresses as they lie on the stack (subtract 1 to look up the calling instruction).
 * first_is_exact: regs' pc is the next instruction of that frame (captured here, or interrupted by
 * a signal), not a return address. A frame interrupted by a signal inside the walk is also exact;
 * its address is stored as it is.
 *
 * Returns the number of addresses, 0 only when max is 0; further entries of pcs may have been used
 * as scratch. *end says why it stopped; the addresses are valid in every case. Never reads outside
 * what stack_lo/stack_hi, read_word and the modules' readable ranges allow, whatever the stack and
 * the unwind information hold.
 */
size_t unwind_stack(const struct unwind_ctx *ctx, const struct unwind_regs *regs,
    bool first_is_exact, uintptr_t *pcs, size_t max, enum unwind_end *end);

/* A word for the end, for debug output: "done", "truncated", "unreadable", "stuck". */
const char *unwind_end_name(enum unwind_end end);

#endif
