#include "table.h"

#include <pthread.h>
#include <stdatomic.h>

#define BUCKETS 16384

static struct {
	pthread_mutex_t lock;
	struct entry *bucket[BUCKETS];
	size_t entries;
} cache = { .lock = PTHREAD_MUTEX_INITIALIZER };

static atomic_uint_least64_t last_id;

uint64_t table_next_id(void)
{
	return atomic_fetch_add(&last_id, 1) + 1;
}

time_t table_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

void table_put(struct entry *entry)
{
	struct entry **bucket = &cache.bucket[entry->id % BUCKETS];

	pthread_mutex_lock(&cache.lock);
	entry->next = *bucket;
	*bucket = entry;
	cache.entries++;
	pthread_mutex_unlock(&cache.lock);
}

struct entry *table_expire(time_t limit)
{
	struct entry *expired = NULL;

	pthread_mutex_lock(&cache.lock);
	for (size_t i = 0; i < BUCKETS; i++) {
		struct entry **link = &cache.bucket[i];

		while (*link) {
			struct entry *entry = *link;

			if (entry->stored > limit) {
				link = &entry->next;
				continue;
			}
			*link = entry->next;
			entry->next = expired;
			expired = entry;
			cache.entries--;
		}
	}
	pthread_mutex_unlock(&cache.lock);
	return expired;
}

void table_stats(size_t *entries, size_t *bytes)
{
	pthread_mutex_lock(&cache.lock);
	*entries = cache.entries;
	*bytes = cache.entries * sizeof(struct entry);
	pthread_mutex_unlock(&cache.lock);
}
