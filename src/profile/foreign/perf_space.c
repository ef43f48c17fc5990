#include "profile/foreign/perf_space.h"

#include "core/hash.h"

/* Of all processes together: forks copy, so a small file could ask for any number. */
#define REGIONS_MAX ((size_t)1 << 20)

void perf_space_release(struct perf_space *s)
{
	for (size_t i = 0; i < s->processes.n; i++)
		VEC_RELEASE(&s->processes.p[i].regions);
	VEC_RELEASE(&s->processes);
	VEC_RELEASE(&s->threads);
	map_release(&s->by_pid);
	map_release(&s->by_tid);
	*s = (struct perf_space){ 0 };
}

bool perf_space_failed(const struct perf_space *s)
{
	for (size_t i = 0; i < s->processes.n; i++)
		if (s->processes.p[i].regions.failed)
			return true;
	return s->processes.failed || s->threads.failed || s->by_pid.failed || s->by_tid.failed;
}

static bool pid_equal(const void *ctx, uint32_t index, const void *key)
{
	return ((const struct perf_space *)ctx)->processes.p[index].pid == *(const uint32_t *)key;
}

static bool tid_equal(const void *ctx, uint32_t index, const void *key)
{
	return ((const struct perf_space *)ctx)->threads.p[index].tid == *(const uint32_t *)key;
}

/* Index of the process, made when it is new, or MAP_NONE. */
static uint32_t intern_process(struct perf_space *s, uint32_t pid)
{
	uint32_t fresh = (uint32_t)s->processes.n;
	uint32_t at;

	if (!VEC_RESERVE(&s->processes, 1))
		return MAP_NONE;
	at = map_intern(&s->by_pid, hash_u64(pid), pid_equal, s, &pid, fresh);
	if (at == fresh)
		s->processes.p[s->processes.n++] = (struct perf_process){ .pid = pid };
	return at;
}

static void add_region(struct perf_space *s, uint32_t process, struct perf_region region)
{
	if (s->n_regions == REGIONS_MAX)
		s->too_large = true;
	else if (VEC_PUSH(&s->processes.p[process].regions, region))
		s->n_regions++;
}

void perf_space_map(struct perf_space *s, uint32_t pid, struct perf_region region)
{
	uint32_t at = intern_process(s, pid);

	if (at != MAP_NONE)
		add_region(s, at, region);
}

void perf_space_fork(struct perf_space *s, uint32_t pid, uint32_t parent)
{
	uint32_t from = map_find(&s->by_pid, hash_u64(parent), pid_equal, s, &parent);
	uint32_t to;

	if (pid == parent || from == MAP_NONE)
		return;
	perf_space_exec(s, pid);
	to = intern_process(s, pid);
	for (size_t i = 0; to != MAP_NONE && i < s->processes.p[from].regions.n; i++)
		add_region(s, to, s->processes.p[from].regions.p[i]);
}

void perf_space_exec(struct perf_space *s, uint32_t pid)
{
	uint32_t at = map_find(&s->by_pid, hash_u64(pid), pid_equal, s, &pid);

	if (at == MAP_NONE)
		return;
	s->n_regions -= s->processes.p[at].regions.n;
	s->processes.p[at].regions.n = 0;
}

void perf_space_name(struct perf_space *s, uint32_t tid, struct str comm)
{
	uint32_t fresh = (uint32_t)s->threads.n;
	uint32_t at;

	if (!VEC_RESERVE(&s->threads, 1))
		return;
	at = map_intern(&s->by_tid, hash_u64(tid), tid_equal, s, &tid, fresh);
	if (at == fresh)
		s->threads.p[s->threads.n++] = (struct perf_thread){ .tid = tid };
	if (at != MAP_NONE)
		s->threads.p[at].comm = comm;
}

const struct perf_region *perf_space_find(
    const struct perf_space *s, uint32_t pid, uint64_t address)
{
	uint32_t at = map_find(&s->by_pid, hash_u64(pid), pid_equal, s, &pid);

	if (at == MAP_NONE)
		return NULL;
	for (size_t i = s->processes.p[at].regions.n; i-- > 0;) {
		const struct perf_region *r = &s->processes.p[at].regions.p[i];

		if (address >= r->start && address < r->limit)
			return r;
	}
	return NULL;
}

struct str perf_space_comm(const struct perf_space *s, uint32_t tid)
{
	uint32_t at = map_find(&s->by_tid, hash_u64(tid), tid_equal, s, &tid);

	return at == MAP_NONE ? STR("") : s->threads.p[at].comm;
}
