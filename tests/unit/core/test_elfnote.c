/* Build ids: from hand-made notes and images, and from this program as the kernel mapped it. */
#include <elf.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/elfnote.h"

/* Appends a note; names and descriptions are padded to `align`. */
static size_t put_note(char *out, uint32_t type, const char *name, uint32_t name_size,
    const char *desc, uint32_t desc_size, size_t align)
{
	Elf64_Nhdr head = { .n_namesz = name_size, .n_descsz = desc_size, .n_type = type };
	size_t n = sizeof(head);

	memcpy(out, &head, n);
	memcpy(out + n, name, name_size);
	for (n += name_size; n % align; n++)
		out[n] = 0;
	memcpy(out + n, desc, desc_size);
	for (n += desc_size; n % align; n++)
		out[n] = 0;
	return n;
}

static void test_after_other_notes(void **state)
{
	for (size_t align = 4; align <= 8; align += 4) {
		char notes[256];
		struct str id;
		size_t n = put_note(notes, NT_GNU_ABI_TAG, "GNU", 4, "0123456789abcdef", 16, align);

		n += put_note(notes + n, NT_GNU_BUILD_ID, "stapsdt", 8, "xyz", 3, align);
		n += put_note(notes + n, NT_GNU_BUILD_ID, "GNU", 4, "\x01\xfe\x02", 3, align);
		assert_true(elfnote_build_id((struct str){ notes, n }, align, &id));
		assert_true(str_eq(id, STR("\x01\xfe\x02")));
	}
	(void)state;
}

static void test_every_cut(void **state)
{
	char notes[64];
	size_t n = put_note(notes, NT_GNU_BUILD_ID, "GNU", 4, "abcdefgh", 8, 4);
	struct str id;

	(void)state;
	for (size_t cut = 0; cut < n; cut++) {
		char exact[64];

		memcpy(exact + sizeof(exact) - cut, notes, cut);
		assert_false(
		    elfnote_build_id((struct str){ exact + sizeof(exact) - cut, cut }, 4, &id));
	}
	assert_true(elfnote_build_id((struct str){ notes, n }, 4, &id));
}

static void test_lengths(void **state)
{
	char notes[256];
	char zeros[ELFNOTE_MAX_BUILD_ID + 1] = { 0 };
	Elf64_Nhdr huge = {
		.n_namesz = UINT32_MAX, .n_descsz = UINT32_MAX, .n_type = NT_GNU_BUILD_ID
	};
	struct str id;
	size_t n;

	(void)state;
	assert_false(elfnote_build_id((struct str){ (const char *)&huge, sizeof(huge) }, 4, &id));
	n = put_note(notes, NT_GNU_BUILD_ID, "GNU", 4, zeros, 0, 4);
	assert_false(elfnote_build_id((struct str){ notes, n }, 4, &id));
	n = put_note(notes, NT_GNU_BUILD_ID, "GNU", 4, zeros, sizeof(zeros), 4);
	assert_false(elfnote_build_id((struct str){ notes, n }, 4, &id));
	n = put_note(notes, NT_GNU_BUILD_ID, "GNU", 4, zeros, sizeof(zeros) - 1, 4);
	assert_true(elfnote_build_id((struct str){ notes, n }, 4, &id));
	assert_int_equal(id.n, ELFNOTE_MAX_BUILD_ID);
}

struct image {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[2];
	char notes[32];
};

static struct image make_image(void)
{
	struct image image = { .ehdr = { .e_phoff = offsetof(struct image, phdr),
				   .e_phentsize = sizeof(Elf64_Phdr),
				   .e_phnum = 2 },
		.phdr = { { .p_type = PT_LOAD, .p_vaddr = 0x400000 },
		    { .p_type = PT_NOTE,
			.p_vaddr = 0x400000 + offsetof(struct image, notes),
			.p_align = 4 } } };

	memcpy(image.ehdr.e_ident, ELFMAG, SELFMAG);
	image.ehdr.e_ident[EI_CLASS] = ELFCLASS64;
	image.ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	image.phdr[1].p_filesz = put_note(image.notes, NT_GNU_BUILD_ID, "GNU", 4, "id", 2, 4);
	return image;
}

static bool find(const struct image *image, struct str *id)
{
	return elfnote_build_id_mapped((struct str){ (const char *)image, sizeof(*image) }, id);
}

static void test_image_at_its_own_address(void **state)
{
	struct image image = make_image();
	struct str id;

	(void)state;
	assert_true(find(&image, &id));
	assert_true(str_is(id, "id"));
}

static void test_images_that_lie(void **state)
{
	struct image good = make_image();
	struct image image;
	struct str id;

	(void)state;
	image = good, image.ehdr.e_ident[0] = 0;
	assert_false(find(&image, &id));
	image = good, image.ehdr.e_ident[EI_CLASS] = ELFCLASS32;
	assert_false(find(&image, &id));
	image = good, image.ehdr.e_phoff = UINT64_MAX - 8;
	assert_false(find(&image, &id));
	image = good, image.ehdr.e_phnum = UINT16_MAX;
	assert_false(find(&image, &id));
	image = good, image.phdr[1].p_vaddr = 0;
	assert_false(find(&image, &id));
	image = good, image.phdr[1].p_filesz = UINT64_MAX;
	assert_false(find(&image, &id));
	assert_false(elfnote_build_id_mapped((struct str){ (const char *)&good, 40 }, &id));
}

static void test_hex(void **state)
{
	char out[7] = "######";

	(void)state;
	assert_int_equal(elfnote_hex(STR("\x00\xab\x1f"), out, sizeof(out)), 6);
	assert_string_equal(out, "00ab1f");
	assert_int_equal(elfnote_hex(STR("\x00\xab\x1f"), out, 6), 0);
	assert_string_equal(out, "");
	assert_int_equal(elfnote_hex(STR("x"), out, 0), 0);
}

struct own {
	struct str image;
	struct str id; /* found through the loader's program headers */
};

static int visit(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct own *own = arg;
	uintptr_t end = 0;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		const char *at = (const char *)(info->dlpi_addr + p->p_vaddr);

		if (p->p_type == PT_NOTE && !own->id.p)
			elfnote_build_id((struct str){ at, p->p_filesz }, p->p_align, &own->id);
		if (p->p_type == PT_LOAD && p->p_offset == 0) {
			own->image.p = at;
			end = (uintptr_t)at + p->p_filesz;
		}
	}
	own->image.n = end - (uintptr_t)own->image.p;
	return 1; /* the program comes first */
}

static void test_own_program(void **state)
{
	struct own own = { { NULL, 0 }, { NULL, 0 } };
	struct str id;

	(void)state;
	dl_iterate_phdr(visit, &own);
	if (!own.id.p)
		skip(); /* linked without --build-id */
	assert_true(elfnote_build_id_mapped(own.image, &id));
	assert_true(str_eq(id, own.id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_other_notes),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_image_at_its_own_address),
		cmocka_unit_test(test_images_that_lie),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_own_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
