/*
 * Modules in the state file; see state_modules.h. Called by stacktab.c inside malloc, by
 * state_file.c and after dlclose. Slots are filled once and never taken back; what is loaded again
 * where it was is the same slot.
 */
#include "runtime/state_modules.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "core/fmt.h"
#include "core/hash.h"
#include "runtime/modules.h"
#include "runtime/rt.h"

#define PAGE        ((uintptr_t)4096)
#define KNOWN_SLOTS 256

/* Pages of code whose module is noted, so that most addresses need no search. 0: none. */
static _Atomic uintptr_t known[KNOWN_SLOTS];
/* Where the program was when it started; "" unknown. Constant after init. */
static char directory[512];

static struct statefmt_module *slot_at(const struct rt_state *s, uint32_t i)
{
	return (struct statefmt_module *)(void *)s->base[RT_REGION_MODULES] + i;
}

/* A file with a long name is found by its last part and its build id. */
static void set_path(struct statefmt_module *m, struct str path)
{
	size_t slash = str_rfind_char(path, '/');

	if (path.n >= sizeof(m->path) && slash != STR_NPOS)
		path = str_skip(path, slash + 1);
	if (path.n >= sizeof(m->path))
		path.n = 0;
	memcpy(m->path, path.p, path.n);
	m->path[path.n] = '\0';
}

static bool same(const struct statefmt_module *a, const struct statefmt_module *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       strcmp(a->build_id, b->build_id) == 0 && strcmp(a->path, b->path) == 0;
}

static bool is_there(const struct statefmt_module *m)
{
	return atomic_load_explicit(&m->ready, memory_order_acquire) &&
	       !atomic_load_explicit(&m->gone, memory_order_relaxed);
}

/* A slot that holds the same; NULL when there is none. */
static struct statefmt_module *find(const struct rt_state *s, const struct statefmt_module *m)
{
	uint32_t n = atomic_load(&s->head->module_count);

	for (uint32_t i = 0; i < n; i++) {
		struct statefmt_module *slot = slot_at(s, i);

		if (atomic_load_explicit(&slot->ready, memory_order_acquire) && same(slot, m))
			return slot;
	}
	return NULL;
}

static void add(struct rt_state *s, const struct statefmt_module *m)
{
	struct statefmt_module *slot = find(s, m);
	uint32_t i;

	if (slot) {
		atomic_store(&slot->gone, 0);
		return;
	}
	i = atomic_load(&s->head->module_count);
	do {
		if (!rt_state_need(s, RT_REGION_MODULES, (i + 1) * sizeof(*slot))) {
			rt_stats_add(RT_STAT_LOST_MODULES, 1);
			return;
		}
	} while (!atomic_compare_exchange_weak(&s->head->module_count, &i, i + 1));
	slot = slot_at(s, i);
	slot->start = m->start;
	slot->end = m->end;
	slot->offset = m->offset;
	memcpy(slot->build_id, m->build_id, sizeof(slot->build_id));
	memcpy(slot->path, m->path, sizeof(slot->path));
	atomic_store_explicit(&slot->ready, 1, memory_order_release);
}

static struct statefmt_module from_mapping(const struct rt_mapping *from)
{
	struct statefmt_module m = {
		.start = from->start, .end = from->end, .offset = from->offset
	};

	memcpy(m.build_id, from->build_id, sizeof(m.build_id));
	set_path(&m, from->path);
	return m;
}

static void add_mapped(struct rt_state *s, const struct rt_mappings *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct statefmt_module m = from_mapping(rt_mappings_at(list, i));

		add(s, &m);
	}
}

void rt_state_modules_init(struct rt_state *s)
{
	struct rt_mappings list;

	if (!getcwd(directory, sizeof(directory)))
		directory[0] = '\0';
	rt_mappings_init(&list);
	add_mapped(s, &list);
	rt_mappings_release(&list);
}

static bool covered(const struct rt_state *s, uintptr_t pc)
{
	uint32_t n = atomic_load(&s->head->module_count);

	for (uint32_t i = 0; i < n; i++) {
		const struct statefmt_module *m = slot_at(s, i);

		if (is_there(m) && pc >= m->start && pc < m->end)
			return true;
	}
	return false;
}

