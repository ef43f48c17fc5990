/*
 * Growing arrays of any element type, as macros over one growth function. Declare with
 * `VEC(struct edge) edges`, a zero struct is a valid empty vector. Fails stickily like buf:
 * a failed push is a no-op and sets .failed.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *p;                                                                           \
		size_t n;                                                                          \
		size_t cap;                                                                        \
		bool failed;                                                                       \
	}

/* Room for `extra` more elements of `size` bytes; false (and *failed set) when there is none. */
bool vec_grow(void **p, size_t n, size_t *cap, bool *failed, size_t extra, size_t size);
/*
 * Makes room for n elements in all, in advance: a large array that grows is moved, and lies in
 * small pages then. Room that is not used costs address space only. When there is none nothing
 * happens.
 */
void vec_expect(void **p, size_t *cap, size_t n, size_t size);
void vec_free(void *p);
/* Gives back what lies behind the n-th element; the storage, perhaps moved. */
void *vec_trim(void *p, size_t n, size_t size);

/*
 * Gives a vector's storage, cut to its n elements, to the arena and sets *p to NULL. Not NULL also
 * when there are none, but when memory is short or the vector had failed: then the arena fails.
 */
void *vec_hand_over(struct arena *a, void **p, size_t n, size_t size, bool failed);

#define VEC_RESERVE(v, extra)                                                                      \
	((v)->cap - (v)->n >= (extra) && !(v)->failed                                              \
		? true                                                                             \
		: vec_grow((void **)(void *)&(v)->p, (v)->n, &(v)->cap, &(v)->failed, (extra),     \
		      sizeof *(v)->p))

#define VEC_EXPECT(v, count)                                                                       \
	vec_expect((void **)(void *)&(v)->p, &(v)->cap, (count), sizeof *(v)->p)

/* True when the element was added. */
#define VEC_PUSH(v, ...) (VEC_RESERVE((v), 1) ? ((v)->p[(v)->n++] = (__VA_ARGS__), true) : false)

/* The elements, now the arena's; the vector is empty and has failed when it had. */
#define VEC_HAND_OVER(arena, v)                                                                    \
	vec_hand_over((arena), (void **)(void *)&(v).p, (v).n, sizeof *(v).p, (v).failed)

#define VEC_RELEASE(v)                                                                             \
	do {                                                                                       \
		vec_free((v)->p);                                                                  \
		(v)->p = NULL;                                                                     \
		(v)->n = 0;                                                                        \
		(v)->cap = 0;                                                                      \
		(v)->failed = false;                                                               \
	} while (0)

#endif
