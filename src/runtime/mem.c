/* Pages; see mem.h. Called by everything that keeps or builds data. */
#include "runtime/mem.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/rt.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

#define PAGE         4096
#define POPULATE_MAX ((size_t)4 << 20)
#define BYTES_MIN    ((size_t)64 << 10)
#define BYTES_MAX    ((size_t)1 << 30)
#define PIECES       1024

/* Pieces that are mapped now; start is claimed first and cleared last. Signal handlers map too. */
struct rt_mem_table {
	struct {
		_Atomic uintptr_t start, end;
	} v[PIECES];

	_Atomic uint32_t high; /* none behind it */
	_Atomic bool full;
};

extern RT_HIDDEN struct rt_mem_table rt_mem_pieces_now;
struct rt_mem_table rt_mem_pieces_now;
#define pieces rt_mem_pieces_now

/*
 * Where another copy of this library finds the table, also in a program that is linked statically
 * and exports nothing: an ELF note that says how far it is from there. RT_MEM_NOTE is its type, and
 * another when the table is.
 */
__asm__(".pushsection .note.pprof, \"a\", %note\n"
	"	.balign 4\n"
	"	.long 6, 4, 1\n"
	"	.asciz \"pprof\"\n"
	"	.balign 4\n"
	"	.long rt_mem_pieces_now - .\n"
	"	.popsection\n");
_Static_assert(RT_MEM_NOTE == 1, "as in the note");

static void note(uintptr_t start, size_t n)
{
	for (uint32_t i = 0; i < PIECES; i++) {
		uintptr_t none = 0;
		uint32_t high = atomic_load(&pieces.high);

		if (atomic_load_explicit(&pieces.v[i].start, memory_order_relaxed) != 0 ||
		    !atomic_compare_exchange_strong(&pieces.v[i].start, &none, start))
			continue;
		atomic_store(&pieces.v[i].end, start + n);
		while (high <= i && !atomic_compare_exchange_weak(&pieces.high, &high, i + 1))
			continue;
		return;
	}
	atomic_store(&pieces.full, true);
}

static void forget(uintptr_t start)
{
	for (uint32_t i = 0; i < atomic_load(&pieces.high); i++) {
		if (atomic_load(&pieces.v[i].start) != start)
			continue;
		atomic_store(&pieces.v[i].end, 0);
		atomic_store(&pieces.v[i].start, 0);
		return;
	}
}

size_t rt_mem_pieces(const struct rt_mem_table *of, struct rt_mem_piece *out, size_t max)
{
	size_t n = 0;

	for (uint32_t i = 0; i < atomic_load(&of->high); i++) {
		uintptr_t start = atomic_load(&of->v[i].start);
		uintptr_t end = atomic_load(&of->v[i].end);

		if (start == 0 || end == 0)
			continue;
		if (n == max)
			return RT_MEM_TOO_MANY;
		out[n++] = (struct rt_mem_piece){ start, end };
	}
	return atomic_load(&of->full) ? RT_MEM_TOO_MANY : n;
}

/* Not libc's functions: those are interposed, by us and others, and this is nobody's memory. */
static void *kernel_mmap(size_t n, int protection, int flags, int fd)
{
	return (void *)syscall(SYS_mmap, NULL, n, protection, flags, fd, 0);
}

