/*
 * Opening an ELF file and the facts that need no symbols. Called by everything in object/, by
 * fetch/ (build ids) and symbolize/. What is hard: the file is not trusted. libelf reads the
 * tables; every range that is used directly is held against the file's size here.
 */
#include "object/object.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "core/elfnote.h"
#include "core/hash.h"
#include "object/dwarf_section.h"
#include "object/object_impl.h"

/* More program headers than this are a damaged file. */
#define MAX_SEGMENTS 4096

/* Longest note segment that is looked at for a build id. */
#define MAX_NOTES (1u << 20)

bool object_read_file(const struct object *o, uint64_t offset, char *to, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = pread(o->fd, to + have, n - have, (off_t)(offset + have));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		have += (size_t)got;
	}
	return true;
}

/*
 * n bytes of the file at an offset; they live as long as o. Files are read, not mapped: one that is
 * cut short while it is looked at (a program being reinstalled) would otherwise end us by SIGBUS.
 */
bool object_file_bytes(struct object *o, uint64_t offset, uint64_t n, struct str *bytes)
{
	char *copy;

	if (offset > o->image_n || n > o->image_n - offset)
		return false;
	if (o->image) {
		*bytes = (struct str){ o->image + offset, n };
		return true;
	}
	copy = arena_alloc_raw(&o->arena, n + 1, 1);
	*bytes = (struct str){ copy, n };
	return copy && object_read_file(o, offset, copy, n);
}

static MUST_USE enum err_code read_segments(struct object *o, struct err *e)
{
	size_t n = 0;

	if (elf_getphdrnum(o->elf, &n) || n > MAX_SEGMENTS)
		return FAIL(e, ERR_FORMAT, "error parsing %.*s: bad program header table",
		    STR_ARG(o->path));
	o->segments = ARENA_ARRAY(&o->arena, struct object_segment, n);
	if (!o->segments)
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr p;

		if (!gelf_getphdr(o->elf, (int)i, &p))
			break;
		o->segments[o->n_segments++] = (struct object_segment){ p.p_type, p.p_flags,
			p.p_offset, p.p_vaddr, p.p_filesz, p.p_memsz, p.p_align };
	}
	return OK;
}

static bool take_build_id(struct object *o, uint64_t offset, uint64_t n, uint64_t align)
{
	char hex[2 * ELFNOTE_MAX_BUILD_ID + 1];
	struct str notes;
	struct str id;

	if (n > MAX_NOTES || !object_file_bytes(o, offset, n, &notes) ||
	    !elfnote_build_id(notes, align, &id))
		return false;
	o->build_id = arena_str(&o->arena, (struct str){ hex, elfnote_hex(id, hex, sizeof hex) });
	return o->build_id.n > 0;
}

/* Segments first: a stripped section table leaves them. A debug file has notes in both. */
static void read_build_id(struct object *o)
{
	Elf_Scn *section = NULL;

	o->build_id = STR("");
	for (size_t i = 0; i < o->n_segments; i++) {
		const struct object_segment *s = &o->segments[i];

		if (s->type == PT_NOTE && take_build_id(o, s->offset, s->file_size, s->align))
			return;
	}
	while ((section = elf_nextscn(o->elf, section))) {
		GElf_Shdr h;

		if (gelf_getshdr(section, &h) && h.sh_type == SHT_NOTE &&
		    take_build_id(o, h.sh_offset, h.sh_size, h.sh_addralign))
			return;
	}
}

static MUST_USE enum err_code read_headers(struct object *o, struct err *e)
{
	if (!o->elf || elf_kind(o->elf) != ELF_K_ELF || !gelf_getehdr(o->elf, &o->header))
		return FAIL(e, ERR_FORMAT, "error reading ELF file %.*s: %s", STR_ARG(o->path),
		    elf_errmsg(-1));
	TRY(read_segments(o, e));
	read_build_id(o);
	return arena_failed(&o->arena) ? FAIL_NOMEM(e) : OK;
}

static MUST_USE enum err_code check_magic(int fd, struct str path, struct err *e)
{
	char magic[SELFMAG];
	ssize_t n = pread(fd, magic, sizeof magic, 0);

	if (n < 0)
		return FAIL_SYS(e, errno, "error reading magic number from %.*s: read %.*s",
		    STR_ARG(path), STR_ARG(path));
	if (n < SELFMAG)
		return FAIL(e, ERR_FORMAT, "error reading magic number from %.*s: %s",
		    STR_ARG(path), n ? "unexpected EOF" : "EOF");
	if (memcmp(magic, ELFMAG, SELFMAG) != 0)
		return FAIL(e, ERR_FORMAT, "unrecognized binary format: %.*s", STR_ARG(path));
	return OK;
}

