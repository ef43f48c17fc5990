/*
 * Loaded objects; see modules.h. rt_modules_find is called by capture.c inside malloc; the mapping
 * list by the encoders.
 *
 * The loader's table tells an object's whole address range. The unwinder is to read only what is
 * mapped and readable, so the segment that holds the unwind information is looked up in the
 * program headers, which lie at the start of the object's first mapping (set_headers).
 */
#include "runtime/modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/maps.h"
#include "runtime/module_snap.h"
#include "runtime/rt.h"
#include "runtime/saferead.h"

#define READABLE_SLOTS 128

/* glibc's struct dl_find_object as documented for x86-64; declared here for older headers. */
struct find_object {
	unsigned long long flags;
	void *map_start;
	void *map_end;
	struct link_map *link_map;
	void *eh_frame;
	unsigned long long reserved[7];
};

static struct {
	int (*find_object)(void *pc, struct find_object *out);
	const void *program_headers; /* the program's, by the kernel's word; NULL unknown */
	size_t n_program_headers;
	_Atomic uintptr_t readable[READABLE_SLOTS]; /* starts of objects found readable */
} modules;

/* The program header of type `type` whose range holds addr (any when addr is 0). */
static const ElfW(Phdr) *
    header_for(const ElfW(Phdr) * ph, size_t n, uintptr_t bias, uint32_t type, uintptr_t addr)
{
	for (size_t i = 0; i < n; i++)
		if (ph[i].p_type == type &&
		    (addr == 0 || addr - bias - ph[i].p_vaddr < ph[i].p_filesz))
			return &ph[i];
	return NULL;
}

/* Fills *out from an object's program headers; false when pc is not in one of its segments. */
static bool describe(
    const ElfW(Phdr) * ph, size_t n, uintptr_t bias, uintptr_t pc, struct unwind_module *out)
{
	const ElfW(Phdr) *code = header_for(ph, n, bias, PT_LOAD, pc);
	const ElfW(Phdr) *hdr = header_for(ph, n, bias, PT_GNU_EH_FRAME, 0);
	const ElfW(Phdr) * data;

	if (!code)
		return false;
	out->start = bias + code->p_vaddr;
	out->end = out->start + code->p_filesz;
	if (!hdr)
		return true;
	data = header_for(ph, n, bias, PT_LOAD, bias + hdr->p_vaddr);
	if (!data || !(data->p_flags & PF_R))
		return true;
	out->eh_frame_hdr = (const uint8_t *)(bias + hdr->p_vaddr);
	out->eh_frame_hdr_size = hdr->p_memsz;
	out->readable_start = (const uint8_t *)(bias + data->p_vaddr);
	out->readable_end = out->readable_start + data->p_filesz;
	return true;
}

/* Asked about once for each object: most walks must do without a system call. */
static bool is_readable(uintptr_t start)
{
	_Atomic uintptr_t *slot = &modules.readable[hash_u64(start) % READABLE_SLOTS];

	if (atomic_load_explicit(slot, memory_order_relaxed) == start)
		return true;
	if (!rt_saferead_probe(start))
		return false;
	atomic_store_explicit(slot, start, memory_order_relaxed);
	return true;
}

/* ELF header of the object mapped at start; NULL when there is none. */
static const ElfW(Ehdr) * header_at(uintptr_t start)
{
	const ElfW(Ehdr) *e = (const ElfW(Ehdr) *)start;

	if (!is_readable(start) || memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 ||
	    e->e_phentsize != sizeof(ElfW(Phdr)) || e->e_phnum > 64 ||
	    e->e_phoff + e->e_phnum * sizeof(ElfW(Phdr)) > 4096)
		return NULL;
	return e;
}

/*
 * The program headers lie in the first mapping, behind the ELF header. The loader's table has an
 * object with holes between its segments as one entry a segment, which then is not the first: a
 * library's is at its load address, the program's the kernel tells.
 */
static bool set_headers(struct rt_object *o)
{
	uintptr_t at = o->start;
	const ElfW(Ehdr) *e = header_at(at);

	if (!e && o->bias != 0 && o->bias != at) {
		at = o->bias;
		e = header_at(at);
	}
	o->headers = e ? (const void *)(at + e->e_phoff) : NULL;
	o->n_headers = e ? e->e_phnum : 0;
	if (!e && o->name[0] == '\0') {
		o->headers = modules.program_headers;
		o->n_headers = modules.n_program_headers;
	}
	return o->headers;
}

