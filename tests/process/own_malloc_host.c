/*
 * A program with an allocator linked into it, as far as the dynamic linker can tell: it exports
 * malloc and free. Prints what the preloaded runtime's page says about that. Run by coverage.sh.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "pprof/pprof.h"

static _Alignas(16) char heap[1 << 20];
static size_t used;

__attribute__((visibility("default"))) void *malloc(size_t n)
{
	size_t at = used;

	used += (n + 31) & ~(size_t)15;
	if (used > sizeof(heap))
		return NULL;
	memcpy(heap + at, &n, sizeof(n));
	return heap + at + 16;
}

__attribute__((visibility("default"))) void free(void *p)
{
	(void)p;
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
	return malloc(count * size); /* never used twice, so zero */
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t n)
{
	void *q = malloc(n);
	size_t old;

	if (p && q) {
		memcpy(&old, (char *)p - 16, sizeof(old));
		memcpy(q, p, old < n ? old : n);
	}
	return q;
}

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

static int print_body(void *ctx, const void *data, size_t size)
{
	(void)ctx;
	return fwrite(data, 1, size, stdout) != size;
}

int main(void)
{
	int (*handle)(const struct pprof_request *, const struct pprof_response *);
	void *f = dlsym(RTLD_DEFAULT, "pprof_handle");
	struct pprof_request request = { .path = "/debug/pprof/self" };
	struct pprof_response response = {
		.status = ignore_status, .header = ignore_header, .body = print_body
	};

	if (!f)
		return 1;
	memcpy(&handle, &f, sizeof(f));
	return handle(&request, &response);
}
