/* Threads of the profiler itself: a small stack, all signals blocked. */
#ifndef RUNTIME_OWNTHREAD_H
#define RUNTIME_OWNTHREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Starts run(NULL) in *thread; false when there is no thread. RT_ANY */
bool rt_ownthread_start(pthread_t *thread, void *(*run)(void *));

#endif
