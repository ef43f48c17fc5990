/*
 * Inflating by a thread of its own, a piece ahead of the sink: of reading a large profile, half the
 * time is inflating. The sink is called by the caller's thread, as ever, with the same bytes in the
 * same order; only where they are cut differs.
 */
#include <pthread.h>

#include "profile/inflate.h"

/* One piece is on its way at a time; both sides have a buffer of their own to work in. */
struct ahead {
	struct inflate_sink sink; /* first: what the inflating thread gives its pieces to */
	int fd;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct buf ready; /* inflated and not yet taken */
	bool is_given_up; /* nobody takes any more */
	bool has_ended;
	enum err_code code; /* how it ended */
	struct err err;
};

/* The inflating thread's sink: takes the whole piece as soon as there is a place for it. */
static enum err_code put(struct inflate_sink *sink, struct buf *piece, struct err *e)
{
	struct ahead *a = (struct ahead *)sink;
	struct buf empty;
	bool is_given_up;

	pthread_mutex_lock(&a->lock);
	while (a->ready.n > 0 && !a->is_given_up)
		pthread_cond_wait(&a->changed, &a->lock);
	is_given_up = a->is_given_up;
	if (!is_given_up) {
		empty = a->ready;
		a->ready = *piece;
		*piece = empty;
	}
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	return is_given_up ? FAIL(e, ERR_CANCELLED, "nobody takes the rest") : OK;
}

static void *inflate_all(void *ctx)
{
	struct ahead *a = ctx;
	enum err_code code = inflate_gzip_fd(a->fd, &a->sink, &a->err);

	pthread_mutex_lock(&a->lock);
	a->code = code;
	a->has_ended = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* Appends the next piece to *to; false when there is none. */
static bool get(struct ahead *a, struct buf *to)
{
	bool more;

	pthread_mutex_lock(&a->lock);
	while (a->ready.n == 0 && !a->has_ended)
		pthread_cond_wait(&a->changed, &a->lock);
	more = a->ready.n > 0;
	buf_add_str(to, buf_str(&a->ready));
	buf_clear(&a->ready);
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
	return more;
}

/* *left: bytes that the sink had no use for. */
static enum err_code feed_sink(
    struct ahead *a, struct inflate_sink *sink, size_t *left, struct err *e)
{
	struct buf piece = { 0 };
	enum err_code code = OK;

	while (code == OK && get(a, &piece))
		code = buf_failed(&piece) ? FAIL_NOMEM(e) : sink->take(sink, &piece, e);
	*left = piece.n;
	buf_release(&piece);
	return code;
}

static void give_up(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->is_given_up = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

enum err_code inflate_gzip_fd_ahead(int fd, struct inflate_sink *sink, struct err *e)
{
	struct ahead a = { .sink.take = put,
		.fd = fd,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	pthread_t thread;
	enum err_code code;
	size_t left;

	if (!buf_reserve(&a.ready, INFLATE_PIECE) ||
	    pthread_create(&thread, NULL, inflate_all, &a) != 0) {
		buf_release(&a.ready);
		return inflate_gzip_fd(fd, sink, e);
	}
	code = feed_sink(&a, sink, &left, e);
	give_up(&a);
	pthread_join(thread, NULL);
	buf_release(&a.ready);
	pthread_cond_destroy(&a.changed);
	pthread_mutex_destroy(&a.lock);
	if (code != OK)
		return code;
	if (a.code != OK)
		*e = a.err;
	else if (left > 0)
		return FAIL(e, ERR_FORMAT, "the sink has left something");
	return a.code;
}
