/* The layout of state files; see statefmt.h. */
#include "core/statefmt.h"

#include <string.h>

#include "core/ckd.h"

/* More than any writer makes; what is allocated for a file follows from these. */
#define MAX_RECORDS ((uint32_t)1 << 17)
#define MAX_MODULES ((uint32_t)1 << 14)
/* A record is read again when it was updated meanwhile, which takes longer than reading it. */
#define READ_TRIES  ((uint32_t)1 << 16)

bool statefmt_is(const void *bytes, size_t n)
{
	return n >= 8 && memcmp(bytes, STATEFMT_MAGIC, 8) == 0;
}

static bool sizes_match(const struct statefmt_head *h)
{
	return h->head_bytes == sizeof(struct statefmt_head) && h->n_regions == STATEFMT_REGIONS &&
	       h->record_bytes == sizeof(struct statefmt_record) &&
	       h->cell_bytes == sizeof(struct statefmt_cell) &&
	       h->module_bytes == sizeof(struct statefmt_module) &&
	       h->live_bytes == sizeof(struct statefmt_live) &&
	       h->objects_shift == STATEFMT_OBJECTS_SHIFT;
}

/* Regions lie one after the other, aligned, inside what the head says is the whole. */
static bool regions_fit(const struct statefmt_head *h)
{
	uint64_t at = 0;

	for (unsigned i = 0; i < STATEFMT_REGIONS; i++) {
		const struct statefmt_span *r = &h->regions[i];

		if (r->offset % 8 != 0 || r->offset < at || r->offset > h->bytes ||
		    r->bytes > h->bytes - r->offset)
			return false;
		at = r->offset + r->bytes;
	}
	return h->regions[STATEFMT_HEAD].offset == 0 &&
	       h->regions[STATEFMT_HEAD].bytes >= sizeof(struct statefmt_head);
}

/* The region's bytes that the file really has. */
static uint64_t present(const struct statefmt *f, enum statefmt_region region)
{
	const struct statefmt_span *r = &f->head.regions[region];
	uint64_t left = r->offset < f->n ? f->n - r->offset : 0;

	return r->bytes < left ? r->bytes : left;
}

static bool is_text(const char *field, size_t size)
{
	return memchr(field, 0, size) != NULL;
}

/* How much of each table is in use, against what is there. */
static enum statefmt_status measure(struct statefmt *f)
{
	const struct statefmt_head *h = &f->head;
	uint64_t cells = present(f, STATEFMT_CELLS) / sizeof(struct statefmt_cell);

	f->n_records = h->record_count;
	f->n_modules = h->module_count;
	f->n_cells = cells < UINT32_MAX ? (uint32_t)cells : UINT32_MAX;
	if (f->n_records > MAX_RECORDS || f->n_modules > MAX_MODULES ||
	    f->n_records > h->regions[STATEFMT_RECORDS].bytes / sizeof(struct statefmt_record) ||
	    f->n_modules > h->regions[STATEFMT_MODULES].bytes / sizeof(struct statefmt_module) ||
	    h->stack_used > h->regions[STATEFMT_STACKS].bytes)
		return STATEFMT_DAMAGED;
	if (f->n_records > present(f, STATEFMT_RECORDS) / sizeof(struct statefmt_record) ||
	    f->n_modules > present(f, STATEFMT_MODULES) / sizeof(struct statefmt_module) ||
	    f->n_records > cells || h->stack_used > present(f, STATEFMT_STACKS))
		return STATEFMT_CUT_OFF;
	return STATEFMT_OK;
}

enum statefmt_status statefmt_open(const void *bytes, size_t n, struct statefmt *f)
{
	struct statefmt_head *h = &f->head;

	*f = (struct statefmt){ .bytes = bytes, .n = n };
	if (!statefmt_is(bytes, n))
		return STATEFMT_FOREIGN;
	if (n < sizeof(*h))
		return STATEFMT_CUT_OFF;
	memcpy(h, bytes, sizeof(*h));
	if (h->byte_order == __builtin_bswap32(STATEFMT_BYTE_ORDER))
		return STATEFMT_BYTE_ORDER_DIFFERS;
	if (h->byte_order != STATEFMT_BYTE_ORDER)
		return STATEFMT_DAMAGED;
	if (h->version != STATEFMT_VERSION)
		return STATEFMT_OTHER_VERSION;
	if (!sizes_match(h) || !regions_fit(h) || !is_text(h->program, sizeof(h->program)) ||
	    !is_text(h->boot_id, sizeof(h->boot_id)))
		return STATEFMT_DAMAGED;
	return measure(f);
}

