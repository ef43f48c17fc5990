#include "base/vec.h"

#include <stdint.h>

#include "base/arena.h"
#include "core/ckd.h"

#define EXPECT_MAX ((size_t)1 << 30) /* bytes: the system may refuse more */

bool vec_grow(void **p, size_t n, size_t *cap, bool *failed, size_t extra, size_t size)
{
	size_t need, bytes, next = *cap ? *cap * 2 : 8;
	void *grown = NULL;

	if (*failed || !ckd_add_size(n, extra, &need)) {
		*failed = true;
		return false;
	}
	if (next < need)
		next = need;
	if (ckd_mul_size(next, size, &bytes) && bytes <= SIZE_MAX / 4)
		grown = alloc_resize(*p, bytes);
	if (!grown) {
		*failed = true;
		return false;
	}
	*p = grown;
	*cap = next;
	return true;
}

void vec_expect(void **p, size_t *cap, size_t n, size_t size)
{
	size_t bytes;
	void *grown;

	if (n <= *cap || !ckd_mul_size(n, size, &bytes) || bytes > EXPECT_MAX)
		return;
	grown = alloc_resize(*p, bytes);
	if (!grown)
		return;
	*p = grown;
	*cap = n;
}

void vec_free(void *p)
{
	alloc_put(p);
}

void *vec_trim(void *p, size_t n, size_t size)
{
	void *smaller = p ? alloc_resize(p, n * size) : NULL;

	return smaller ? smaller : p;
}

void *vec_hand_over(struct arena *a, void **p, size_t n, size_t size, bool failed)
{
	void *taken = *p;

	*p = NULL;
	a->failed |= failed;
	if (n == 0) {
		alloc_put(taken);
		return arena_alloc(a, 0);
	}
	return arena_adopt(a, vec_trim(taken, n, size));
}
