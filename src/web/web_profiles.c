#include "web/web_profiles.h"

#include <stdio.h>
#include <time.h>

#include "profile/diff.h"
#include "profile/merge.h"
#include "profile/scale.h"

static struct web_loaded *loaded_new(struct driver *existing, const struct driver *model)
{
	struct web_loaded *l = alloc_get(sizeof *l);

	if (!l)
		return NULL;
	*l = (struct web_loaded){ .driver = existing };
	pthread_mutex_init(&l->source_lock, NULL);
	if (!existing) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there is one of both */
		driver_init(&l->own, &model->ui, model->faces);
		l->own.request = model->request;
		l->own.config = model->config;
		l->driver = &l->own;
	}
	return l;
}

static void loaded_free(struct web_loaded *l)
{
	if (!l)
		return;
	if (l->driver == &l->own)
		driver_release(&l->own);
	pthread_mutex_destroy(&l->source_lock);
	alloc_put(l);
}

/* "name, 14:03:22": a live source is told apart by when it was fetched. */
static void set_label(struct web_profile *p, struct str name)
{
	const time_t now = time(NULL);
	struct tm local;
	char at[16] = "";

	if (localtime_r(&now, &local))
		strftime(at, sizeof at, "%H:%M:%S", &local);
	if (name.n > sizeof p->label - sizeof at - 8) /* its end tells more */
		name = str_skip(name, name.n - (sizeof p->label - sizeof at - 8));
	snprintf(p->label, sizeof p->label, "%.*s, %s", STR_ARG(name), at);
}

static struct web_profile *add(struct web_profiles *p, struct str source, struct str label)
{
	struct web_profile *new = &p->v[p->n++];

	*new = (struct web_profile){ .id = p->next_id++, .source = source };
	set_label(new, label);
	return new;
}

static struct str name_of_all(const struct web_profiles *p)
{
	const struct request *r = &p->driver->request;

	return r->n_sources == 1 ? r->sources[0] : STR("all together");
}

enum err_code web_profiles_init(struct web_profiles *p, struct driver *driver, struct err *e)
{
	const struct request *r = &driver->request;
	struct web_profile *all;

	*p = (struct web_profiles){ .driver = driver, .next_id = 1, .current = 1 };
	pthread_mutex_init(&p->lock, NULL);
	pthread_mutex_init(&p->loading, NULL);
	timeline_init(&p->timeline, driver);
	all = add(p, STR(""), name_of_all(p));
	all->loaded = loaded_new(driver, NULL);
	for (uint32_t i = 0; r->n_sources > 1 && i < r->n_sources; i++)
		if (p->n + WEB_PROFILES_EARLIER + WEB_PROFILES_MOMENTS + 2 < WEB_PROFILES_MAX) {
			struct web_profile *one = add(p, r->sources[i], r->sources[i]);

			snprintf(one->label, sizeof one->label, "%.*s",
			    (int)(r->sources[i].n < 150 ? r->sources[i].n : 150), r->sources[i].p);
		}
	return all->loaded ? OK : FAIL_NOMEM(e);
}

void web_profiles_release(struct web_profiles *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		loaded_free(p->v[i].loaded);
	timeline_release(&p->timeline);
	pthread_mutex_destroy(&p->lock);
	pthread_mutex_destroy(&p->loading);
	*p = (struct web_profiles){ 0 };
}

struct str web_profile_key(const struct web_profile *p, struct arena *arena)
{
	return arena_printf(arena, "%s%u", p->is_moment ? "t" : "", p->id);
}

/* False when the text is no key. */
static bool read_key(const struct web_profiles *p, struct str text, uint64_t *id, bool *is_moment)
{
	*id = p->current;
	*is_moment = str_starts(text, STR("t"));
	return text.n == 0 || str_to_u64(str_skip(text, *is_moment), 10, id);
}

static struct web_profile *find(struct web_profiles *p, struct str text)
{
	uint64_t id;
	bool is_moment;

	if (!read_key(p, text, &id, &is_moment))
		return NULL;
	for (uint32_t i = 0; i < p->n; i++)
		if (p->v[i].id == id && p->v[i].is_moment == is_moment)
			return &p->v[i];
	return NULL;
}