const char *statefmt_status_text(enum statefmt_status status)
{
	static const char *const texts[] = {
		[STATEFMT_OK] = "the state file is good",
		[STATEFMT_FOREIGN] = "not a state file",
		[STATEFMT_CUT_OFF] = "the state file is cut off",
		[STATEFMT_BYTE_ORDER_DIFFERS] =
		    "the state file is of a machine with the other byte order",
		[STATEFMT_OTHER_VERSION] =
		    "the state file is of another version of libpprof than this pprof",
		[STATEFMT_DAMAGED] = "the state file is damaged",
	};

	return texts[status];
}

/* Acquire loads: what a cell's next writer stored cannot be seen without its taking the cell. */
void statefmt_copy_cell(const struct statefmt_cell *c, struct statefmt_values *out)
{
	out->alloc.samples = atomic_load_explicit(&c->alloc_samples, memory_order_acquire);
	out->alloc.objects = atomic_load_explicit(&c->alloc_objects, memory_order_acquire);
	out->alloc.bytes = atomic_load_explicit(&c->alloc_bytes, memory_order_acquire);
	out->freed.samples = atomic_load_explicit(&c->free_samples, memory_order_acquire);
	out->freed.objects = atomic_load_explicit(&c->free_objects, memory_order_acquire);
	out->freed.bytes = atomic_load_explicit(&c->free_bytes, memory_order_acquire);
}

bool statefmt_read_values(const struct statefmt_record *r, const struct statefmt_cell *cells,
    uint32_t n_cells, uint32_t number, struct statefmt_values *out)
{
	for (uint32_t tries = 0; tries < READ_TRIES; tries++) {
		uint64_t current = atomic_load_explicit(&r->current, memory_order_acquire);
		uint32_t cell = (uint32_t)current;
		uint32_t owner;

		if (cell >= n_cells)
			return false;
		statefmt_copy_cell(&cells[cell], out);
		owner = atomic_load_explicit(&cells[cell].owner, memory_order_acquire);
		if (atomic_load_explicit(&r->current, memory_order_acquire) == current)
			return owner == number;
	}
	return false;
}

static const void *region_at(const struct statefmt *f, enum statefmt_region region)
{
	return f->bytes + f->head.regions[region].offset;
}

static bool in_order(const struct statefmt_values *v)
{
	return v->freed.samples <= v->alloc.samples && v->freed.objects <= v->alloc.objects &&
	       v->freed.bytes <= v->alloc.bytes && v->alloc.objects <= INT64_MAX &&
	       v->alloc.bytes <= INT64_MAX;
}

enum statefmt_found statefmt_record(const struct statefmt *f, uint32_t i, struct statefmt_row *out)
{
	const struct statefmt_record *r =
	    (const struct statefmt_record *)region_at(f, STATEFMT_RECORDS) + i;

	out->stack = atomic_load_explicit(&r->stack, memory_order_acquire);
	if (out->stack == 0)
		return STATEFMT_NONE;
	out->first_size = statefmt_unpack_size(r->size);
	if (!statefmt_read_values(r, region_at(f, STATEFMT_CELLS), f->n_cells, i, &out->v) ||
	    !in_order(&out->v))
		return STATEFMT_BAD;
	return STATEFMT_FOUND;
}

/* Stacks go on being added: asked again after the record that names one was read. */
static uint64_t stacks_end(const struct statefmt *f)
{
	const struct statefmt_head *h = (const struct statefmt_head *)(const void *)f->bytes;
	uint64_t used = atomic_load_explicit(&h->stack_used, memory_order_acquire);
	uint64_t there = present(f, STATEFMT_STACKS);

	return used < there ? used : there;
}

size_t statefmt_stack(const struct statefmt *f, uint32_t id, uint64_t pcs[STATEFMT_MAX_DEPTH])
{
	const uint8_t *base = region_at(f, STATEFMT_STACKS);
	uint64_t end = stacks_end(f);
	uint64_t at = (uint64_t)id * 8;
	const struct statefmt_stack *s = (const struct statefmt_stack *)(const void *)(base + at);
	uint32_t depth;

	if (at == 0 || at + sizeof(*s) > end)
		return 0;
	depth = __atomic_load_n(&s->depth, __ATOMIC_RELAXED);
	if (depth > STATEFMT_MAX_DEPTH || depth * sizeof(*pcs) > end - at - sizeof(*s))
		return 0;
	memcpy(pcs, s->pc, depth * sizeof(*pcs));
	return depth;
}