static void *map(size_t n, int protection)
{
	int saved = errno;
	void *p = kernel_mmap(n, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	errno = saved;
	if (p == MAP_FAILED)
		return NULL;
	note((uintptr_t)p, n);
	return p;
}

void *rt_mem_map(size_t n)
{
	return map(n, PROT_READ | PROT_WRITE);
}

void *rt_mem_map_large(size_t n)
{
	int saved = errno;
	void *p = rt_mem_map(n);

	if (p)
		madvise(p, n, MADV_HUGEPAGE);
	errno = saved;
	return p;
}

void *rt_mem_map_shared(size_t n)
{
	int saved = errno;
	void *p = kernel_mmap(n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);

	errno = saved;
	return p == MAP_FAILED ? NULL : p;
}

void *rt_mem_reserve(size_t n)
{
	return map(n, PROT_NONE);
}

void rt_mem_unmap(void *p, size_t n)
{
	int saved = errno;

	if (p) {
		/* Before it can be mapped again. */
		forget((uintptr_t)p);
		syscall(SYS_munmap, p, n);
	}
	errno = saved;
}

bool rt_mem_commit(void *p, size_t n)
{
	int saved = errno;
	bool done = mprotect(p, n, PROT_READ | PROT_WRITE) == 0;

	errno = saved;
	return done;
}

void rt_mem_fault_in(void *p, size_t n)
{
	int saved = errno;

	/* Old kernels do not know it; then, as in very large pieces, the pages come one by one. */
	if (n <= POPULATE_MAX)
		madvise(p, n, MADV_POPULATE_WRITE);
	errno = saved;
}

void *rt_mem_reserve_shared(int fd, size_t n)
{
	int saved = errno;
	void *p = kernel_mmap(n, PROT_NONE, MAP_SHARED | MAP_NORESERVE, fd);

	errno = saved;
	return p == MAP_FAILED ? NULL : p;
}

bool rt_mem_commit_shared(void *p, size_t n)
{
	int saved = errno;
	bool done =
	    mprotect(p, n, PROT_READ | PROT_WRITE) == 0 && madvise(p, n, MADV_POPULATE_WRITE) == 0;

	errno = saved;
	return done;
}

bool rt_mem_can_populate(void)
{
	int saved = errno;
	void *p = rt_mem_map(PAGE);
	bool can = p && madvise(p, PAGE, MADV_POPULATE_WRITE) == 0;

	rt_mem_unmap(p, PAGE);
	errno = saved;
	return can;
}

void *rt_mem_map_wiped_on_fork(void)
{
	int saved = errno;
	void *p = rt_mem_map(PAGE);

	if (p && madvise(p, PAGE, MADV_WIPEONFORK) != 0) {
		rt_mem_unmap(p, PAGE);
		p = NULL;
	}
	errno = saved;
	return p;
}

static bool bytes_grow(struct rt_bytes *b, size_t need)
{
	size_t cap = b->cap ? b->cap : BYTES_MIN;
	void *p;

	while (cap < need)
		cap *= 2;
	if (need > BYTES_MAX)
		return false;
	p = rt_mem_map(cap);
	if (!p)
		return false;
	if (b->n)
		memcpy(p, b->p, b->n);
	rt_mem_unmap(b->p, b->cap);
	b->p = p;
	b->cap = cap;
	return true;
}

uint8_t *rt_bytes_room(struct rt_bytes *b, size_t n)
{
	if (b->failed || n > BYTES_MAX)
		return NULL;
	if (n > b->cap - b->n && !bytes_grow(b, b->n + n)) {
		b->failed = true;
		return NULL;
	}
	return b->p + b->n;
}

void rt_bytes_add(struct rt_bytes *b, const void *data, size_t n)
{
	uint8_t *to = rt_bytes_room(b, n);

	if (!to || n == 0)
		return;
	memcpy(to, data, n);
	b->n += n;
}

void rt_bytes_release(struct rt_bytes *b)
{
	rt_mem_unmap(b->p, b->cap);
	*b = (struct rt_bytes){ 0 };
}

void *rt_mem_new(size_t n)
{
	size_t *p = n > SIZE_MAX - PAGE ? NULL : rt_mem_map(n + 64);

	if (!p)
		return NULL;
	*p = n + 64;
	return (char *)p + 64;
}

void rt_mem_free(void *p)
{
	size_t *head = p ? (size_t *)(void *)((char *)p - 64) : NULL;

	if (head)
		rt_mem_unmap(head, *head);
}
