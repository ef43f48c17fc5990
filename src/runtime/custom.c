/* Profiles of the program's own; see custom.h. */
#include "runtime/custom.h"

#include <pthread.h>
#include <string.h>

#include "core/fmt.h"
#include "core/hash.h"
#include "core/http1.h"
#include "runtime/busy.h"
#include "runtime/capture.h"
#include "runtime/counttext.h"
#include "runtime/init.h"
#include "runtime/rt.h"
#include "runtime/rt_routes.h"
#include "runtime/tally.h"
#include "runtime/tls.h"

#define GONE ((rt_stack_id)UINT32_MAX)

struct entry {
	const void *value;
	rt_stack_id stack; /* 0: never used, GONE: removed */
};

struct custom {
	struct rt_profile_kind kind; /* first: a pointer to it is one to this */
	struct rt_shape shape;
	char name[RT_CUSTOM_NAME];
	pthread_mutex_t lock; /* guards what follows */
	struct entry *entries;
	size_t slots, used, n; /* entries, those ever used, values */
};

/* Rows are filled first, then counted; never taken back. New ones under the API's lock. */
static struct {
	struct custom rows[RT_CUSTOM_MAX];
	_Atomic size_t n;
	size_t locked;      /* by the thread that forks */
	uintptr_t was_busy; /* that thread, before */
} customs;

static struct custom *custom_of(const struct rt_profile_kind *kind)
{
	return &customs.rows[((uintptr_t)kind - (uintptr_t)customs.rows) / sizeof(struct custom)];
}

size_t rt_custom_count(void)
{
	return atomic_load_explicit(&customs.n, memory_order_acquire);
}

const struct rt_profile_kind *rt_custom_at(size_t i)
{
	return &customs.rows[i].kind;
}

bool rt_custom_is(const struct rt_profile_kind *kind)
{
	return (uintptr_t)kind - (uintptr_t)customs.rows < sizeof(customs.rows);
}

/* While it is held, this thread's waits and allocations are the profiler's own. */
static uintptr_t lock(struct custom *c)
{
	uintptr_t was_busy = rt_busy_begin();

	pthread_mutex_lock(&c->lock);
	return was_busy;
}

static void unlock(struct custom *c, uintptr_t was_busy)
{
	pthread_mutex_unlock(&c->lock);
	rt_busy_end(was_busy);
}

static bool take(const struct rt_profile_kind *kind, struct rt_snapshot *s)
{
	struct custom *c = custom_of(kind);
	struct rt_tally tally;
	uintptr_t was_busy;
	bool good;

	rt_snapshot_begin(s);
	s->rate = 1;
	was_busy = lock(c);
	good = rt_tally_init(&tally, c->n);
	for (size_t i = 0; good && i < c->slots; i++)
		if (c->entries[i].stack != 0 && c->entries[i].stack != GONE)
			rt_tally_add(&tally, c->entries[i].stack);
	unlock(c, was_busy);
	if (!good)
		return false;
	rt_tally_finish(&tally, s);
	return rt_snapshot_end(s);
}

static size_t count(const struct rt_profile_kind *kind)
{
	struct custom *c = custom_of(kind);
	uintptr_t was_busy = lock(c);
	size_t n = c->n;

	unlock(c, was_busy);
	return n;
}

/* What is no path as it stands would be asked for under another name. */
static bool is_canonical(const char *name)
{
	char path[RT_CUSTOM_NAME + 1], clean[sizeof(path)];
	struct fmt_buf b = fmt_buf_of(path, sizeof(path));

	fmt_c(&b, "/");
	fmt_c(&b, name);
	fmt_end(&b);
	return name[0] != '/' && http1_clean_path(str_c(path), clean, sizeof(clean)) &&
	       strcmp(path, clean) == 0;
}

/* A name goes into a header, a page and a path. */
static bool is_good_name(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~' || strchr("\"\\?#%", name[i]))
			return false;
	return n < RT_CUSTOM_NAME && is_canonical(name);
}

static const char *refuse(const char *name)
{
	if (!name || !*name)
		return "new profile with empty name";
	if (!is_good_name(name))
		return "name of a new profile is too long or no path of a URL";
	if (rt_profiles_find(str_c(name)) || rt_routes_is_page(str_c(name)))
		return "name of a new profile is already in use";
	if (rt_custom_count() == RT_CUSTOM_MAX)
		return "too many profiles";
	return rt_is_ready() ? NULL : "no memory for profiles";
}

