/*
 * What both servers keep: request metadata in one global hash table behind a mutex. The table only
 * links entries; who allocates and frees them is each server's business, and the whole difference
 * between the two.
 */
#ifndef EXAMPLES_TABLE_H
#define EXAMPLES_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct entry {
	struct entry *next;
	uint64_t id;
	time_t stored; /* seconds of CLOCK_MONOTONIC */
	char client[64];
	char headers[920];
};

/* A number that no other request has. */
uint64_t table_next_id(void);
/* Links the entry; it stays reachable until table_expire takes it out. */
void table_put(struct entry *entry);
/* Takes out the entries stored at or before `limit` and returns them as a list for the caller. */
struct entry *table_expire(time_t limit);
/* What the table really holds: number of entries, and bytes that were asked of malloc for them. */
void table_stats(size_t *entries, size_t *bytes);
/* Seconds of CLOCK_MONOTONIC. */
time_t table_now(void);

#endif
