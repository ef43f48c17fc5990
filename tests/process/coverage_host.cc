// Every operator new and delete, and what libc allocates on its own account, each counted once: run
// by coverage.sh with the runtime preloaded before different allocators. The profile is exact at a
// rate of 1; each kind of block has a size of its own.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include <dlfcn.h>
#include <malloc.h>

extern "C" {
#include "process/heap_sums.h"
}

static int failed;

static void expect(long long size, long long allocated, long long in_use, const char *what)
{
	const struct heap_sums s = ::heap_sums(size);

	if (s.alloc_objects == allocated && s.alloc_bytes == allocated * size &&
	    s.inuse_objects == in_use && s.inuse_bytes == in_use * size)
		return;
	std::fprintf(stderr, "%s: %lld allocated, %lld in use; wanted %lld, %lld\n", what,
	    static_cast<long long>(s.alloc_objects), static_cast<long long>(s.inuse_objects),
	    allocated, in_use);
	failed++;
}

static const std::align_val_t wide{128};

struct operators {
	const char *name;
	void *(*give)(size_t n);
	void (*take)(void *p, size_t n);
};

// Every new and every delete at least once.
static const operators table[] = {
	{ "new, delete", [](size_t n) { return ::operator new(n); },
	    [](void *p, size_t) { ::operator delete(p); } },
	{ "new[], delete[]", [](size_t n) { return ::operator new[](n); },
	    [](void *p, size_t) { ::operator delete[](p); } },
	{ "new, delete sized", [](size_t n) { return ::operator new(n); },
	    [](void *p, size_t n) { ::operator delete(p, n); } },
	{ "new[], delete[] sized", [](size_t n) { return ::operator new[](n); },
	    [](void *p, size_t n) { ::operator delete[](p, n); } },
	{ "new nothrow", [](size_t n) { return ::operator new(n, std::nothrow); },
	    [](void *p, size_t) { ::operator delete(p, std::nothrow); } },
	{ "new[] nothrow", [](size_t n) { return ::operator new[](n, std::nothrow); },
	    [](void *p, size_t) { ::operator delete[](p, std::nothrow); } },
	{ "new aligned", [](size_t n) { return ::operator new(n, wide); },
	    [](void *p, size_t) { ::operator delete(p, wide); } },
	{ "new[] aligned", [](size_t n) { return ::operator new[](n, wide); },
	    [](void *p, size_t) { ::operator delete[](p, wide); } },
	{ "new aligned, delete sized", [](size_t n) { return ::operator new(n, wide); },
	    [](void *p, size_t n) { ::operator delete(p, n, wide); } },
	{ "new[] aligned, delete[] sized", [](size_t n) { return ::operator new[](n, wide); },
	    [](void *p, size_t n) { ::operator delete[](p, n, wide); } },
	{ "new aligned nothrow", [](size_t n) { return ::operator new(n, wide, std::nothrow); },
	    [](void *p, size_t) { ::operator delete(p, wide, std::nothrow); } },
	{ "new[] aligned nothrow",
	    [](size_t n) { return ::operator new[](n, wide, std::nothrow); },
	    [](void *p, size_t) { ::operator delete[](p, wide, std::nothrow); } },
};

static void try_operators()
{
	size_t size = 20096; // of whole alignments, to which libstdc++ rounds up

	for (const operators &o : table) {
		void *p[5];

		for (void *&q : p) {
			q = o.give(size);
			std::memset(q, 1, size);
		}
		expect(size, 5, 5, o.name);
		for (int i = 0; i < 4; i++)
			o.take(p[i], size);
		expect(size, 5, 1, o.name);
		o.take(p[4], size);
		size += size / 3 / 128 * 128; // a size class of its own
	}
}

// An operator that fails throws, and leaves nothing counted.
static void try_failure()
{
	volatile size_t huge = size_t(1) << 60;
	int caught = 0;

	if (dlsym(RTLD_DEFAULT, "mi_malloc")) // mimalloc's aborts instead of throwing
		return;
	for (int i = 0; i < 100; i++) {
		try {
			std::printf("%p", ::operator new(huge));
		} catch (const std::bad_alloc &) {
			caught++;
		}
		if (::operator new(huge, std::nothrow))
			failed++;
	}
	if (caught != 100 || heap_sums(static_cast<int64_t>(huge)).alloc_objects != 0) {
		std::fprintf(stderr, "failures: caught %d of 100\n", caught);
		failed++;
	}
}

// A C++ object by one operator, released by its destructor.
static void try_mixed()
{
	struct big {
		char bytes[30011];
		virtual ~big() {}
	};
	big *volatile one = new big;
	big *volatile more = new big[1];

	expect(sizeof(big), 1, 1, "new expression");
	delete one;
	expect(sizeof(big), 1, 0, "delete expression");
	delete[] more;
}

static void try_libc()
{
	static char text[40013];
	void (*cfree)(void *) = reinterpret_cast<void (*)(void *)>(dlsym(RTLD_DEFAULT, "cfree"));
	char *made = nullptr;
	char *p;

	std::memset(text, 'x', sizeof(text) - 1);
	p = strdup(text);
	expect(40013, 1, 1, "strdup");
	std::free(p);
	p = strndup(text, 40021 - 20);
	expect(40002, 1, 1, "strndup");
	if (cfree)
		cfree(p);
	expect(40002, 1, cfree ? 0 : 1, "cfree");
	if (asprintf(&made, "%.*s", 40031 - 1, text) < 0)
		failed++;
	std::free(made);
	if (heap_sums(0).inuse_objects <= 0)
		failed++;
	p = realpath("/proc/self/exe", nullptr);
	std::free(p);
	p = static_cast<char *>(memalign(64, 41011));
	expect(41011, 1, 1, "memalign");
	p = static_cast<char *>(std::realloc(p, 41021));
	expect(41011, 1, 0, "realloc, old");
	expect(41021, 1, 1, "realloc, new");
	std::free(p);
}

int main()
{
	try_operators();
	try_failure();
	try_mixed();
	try_libc();
	std::printf("covered\n");
	return failed != 0;
}
