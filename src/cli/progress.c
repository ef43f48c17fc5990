#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS ((uint64_t)1000000000) /* nothing is said before */
#define TICK_NS     250000000L
#define NS          ((uint64_t)1000000000)

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

/* A terminal that does not take it is nothing to stop for. */
static void put(const char *text, size_t n)
{
	ssize_t ignored = write(STDERR_FILENO, text, n);

	(void)ignored;
}

/* The last column stays free: some terminals go on to the next row from there. */
static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2)
		return 79;
	return size.ws_col - 1u;
}

static void draw(struct progress *p, const char *text, size_t n)
{
	char line[256];
	size_t most = columns();

	n = n < most ? n : most;
	n = (size_t)snprintf(line, sizeof line, "\r\033[K%.*s", (int)n, text);
	put(line, n < sizeof line ? n : sizeof line - 1);
	p->shown = true;
}

static void draw_step(struct progress *p)
{
	char line[sizeof p->text + 32];
	uint64_t ns = now_ns() - p->began_ns;

	if (ns >= PATIENCE_NS)
		draw(p, line,
		    (size_t)snprintf(
			line, sizeof line, "%s ... %u s", p->text, (unsigned)(ns / NS)));
}

static void wipe(struct progress *p)
{
	static const char nothing[] = "\r\033[K";

	if (p->shown)
		put(nothing, sizeof nothing - 1);
	p->shown = false;
}

static void *tick(void *arg)
{
	struct progress *p = arg;
	struct timespec until;

	pthread_mutex_lock(&p->lock);
	while (p->running) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TICK_NS;
		until.tv_sec += until.tv_nsec / (long)NS;
		until.tv_nsec %= (long)NS;
		pthread_cond_timedwait(&p->wake, &p->lock, &until);
		if (p->running)
			draw_step(p);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

void progress_init(struct progress *p, bool enabled)
{
	*p = (struct progress){ .enabled = enabled,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.wake = PTHREAD_COND_INITIALIZER };
}

static void stop(struct progress *p)
{
	bool was;

	pthread_mutex_lock(&p->lock);
	was = p->running;
	p->running = false;
	wipe(p);
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	if (was)
		pthread_join(p->thread, NULL);
}

void progress_step(struct progress *p, struct str text)
{
	if (!p->enabled)
		return;
	stop(p);
	if (text.n == 0)
		return;
	text = str_head(text, sizeof p->text - 1);
	memcpy(p->text, text.p, text.n);
	p->text[text.n] = '\0';
	p->began_ns = now_ns();
	p->running = true;
	if (pthread_create(&p->thread, NULL, tick, p) != 0)
		p->running = false;
}

void progress_show(struct progress *p, struct str text)
{
	if (!p->enabled)
		return;
	stop(p);
	if (text.n)
		draw(p, text.p, text.n);
}

void progress_hide(struct progress *p)
{
	if (!p->enabled)
		return;
	pthread_mutex_lock(&p->lock);
	wipe(p);
	pthread_mutex_unlock(&p->lock);
}

void progress_release(struct progress *p)
{
	progress_step(p, STR(""));
}