static bool code_segment(const struct rt_object *o, uintptr_t pc, struct statefmt_module *out)
{
	const ElfW(Phdr) *ph = o->headers;

	for (size_t i = 0; i < o->n_headers; i++) {
		uintptr_t start = o->bias + ph[i].p_vaddr;
		uintptr_t end = start + ph[i].p_filesz;

		if (ph[i].p_type != PT_LOAD || pc < start || pc >= end)
			continue;
		out->start = start & ~(PAGE - 1);
		out->end = (end + PAGE - 1) & ~(PAGE - 1);
		out->offset = ph[i].p_offset & ~(PAGE - 1);
		return true;
	}
	return false;
}

/* The build id is in the segment that begins with the file. */
static void set_build_id(const struct rt_object *o, struct statefmt_module *m)
{
	const ElfW(Phdr) *ph = o->headers;
	struct str image = { NULL, 0 };
	struct str id;

	for (size_t i = 0; i < o->n_headers && image.n == 0; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_offset == 0)
			image =
			    (struct str){ (const char *)(o->bias + ph[i].p_vaddr), ph[i].p_filesz };
	if (elfnote_build_id_mapped(image, &id))
		elfnote_hex(id, m->build_id, sizeof(m->build_id));
}

/* The loader's name may be relative to where the program was when it loaded the object. */
static void set_loader_path(struct statefmt_module *m, const char *name)
{
	char text[sizeof(directory) + sizeof(m->path)];
	struct fmt_buf b = fmt_buf_of(text, sizeof(text));

	if (name[0] != '/' && name[0] != '\0' && directory[0]) {
		fmt_c(&b, directory);
		fmt_char(&b, '/');
	}
	fmt_c(&b, name);
	set_path(m, b.failed ? str_c(name) : fmt_text(&b));
}

static bool note(struct rt_state *s, uintptr_t pc)
{
	struct statefmt_module m = { 0 };
	struct rt_object o;

	if (!rt_modules_object(pc, &o) || !code_segment(&o, pc, &m))
		return false;
	set_build_id(&o, &m);
	set_loader_path(&m, o.name);
	add(s, &m);
	return true;
}

void rt_state_modules_note(const uintptr_t *pcs, size_t depth)
{
	struct rt_state *s = &rt.state;

	for (size_t i = 0; i < depth; i++) {
		uintptr_t pc = pcs[i] - 1; /* in the call, not behind it */
		uintptr_t page = pc / PAGE;
		_Atomic uintptr_t *slot = &known[hash_u64(page) % KNOWN_SLOTS];

		if (page == 0 || atomic_load_explicit(slot, memory_order_relaxed) == page)
			continue;
		if (covered(s, pc) || note(s, pc))
			atomic_store_explicit(slot, page, memory_order_relaxed);
	}
}

/* By the loader's table alone: another thread may be unmapping what is looked for. */
static void mark_by_table(struct rt_state *s)
{
	uint32_t n = atomic_load(&s->head->module_count);

	for (uint32_t i = 0; i < n; i++) {
		struct statefmt_module *m = slot_at(s, i);

		if (is_there(m) && !rt_modules_has(m->start, m->end))
			atomic_store(&m->gone, 1);
	}
}

static bool in_list(const struct rt_mappings *list, const struct statefmt_module *m)
{
	size_t i = rt_mappings_find(list, m->start);
	struct statefmt_module now;

	if (i == list->n)
		return false;
	now = from_mapping(rt_mappings_at(list, i));
	return same(&now, m);
}

static void mark_by_list(struct rt_state *s)
{
	uint32_t n = atomic_load(&s->head->module_count);
	struct rt_mappings list;

	rt_mappings_init(&list);
	for (uint32_t i = 0; i < n && list.n > 0; i++) {
		struct statefmt_module *m = slot_at(s, i);

		if (is_there(m) && !in_list(&list, m))
			atomic_store(&m->gone, 1);
	}
	add_mapped(s, &list);
	rt_mappings_release(&list);
}

void rt_state_modules_unloaded(void)
{
	if (!rt_is_ready() || rt.state.backing == RT_BACKING_MEMORY)
		return;
	for (size_t i = 0; i < KNOWN_SLOTS; i++)
		atomic_store_explicit(&known[i], 0, memory_order_relaxed);
	if (rt_modules_have_table())
		mark_by_table(&rt.state);
	else
		mark_by_list(&rt.state);
}