bool rt_modules_object(uintptr_t pc, struct rt_object *out)
{
	struct find_object found;

	if (!modules.find_object || modules.find_object((void *)pc, &found) != 0)
		return false;
	out->start = (uintptr_t)found.map_start;
	out->end = (uintptr_t)found.map_end;
	/* l_addr is 0 for an executable at a fixed place, its load address otherwise. */
	out->bias = found.link_map ? found.link_map->l_addr : out->start;
	out->name = found.link_map && found.link_map->l_name ? found.link_map->l_name : "";
	return set_headers(out);
}

bool rt_modules_has(uintptr_t start, uintptr_t end)
{
	struct find_object found;

	return modules.find_object && modules.find_object((void *)start, &found) == 0 &&
	       end <= (((uintptr_t)found.map_end + 4095) & ~(uintptr_t)4095);
}

bool rt_modules_have_table(void)
{
	return modules.find_object != NULL;
}

static bool find_by_loader(uintptr_t pc, struct unwind_module *out)
{
	struct rt_object o;

	return rt_modules_object(pc, &o) && describe(o.headers, o.n_headers, o.bias, pc, out);
}

bool rt_modules_find(uintptr_t pc, struct unwind_module *out)
{
	return modules.find_object ? find_by_loader(pc, out) : rt_module_snap_find(pc, out);
}

static int list_one(struct dl_phdr_info *info, size_t size, void *to)
{
	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		struct unwind_module m = { 0 };

		if (ph->p_type == PT_LOAD && (ph->p_flags & PF_X) &&
		    describe(info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr,
			info->dlpi_addr + ph->p_vaddr, &m))
			rt_module_snap_add(to, &m);
	}
	return 0;
}

static void list_all(void *to)
{
	dl_iterate_phdr(list_one, to);
}

void rt_modules_refresh(void)
{
	if (!modules.find_object)
		rt_module_snap_renew(list_all);
}

bool rt_modules_catch_up(void)
{
	return !modules.find_object && rt_module_snap_catch_up(list_all);
}

void rt_modules_init(void)
{
	void *f = dlsym(RTLD_DEFAULT, "_dl_find_object");

	if (getauxval(AT_PHENT) == sizeof(ElfW(Phdr))) {
		modules.program_headers = (const void *)getauxval(AT_PHDR);
		modules.n_program_headers = getauxval(AT_PHNUM);
	}
	memcpy(&modules.find_object, &f, sizeof(f));
	if (!f && rt_module_snap_init())
		rt_modules_refresh();
}

bool rt_modules_read_file(const char *path, struct rt_bytes *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	if (fd < 0)
		return false;
	do {
		uint8_t *room = rt_bytes_room(out, 16384);

		if (!room)
			break;
		got = read(fd, room, 16384);
		if (got > 0)
			out->n += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	close(fd);
	return got == 0;
}

/* The build id of the object whose file starts at `first`, the mapping of its offset 0. */
static void set_build_id(struct rt_mapping *m, const struct maps_line *first)
{
	struct str image = { (const char *)(uintptr_t)first->start,
		(size_t)(first->end - first->start) };
	struct str id;

	if (first->readable && rt_saferead_probe((uintptr_t)first->start) &&
	    elfnote_build_id_mapped(image, &id))
		elfnote_hex(id, m->build_id, sizeof(m->build_id));
}

static void add_mapping(
    struct rt_mappings *m, const struct maps_line *line, const struct maps_line *first)
{
	struct rt_mapping one = { .start = line->start,
		.end = line->end,
		.offset = line->offset,
		.path = maps_path(line, NULL) };

	if (str_eq(first->path, line->path) && first->offset == 0)
		set_build_id(&one, first);
	rt_bytes_add(&m->array, &one, sizeof(one));
	if (!m->array.failed)
		m->n++;
}

void rt_mappings_init(struct rt_mappings *m)
{
	struct maps_line line, first = { 0 };
	struct str rest, text;

	*m = (struct rt_mappings){ 0 };
	if (!rt_modules_read_file("/proc/self/maps", &m->text))
		return;
	rest = (struct str){ (const char *)m->text.p, m->text.n };
	while (str_split(&rest, '\n', &text)) {
		if (!maps_parse_line(text, &line))
			continue;
		if (line.offset == 0)
			first = line;
		if (line.executable && (line.path.n > 0 && !str_is(line.path, "[vsyscall]")))
			add_mapping(m, &line, &first);
	}
}

void rt_mappings_release(struct rt_mappings *m)
{
	rt_bytes_release(&m->text);
	rt_bytes_release(&m->array);
	m->n = 0;
}

size_t rt_mappings_find(const struct rt_mappings *m, uint64_t pc)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (pc >= rt_mappings_at(m, mid)->end)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->n && pc >= rt_mappings_at(m, lo)->start ? lo : m->n;
}
