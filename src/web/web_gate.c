#include "web/web_gate.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>

/* How long a waiting request goes without a look at its connection. */
#define LOOK_NS 50000000

void web_gate_init(struct web_gate *g)
{
	pthread_condattr_t attributes;

	*g = (struct web_gate){ 0 };
	pthread_mutex_init(&g->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&g->left, &attributes);
	pthread_condattr_destroy(&attributes);
}

void web_gate_release(struct web_gate *g)
{
	pthread_cond_destroy(&g->left);
	pthread_mutex_destroy(&g->lock);
}

bool web_gate_wanted(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void wait_a_moment(struct web_gate *g)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&g->left, &g->lock, &until);
}

bool web_gate_enter(struct web_gate *g, int fd)
{
	bool wanted = true;

	pthread_mutex_lock(&g->lock);
	while (g->inside >= WEB_GATE_WIDTH && (wanted = web_gate_wanted(fd)))
		wait_a_moment(g);
	wanted = wanted && web_gate_wanted(fd);
	if (wanted)
		g->inside++;
	pthread_mutex_unlock(&g->lock);
	return wanted;
}

void web_gate_leave(struct web_gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->inside--;
	pthread_cond_signal(&g->left);
	pthread_mutex_unlock(&g->lock);
}