static MUST_USE enum err_code open_fd(struct object *o, struct str path, struct err *e)
{
	char name[PATH_MAX];
	struct stat st;

	if (!fs_path(name, path))
		return FAIL_SYS(e, ENAMETOOLONG, "stat %.*s", STR_ARG(path));
	if (stat(name, &st))
		return FAIL_SYS(e, errno, "stat %.*s", STR_ARG(path));
	/* A device or a pipe in a profile's mapping table must not be read, or waited for. */
	if (!S_ISREG(st.st_mode))
		return FAIL(e, ERR_FORMAT, "unrecognized binary format: %.*s", STR_ARG(path));
	/* Between the two calls it may have become something that would wait for a writer. */
	o->fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (o->fd < 0 || fstat(o->fd, &st))
		return FAIL_SYS(
		    e, errno, "error opening %.*s: open %.*s", STR_ARG(path), STR_ARG(path));
	o->image_n = st.st_size > 0 ? (size_t)st.st_size : 0;
	o->identity = hash_mix(hash_mix((uint64_t)st.st_size, (uint64_t)st.st_ino),
	    hash_mix((uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec));
	o->changed = st.st_mtim.tv_sec;
	return OK;
}

static struct object *new_object(struct str path)
{
	struct arena a = { 0 };
	struct object *o = ARENA_NEW(&a, struct object);

	if (!o)
		return NULL;
	elf_version(EV_CURRENT);
	o->path = arena_str(&a, path);
	o->fd = -1;
	o->arena = a;
	return o;
}

enum err_code object_open(struct object **out, struct str path, struct err *e)
{
	struct object *o = new_object(path);
	enum err_code rc;

	if (!o)
		return FAIL_NOMEM(e);
	rc = open_fd(o, path, e);
	if (rc == OK)
		rc = check_magic(o->fd, path, e);
	if (rc == OK) {
		o->elf = elf_begin(o->fd, ELF_C_READ, NULL);
		rc = read_headers(o, e);
	}
	if (rc != OK) {
		object_close(o);
		return rc;
	}
	*out = o;
	return OK;
}

enum err_code object_open_memory(
    struct object **out, const void *data, size_t n, struct str name, struct err *e)
{
	union {
		const void *in;
		char *out;
	} image = { data };
	struct object *o = new_object(name);
	enum err_code rc;

	if (!o)
		return FAIL_NOMEM(e);
	/* libelf takes a char * for its writing modes; this mode only reads. */
	o->image = data;
	o->image_n = n;
	o->elf = elf_memory(image.out, n);
	rc = read_headers(o, e);
	if (rc != OK) {
		object_close(o);
		return rc;
	}
	*out = o;
	return OK;
}

void object_close(struct object *o)
{
	struct arena a;

	if (!o)
		return;
	object_dwarf_release(o);
	object_close(o->debug);
	object_close(o->mini);
	object_close(o->package);
	find_log_release(&o->debug_log);
	if (o->plain)
		elf_end(o->plain);
	buf_release(&o->plain_image);
	if (o->copy)
		elf_end(o->copy);
	arena_release(&o->copy_arena);
	if (o->elf)
		elf_end(o->elf);
	if (o->fd >= 0)
		close(o->fd);
	a = o->arena;
	arena_release(&a);
}

struct str object_path(const struct object *o)
{
	return o->path;
}

struct str object_build_id(const struct object *o)
{
	return o->build_id;
}

int64_t object_changed(const struct object *o)
{
	return o->changed;
}

unsigned object_machine(const struct object *o)
{
	return o->header.e_machine;
}

bool object_is_relocatable(const struct object *o)
{
	return o->header.e_type == ET_REL;
}

bool object_is_fixed(const struct object *o)
{
	return o->header.e_type == ET_EXEC;
}

bool object_is_dynamic(const struct object *o)
{
	return o->header.e_type == ET_DYN;
}

bool object_has_interpreter(const struct object *o)
{
	for (size_t i = 0; i < o->n_segments; i++)
		if (o->segments[i].type == PT_INTERP)
			return true;
	return false;
}

static Elf_Scn *find_section(Elf *elf, const char *name)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *found;
		GElf_Shdr h;

		if (!gelf_getshdr(section, &h))
			continue;
		found = elf_strptr(elf, names, h.sh_name);
		if (found && strcmp(found, name) == 0)
			return section;
	}
	return NULL;
}

struct str dwarf_section(Elf *elf, const char *name)
{
	Elf_Scn *section = find_section(elf, name);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;

	if (!data || !data->d_buf || !data->d_size)
		return STR("");
	return (struct str){ data->d_buf, data->d_size };
}

bool object_section(struct object *o, const char *name, struct str *bytes)
{
	*bytes = dwarf_section(o->elf, name);
	return bytes->n > 0;
}

bool object_needs(struct object *o, struct str start)
{
	struct str entries, names;
	Elf64_Dyn d;

	if (!object_section(o, ".dynamic", &entries) || !object_section(o, ".dynstr", &names))
		return false;
	for (; entries.n >= sizeof(d); entries = str_skip(entries, sizeof(d))) {
		memcpy(&d, entries.p, sizeof(d));
		if (d.d_tag == DT_NEEDED && d.d_un.d_val < names.n &&
		    str_starts(str_skip(names, (size_t)d.d_un.d_val), start))
			return true;
	}
	return false;
}

bool object_has_section(struct object *o, const char *name)
{
	Elf_Scn *section = find_section(o->elf, name);
	GElf_Shdr h;

	return section && gelf_getshdr(section, &h) && h.sh_type != SHT_NOBITS && h.sh_size;
}

bool object_read(struct object *o, uint64_t start, uint64_t end, struct str *bytes)
{
	for (size_t i = 0; i < o->n_segments; i++) {
		const struct object_segment *s = &o->segments[i];
		uint64_t skip = start - s->address;
		uint64_t n;

		if (s->type != PT_LOAD || start < s->address || skip >= s->file_size)
			continue;
		n = s->file_size - skip;
		if (end > start && n > end - start)
			n = end - start;
		return end > start && s->offset <= UINT64_MAX - skip &&
		       object_file_bytes(o, s->offset + skip, n, bytes);
	}
	return false;
}
