/* Kernel, vdso and just-in-time code, see sym_special.h. Called by sym_local.c. */
#include "symbolize/sym_special.h"

#include <elf.h>
#include <sys/auxv.h>

#include "base/fs.h"
#include "core/elfnote.h"

#define MAX_NOTES ((size_t)1 << 16)

void sym_special_release(struct sym_special *s)
{
	object_close(s->object);
	sym_text_release(&s->text);
	s->object = NULL;
}

/* The running kernel's build id as hexadecimal; "" when it does not say. */
static struct str kernel_id(char *hex, size_t cap)
{
	struct buf notes = { 0 };
	struct str id;
	struct err ignored;
	size_t n = 0;

	if (fs_read(STR("/sys/kernel/notes"), MAX_NOTES, &notes, &ignored) == OK &&
	    elfnote_build_id(buf_str(&notes), 4, &id))
		n = elfnote_hex(id, hex, cap);
	buf_release(&notes);
	return (struct str){ hex, n };
}

static void open_kernel(struct sym_special *s, struct str build_id)
{
	char hex[2 * ELFNOTE_MAX_BUILD_ID + 1];
	struct err e;

	s->why = "";
	if (!build_id.n)
		s->why = "the profile does not say which kernel (no build id)";
	else if (!str_eq(build_id, kernel_id(hex, sizeof hex)))
		s->why = "it is not the kernel that runs here";
	else if (sym_text_read_kallsyms(&s->text, STR("/proc/kallsyms"), &e) != OK)
		s->why = "/proc/kallsyms cannot be read or shows no addresses to this user";
}

/* Length of an image in memory that ends with its section table, as the kernel's vdso does. */
static size_t image_length(const Elf64_Ehdr *h)
{
	const uint64_t end = h->e_shoff + (uint64_t)h->e_shnum * h->e_shentsize;

	return h->e_shoff && end < (1u << 20) ? (size_t)end : 0;
}

static void open_vdso(struct sym_special *s, struct str build_id)
{
	const union {
		uintptr_t address;
		const Elf64_Ehdr *image;
	} at = { getauxval(AT_SYSINFO_EHDR) };
	struct err e;
	size_t n;

	s->why = "";
	if (!build_id.n) {
		s->why = "the profile does not say which kernel's (no build id)";
		return;
	}
	n = at.image ? image_length(at.image) : 0;
	if (!n || object_open_memory(&s->object, at.image, n, STR("[vdso]"), &e) != OK) {
		s->why = "this machine has none that can be read";
		s->object = NULL;
		return;
	}
	if (str_eq(build_id, object_build_id(s->object)))
		return;
	s->why = "it is not that of the kernel that runs here";
	object_close(s->object);
	s->object = NULL;
}

enum err_code sym_special_open(
    struct sym_special *s, struct str file, struct str build_id, struct err *e)
{
	const struct str base = fs_base(file);
	struct err why;

	s->why = "no file holds its code";
	if (str_starts(file, STR("[kernel")) || str_starts(file, STR("[guest.kernel"))) {
		open_kernel(s, build_id);
	} else if (str_starts(base, STR("[vdso]")) || str_starts(base, STR("linux-vdso"))) {
		open_vdso(s, build_id);
	} else if (sym_text_is_perf_map(file)) {
		s->why = "";
		/* /tmp is everybody's. */
		if (fs_exists(file) && !fs_is_trusted(file))
			s->why = "the compiler's map belongs to another user";
		else if (sym_text_read_perf_map(&s->text, file, &why) != OK)
			s->why = "the compiler's map cannot be read";
	}
	return s->text.v.failed || buf_failed(&s->text.bytes) ? FAIL_NOMEM(e) : OK;
}