/* The loaded profile with one more holder; NULL when it was not loaded yet or there is none. */
static struct web_loaded *hold_loaded(
    struct web_profiles *p, struct str text, bool *known, struct str *source)
{
	struct web_loaded *loaded = NULL;
	struct web_profile *found;

	pthread_mutex_lock(&p->lock);
	found = find(p, text);
	*known = found != NULL;
	if (found)
		*source = found->source;
	if (found && found->loaded) {
		loaded = found->loaded;
		loaded->holders++;
	}
	pthread_mutex_unlock(&p->lock);
	return loaded;
}

/* Loads one source, or all of them for "". The source's text must outlive the result. */
static MUST_USE enum err_code load(
    struct web_profiles *p, const struct str *source, struct web_loaded **out, struct err *e)
{
	struct web_loaded *loaded = loaded_new(NULL, p->driver);
	enum err_code code;

	if (!loaded)
		return FAIL_NOMEM(e);
	if (source->n > 0) {
		struct str *copy = ARENA_NEW(&loaded->own.arena, struct str);

		if (!copy) {
			loaded_free(loaded);
			return FAIL_NOMEM(e);
		}
		*copy = *source;
		loaded->own.request.sources = copy;
		loaded->own.request.n_sources = 1;
	}
	code = driver_load(&loaded->own, e);
	if (code != OK)
		loaded_free(loaded);
	else
		*out = loaded;
	return code;
}

/* Lists what was loaded, with one holder. Entries that are not loaded never leave the list. */
static struct web_loaded *keep(struct web_profiles *p, struct str text, struct web_loaded *loaded)
{
	struct web_profile *listed = find(p, text);

	if (listed)
		listed->loaded = loaded;
	loaded->holders++;
	return loaded;
}

/* Takes entry i off the list; its profile, to be freed by who holds no lock, unless it is held. */
static struct web_loaded *take_off(struct web_profiles *p, uint32_t i)
{
	struct web_loaded *loaded = p->v[i].loaded;

	memmove(&p->v[i], &p->v[i + 1], (p->n - i - 1) * sizeof p->v[0]);
	p->n--;
	return loaded && loaded->holders == 0 ? loaded : NULL;
}

/* Takes the oldest entry of a kind off the list when there are more than `most`. */
static struct web_loaded *forget_oldest(
    struct web_profiles *p, bool (*is_kind)(const struct web_profile *), uint32_t most)
{
	uint32_t n = 0, oldest = p->n;

	for (uint32_t i = p->n; i-- > 0;)
		if (is_kind(&p->v[i])) {
			n++;
			oldest = i;
		}
	return n > most ? take_off(p, oldest) : NULL;
}

static bool is_earlier(const struct web_profile *p)
{
	return p->earlier;
}

static bool is_moment(const struct web_profile *p)
{
	return p->is_moment;
}

static MUST_USE enum err_code load_moment(
    struct web_profiles *p, uint64_t id, struct web_loaded **out, int64_t *time_ns, struct err *e)
{
	enum err_code code;

	*out = loaded_new(NULL, p->driver);
	if (!*out)
		return FAIL_NOMEM(e);
	code = id <= UINT32_MAX
		   ? timeline_profile(&p->timeline, (uint32_t)id, &(*out)->own, time_ns, e)
		   : FAIL(e, ERR_NOT_FOUND, "there is no such moment");
	if (code != OK) {
		loaded_free(*out);
		*out = NULL;
	}
	return code;
}

static void label_moment(struct web_profile *p, int64_t time_ns)
{
	const time_t at = (time_t)(time_ns / 1000000000);
	struct tm local;

	if (time_ns > 0 && localtime_r(&at, &local))
		strftime(p->label, sizeof p->label, "at %Y-%m-%d %H:%M:%S", &local);
	else
		snprintf(p->label, sizeof p->label, "moment %u", p->id);
}

/* Lists a moment and holds it. */
static MUST_USE enum err_code hold_moment(
    struct web_profiles *p, uint64_t id, struct web_loaded **out, struct err *e)
{
	struct web_loaded *gone;
	struct web_profile *new;
	int64_t time_ns = 0;