/* The record's set of labels copied to *head and text; false when there is none. */
static bool copy_labels(const struct statefmt *f, uint32_t i, struct statefmt_labels *head,
    char text[STATEFMT_LABEL_BYTES])
{
	const _Atomic uint32_t *sets = region_at(f, STATEFMT_RECORD_LABELS);
	const struct statefmt_head *now = (const struct statefmt_head *)(const void *)f->bytes;
	uint64_t there = present(f, STATEFMT_LABELS);
	uint64_t used = atomic_load_explicit(&now->labels_used, memory_order_acquire);
	uint64_t at;

	if (there > used)
		there = used;
	if (i >= atomic_load_explicit(&now->labelled_records, memory_order_acquire) ||
	    i >= present(f, STATEFMT_RECORD_LABELS) / sizeof(*sets))
		return false;
	at = (uint64_t)atomic_load_explicit(&sets[i], memory_order_relaxed) * 8;
	if (at == 0 || at + sizeof(*head) > there)
		return false;
	memcpy(head, (const uint8_t *)region_at(f, STATEFMT_LABELS) + at, sizeof(*head));
	at += sizeof(*head);
	if (head->mark != STATEFMT_LABELS_MARK || head->n > STATEFMT_LABEL_PAIRS ||
	    head->bytes == 0 || head->bytes > STATEFMT_LABEL_BYTES || head->bytes > there - at)
		return false;
	memcpy(text, (const uint8_t *)region_at(f, STATEFMT_LABELS) + at, head->bytes);
	return text[head->bytes - 1] == '\0';
}

void statefmt_record_labels(const struct statefmt *f, uint32_t i, struct statefmt_pairs *out)
{
	struct statefmt_labels head;
	const char *p = out->text;

	out->n = 0;
	if (!copy_labels(f, i, &head, out->text))
		return;
	for (uint32_t k = 0; k < head.n; k++) {
		struct str text[2];

		for (unsigned half = 0; half < 2; half++) {
			if (p >= out->text + head.bytes) {
				out->n = 0;
				return;
			}
			text[half] = str_c(p);
			p += text[half].n + 1;
		}
		out->pair[k].key = text[0];
		out->pair[k].value = text[1];
		out->n++;
	}
}

size_t statefmt_live_slots(const struct statefmt *f)
{
	uint32_t levels = f->head.live_levels;
	uint64_t there = present(f, STATEFMT_LIVE) / sizeof(struct statefmt_live);
	uint64_t used;

	if (levels > STATEFMT_LIVE_LEVELS)
		levels = STATEFMT_LIVE_LEVELS;
	used = (uint64_t)STATEFMT_LIVE_FIRST * ((((uint64_t)1 << (2 * levels)) - 1) / 3);
	return used < there ? used : there;
}

static void copy_block(const struct statefmt_live *e, struct statefmt_block *out)
{
	const volatile struct statefmt_live *v = e;

	*out = (struct statefmt_block){ v->objects, v->bytes, v->record, v->born };
}

/*
 * An entry changes between two blocks only while its ptr says so. The same address may come back
 * while we read: then one of the two copies, or the ptr, differs.
 */
bool statefmt_read_block(
    const struct statefmt_live *e, uint64_t *address, struct statefmt_block *out)
{
	uint64_t p = atomic_load_explicit(&e->ptr, memory_order_acquire);
	struct statefmt_block again;

	if (p <= STATEFMT_LIVE_CHANGING)
		return false;
	*address = p;
	copy_block(e, out);
	atomic_thread_fence(memory_order_acquire);
	copy_block(e, &again);
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&e->ptr, memory_order_relaxed) == p &&
	       out->objects == again.objects && out->bytes == again.bytes &&
	       out->record == again.record && out->born == again.born;
}

bool statefmt_live(const struct statefmt *f, size_t slot, struct statefmt_block *out)
{
	const struct statefmt_live *e = region_at(f, STATEFMT_LIVE);
	uint64_t address;

	return statefmt_read_block(e + slot, &address, out) && out->record < f->n_records;
}

enum statefmt_found statefmt_module(
    const struct statefmt *f, uint32_t i, struct statefmt_module *out)
{
	const struct statefmt_module *m =
	    (const struct statefmt_module *)region_at(f, STATEFMT_MODULES) + i;

	if (atomic_load_explicit(&m->ready, memory_order_acquire) == 0)
		return STATEFMT_NONE;
	memcpy(out, m, sizeof(*out));
	if (out->start >= out->end || !is_text(out->path, sizeof(out->path)) ||
	    !is_text(out->build_id, sizeof(out->build_id)))
		return STATEFMT_BAD;
	return STATEFMT_FOUND;
}

