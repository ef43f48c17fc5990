/*
 * Growing arrays of any element type, as macros over one growth function. Declare with
 * `VEC(struct edge) edges`, a zero struct is a valid empty vector. Fails stickily like buf:
 * a failed push is a no-op and sets .failed.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *p;                                                                           \
		size_t n;                                                                          \
		size_t cap;                                                                        \
		bool failed;                                                                       \
	}

/* Room for `extra` more elements of `size` bytes; false (and *failed set) when there is none. */
bool vec_grow(void **p, size_t n, size_t *cap, bool *failed, size_t extra, size_t size);
void vec_free(void *p);
/* Gives back what lies behind the n-th element; the storage, perhaps moved. */
void *vec_trim(void *p, size_t n, size_t size);

#define VEC_RESERVE(v, extra)                                                                      \
	((v)->cap - (v)->n >= (extra) && !(v)->failed                                              \
		? true                                                                             \
		: vec_grow((void **)(void *)&(v)->p, (v)->n, &(v)->cap, &(v)->failed, (extra),     \
		      sizeof *(v)->p))

/* True when the element was added. */
#define VEC_PUSH(v, ...) (VEC_RESERVE((v), 1) ? ((v)->p[(v)->n++] = (__VA_ARGS__), true) : false)

#define VEC_RELEASE(v)                                                                             \
	do {                                                                                       \
		vec_free((v)->p);                                                                  \
		(v)->p = NULL;                                                                     \
		(v)->n = 0;                                                                        \
		(v)->cap = 0;                                                                      \
		(v)->failed = false;                                                               \
	} while (0)

#endif