	TRY(load_moment(p, id, out, &time_ns, e));
	pthread_mutex_lock(&p->lock);
	new = &p->v[p->n++];
	*new = (struct web_profile){ .id = (uint32_t)id, .loaded = *out, .is_moment = true };
	label_moment(new, time_ns);
	(*out)->holders++;
	gone = forget_oldest(p, is_moment, WEB_PROFILES_MOMENTS);
	pthread_mutex_unlock(&p->lock);
	loaded_free(gone);
	return OK;
}

/* A profile that is not loaded; `loading` is held. */
static MUST_USE enum err_code hold_source(struct web_profiles *p, struct str text,
    const struct str *source, struct web_loaded **out, struct err *e)
{
	struct web_loaded *loaded = NULL;
	enum err_code code = load(p, source, &loaded, e);

	pthread_mutex_lock(&p->lock);
	if (code == OK)
		*out = keep(p, text, loaded);
	pthread_mutex_unlock(&p->lock);
	return code;
}

enum err_code web_profiles_hold(
    struct web_profiles *p, struct str text, struct web_loaded **out, struct err *e)
{
	struct str source = STR("");
	enum err_code code = OK;
	bool known, moment;
	uint64_t id;

	*out = hold_loaded(p, text, &known, &source);
	if (*out)
		return OK;
	if (!read_key(p, text, &id, &moment) || (!known && !moment))
		return FAIL(e, ERR_NOT_FOUND, "there is no profile %.*s", STR_ARG(text));
	pthread_mutex_lock(&p->loading);
	*out = hold_loaded(p, text, &known, &source); /* another request may have been first */
	if (!*out)
		code = moment ? hold_moment(p, id, out, e) : hold_source(p, text, &source, out, e);
	pthread_mutex_unlock(&p->loading);
	return code;
}

/* base and source are used up. */
static MUST_USE enum err_code difference(
    struct profile *out, struct profile *source, struct profile *base, struct err *e)
{
	struct profile *const sides[] = { source, base };

	TRY(profile_label_all(base, PROFILE_BASE_LABEL, STR("true"), e));
	TRY(profile_scale(base, -1, e));
	return profile_combine(out, sides, 2, e);
}

enum err_code web_profiles_subtract(
    struct web_profiles *p, struct str base, struct profile *profile, struct err *e)
{
	struct profile left = { 0 }, right = { 0 }, both = { 0 };
	struct web_loaded *held;
	enum err_code code;

	TRY(web_profiles_hold(p, base, &held, e));
	code = profile_derive(&left, profile, e);
	if (code == OK)
		code = profile_derive(&right, &held->driver->profile, e);
	right.cancel = left.cancel;
	if (code == OK)
		code = difference(&both, &left, &right, e);
	profile_release(&left);
	profile_release(&right);
	web_profiles_drop(p, held);
	both.cancel = profile->cancel;
	if (code == OK)
		*profile = both;
	return code;
}

/* True when some entry of the list leads to it. */
static bool is_listed(const struct web_profiles *p, const struct web_loaded *loaded)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->v[i].loaded == loaded)
			return true;
	return false;
}

void web_profiles_drop(struct web_profiles *p, struct web_loaded *loaded)
{
	bool last;

	if (!loaded)
		return;
	pthread_mutex_lock(&p->lock);
	last = --loaded->holders == 0 && !is_listed(p, loaded);
	pthread_mutex_unlock(&p->lock);
	if (last)
		loaded_free(loaded);
}

enum err_code web_profiles_fetch(struct web_profiles *p, struct err *e)
{
	struct web_loaded *loaded = NULL, *gone = NULL;
	enum err_code code;

	pthread_mutex_lock(&p->loading);
	code = load(p, &STR(""), &loaded, e);
	pthread_mutex_lock(&p->lock);
	if (code == OK) {
		struct web_profile *before = find(p, STR("")), *fresh;

		if (before)
			before->earlier = true;
		fresh = add(p, STR(""), name_of_all(p));
		fresh->loaded = loaded;
		p->current = fresh->id;
		gone = forget_oldest(p, is_earlier, WEB_PROFILES_EARLIER);
	}
	pthread_mutex_unlock(&p->lock);
	pthread_mutex_unlock(&p->loading);
	loaded_free(gone);
	return code;
}