static const struct rt_profile_kind *make(struct custom *c, const char *name)
{
	memcpy(c->name, name, strlen(name) + 1);
	c->shape = (struct rt_shape){
		.values = { { c->name, "count" } }, .n = 1, .period = { c->name, "count" }
	};
	c->kind = (struct rt_profile_kind){ .name = c->name,
		.description = "",
		.shape = &c->shape,
		.take = take,
		.text = rt_counttext_count,
		.count = count };
	pthread_mutex_init(&c->lock, NULL);
	return &c->kind;
}

const struct rt_profile_kind *rt_custom_new(const char *name, const char **why)
{
	const struct rt_profile_kind *kind = NULL;

	rt_init_lock();
	*why = refuse(name);
	if (!*why) {
		size_t n = rt_custom_count();

		kind = make(&customs.rows[n], name);
		atomic_store_explicit(&customs.n, n + 1, memory_order_release);
	}
	rt_init_unlock();
	return kind;
}

/* Where the value is, or where it may be put: the first removed entry on the way, else the end. */
static struct entry *find(const struct custom *c, const void *value, bool *there)
{
	struct entry *gone = NULL;

	*there = false;
	for (size_t at = hash_u64((uintptr_t)value);; at++) {
		struct entry *e = &c->entries[at & (c->slots - 1)];

		if (e->stack == 0)
			return gone ? gone : e;
		if (e->stack == GONE) {
			gone = gone ? gone : e;
		} else if (e->value == value) {
			*there = true;
			return e;
		}
	}
}

static void put(struct custom *c, struct entry *at, const void *value, rt_stack_id stack)
{
	c->used += at->stack == 0;
	*at = (struct entry){ value, stack };
	c->n++;
}

/* Makes room for one more; entries that were removed are dropped on the way. */
static bool grow(struct custom *c)
{
	size_t slots = 256;
	struct custom old = *c;
	bool there;

	if (c->used * 4 < c->slots * 3)
		return true;
	while (slots < 4 * c->n)
		slots *= 2;
	c->entries = rt_mem_map(slots * sizeof(struct entry));
	if (!c->entries) {
		c->entries = old.entries;
		return false;
	}
	c->slots = slots;
	c->used = c->n = 0;
	for (size_t i = 0; i < old.slots; i++) {
		const struct entry *e = &old.entries[i];

		if (e->stack != 0 && e->stack != GONE)
			put(c, find(c, e->value, &there), e->value, e->stack);
	}
	if (old.entries)
		rt_mem_unmap(old.entries, old.slots * sizeof(struct entry));
	return true;
}

static const char *add_locked(struct custom *c, const void *value, rt_stack_id stack)
{
	struct entry *e;
	bool there;

	if (c->n >= RT_CUSTOM_FULL || !grow(c))
		return "no room for more values in the profile";
	e = find(c, value, &there);
	if (there)
		return "add of duplicate value";
	put(c, e, value, stack);
	return NULL;
}

const char *rt_custom_add(
    const struct rt_profile_kind *kind, const void *value, void *caller, unsigned skip)
{
	struct custom *c = custom_of(kind);
	uintptr_t was_busy = lock(c);
	const char *wrong = "no memory for profiles";

	if (rt_state_check(&rt.state))
		wrong = add_locked(c, value, rt_capture_skip(caller, skip));
	unlock(c, was_busy);
	return wrong;
}

void rt_custom_remove(const struct rt_profile_kind *kind, const void *value)
{
	struct custom *c = custom_of(kind);
	uintptr_t was_busy = lock(c);
	bool there = false;
	struct entry *e = c->slots ? find(c, value, &there) : NULL;

	if (there) {
		e->stack = GONE;
		c->n--;
	}
	unlock(c, was_busy);
}

void rt_custom_before_fork(void)
{
	uintptr_t was_busy = rt_tls.busy_at;
	size_t n = rt_custom_count();

	for (size_t i = 0; i < n; i++)
		lock(&customs.rows[i]);
	/* Forks by two threads at once take turns at the first lock, if there is one. */
	customs.locked = n;
	customs.was_busy = was_busy;
	rt_busy_end(was_busy);
}

void rt_custom_after_fork(void)
{
	uintptr_t was_busy = customs.was_busy;

	for (size_t i = customs.locked; i-- > 0;)
		unlock(&customs.rows[i], was_busy);
}
