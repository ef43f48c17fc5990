/* Pages; see mem.h. Called by everything that keeps or builds data. */
#include "runtime/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

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
	return p == MAP_FAILED ? NULL : p;
}

void *rt_mem_map(size_t n)
{
	return map(n, PROT_READ | PROT_WRITE);
}

void *rt_mem_reserve(size_t n)
{
	return map(n, PROT_NONE);
}

void rt_mem_unmap(void *p, size_t n)
{
	int saved = errno;

	if (p)
		syscall(SYS_munmap, p, n);
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