int64_t statefmt_objects(uint64_t fixed)
{
	return (int64_t)((fixed + (1u << (STATEFMT_OBJECTS_SHIFT - 1))) >> STATEFMT_OBJECTS_SHIFT);
}

/* From 2 GiB on in MiB, which leaves a size's class what it was. */
#define HUGE_BIT   (1u << 31)
#define HUGE_SHIFT 20

uint32_t statefmt_pack_size(uint64_t size)
{
	return size < HUGE_BIT ? (uint32_t)size : HUGE_BIT | (uint32_t)(size >> HUGE_SHIFT);
}

uint64_t statefmt_unpack_size(uint32_t packed)
{
	return packed < HUGE_BIT ? packed : (uint64_t)(packed & ~HUGE_BIT) << HUGE_SHIFT;
}

struct str statefmt_pseudo_name(uint64_t pc)
{
	static const char *const names[STATEFMT_PC_END] = {
		[STATEFMT_PC_STACKS_FULL] = "[stack table full]",
		[STATEFMT_PC_RECORDS_FULL] = "[record table full]",
		[STATEFMT_PC_TRUNCATED] = "[truncated]",
		[STATEFMT_PC_UNREADABLE] = "[unreadable]",
		[STATEFMT_PC_NO_SCRATCH] = "[stack not taken]",
		[STATEFMT_PC_FD_PPROF] = "[fd: of the profiler]",
		[STATEFMT_PC_FD_FILE] = "[fd: file]",
		[STATEFMT_PC_FD_DIRECTORY] = "[fd: directory]",
		[STATEFMT_PC_FD_SOCKET] = "[fd: socket]",
		[STATEFMT_PC_FD_PIPE] = "[fd: pipe]",
		[STATEFMT_PC_FD_DEVICE] = "[fd: device]",
		[STATEFMT_PC_FD_EVENTFD] = "[fd: eventfd]",
		[STATEFMT_PC_FD_EPOLL] = "[fd: epoll]",
		[STATEFMT_PC_FD_TIMERFD] = "[fd: timerfd]",
		[STATEFMT_PC_FD_SIGNALFD] = "[fd: signalfd]",
		[STATEFMT_PC_FD_INOTIFY] = "[fd: inotify]",
		[STATEFMT_PC_FD_OTHER] = "[fd: other]",
		[STATEFMT_PC_NOT_SAMPLED] = "[not sampled]",
		[STATEFMT_PC_UNSEEN_THREADS] = "[threads not seen]",
		[STATEFMT_PC_NO_ANSWER] = "[no answer]",
		[STATEFMT_PC_NO_CREATOR] = "[creation not seen]",
	};

	if (pc >= STATEFMT_PC_END || !names[pc])
		return (struct str){ "", 0 };
	return str_c(names[pc]);
}

static bool same_boot(const struct statefmt_head *a, const struct statefmt_head *b)
{
	return memcmp(a->boot_id, b->boot_id, sizeof(a->boot_id)) == 0;
}

bool statefmt_same_namespace(const struct statefmt_head *a, const struct statefmt_head *b)
{
	return same_boot(a, b) && a->pid_namespace == b->pid_namespace;
}

bool statefmt_same_process(const struct statefmt_head *a, const struct statefmt_head *b)
{
	return a->pid == b->pid && a->start_ticks == b->start_ticks &&
	       statefmt_same_namespace(a, b);
}

bool statefmt_may_run(const struct statefmt_head *h, const struct statefmt_head *self)
{
	return same_boot(h, self);
}

int64_t statefmt_last_ns(const struct statefmt_head *h)
{
	return (int64_t)((uint64_t)h->start_ns + (uint64_t)h->last_s * 1000000000u);
}

/* The second field, the program's name in parentheses, may hold anything. */
bool statefmt_start_ticks(struct str stat, uint64_t *ticks)
{
	size_t end = str_rfind_char(stat, ')');
	struct str rest, field;

	if (end == STR_NPOS)
		return false;
	rest = str_skip(stat, end + 2);
	for (unsigned i = 3; str_split(&rest, ' ', &field); i++)
		if (i == 22)
			return str_to_u64(field, 10, ticks);
	return false;
}

bool statefmt_file_name(struct str name, uint32_t *pid)
{
	struct str first, second;
	uint64_t n, start;

	if (!str_ends(name, STR(STATEFMT_SUFFIX)))
		return false;
	name = str_head(name, name.n - strlen(STATEFMT_SUFFIX));
	if (!str_split(&name, '.', &first) || !str_to_u64(first, 10, &n) || !ckd_u32(n, pid))
		return false;
	if (!name.p)
		return true;
	return str_split(&name, '.', &second) && !name.p && str_to_u64(second, 10, &start);
}
