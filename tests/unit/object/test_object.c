/* Opening, facts, symbols and bases; files that are not what they seem. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>

#include "base/fs.h"
#include "object/dwarf.h"
#include "unit/object/sample.h"

static void test_facts(void **state)
{
	struct object *pie = sample_open("pie");
	struct object *fixed = sample_open("fixed");
	struct object *library = sample_open("library.so");

	(void)state;
	assert_true(object_is_dynamic(pie));
	assert_true(object_is_fixed(fixed));
	assert_true(object_has_interpreter(pie));
	assert_false(object_has_interpreter(library));
	assert_int_equal(object_build_id(pie).n, 40);
	assert_false(str_eq(object_build_id(pie), object_build_id(fixed)));
	object_close(pie);
	object_close(fixed);
	object_close(library);
}

static void test_symbols(void **state)
{
	struct object *o = sample_open("pie");
	const struct object_symbol *inner = sample_symbol(o, "sample_inner");
	const struct object_symbol *v;
	struct err e;
	size_t n;

	(void)state;
	assert_true(inner->is_text && inner->size > 0);
	assert_ptr_equal(object_find_symbol(o, inner->address), inner);
	assert_ptr_equal(object_find_symbol(o, inner->address + inner->size - 1), inner);
	assert_ptr_not_equal(object_find_symbol(o, inner->address + inner->size), inner);
	assert_null(object_find_symbol(o, 0));
	assert_int_equal(object_symbols(o, &v, &n, &e), OK);
	for (size_t i = 1; i < n; i++)
		assert_true(v[i - 1].address <= v[i].address);
	object_close(o);
}

/* As `nm -n` lists them, whatever their order in the file is. */
static void test_last_name(void **state)
{
	struct object *o = sample_open("local");
	const uint64_t at = sample_symbol(o, "sample_named")->address;

	(void)state;
	assert_int_equal(sample_symbol(o, "sample_a_name")->address, at);
	assert_true(text_is(object_symbol_name(o, at + 1), "sample_named_last"));
	object_close(o);
}

static bool is_outer(void *ctx, struct str name)
{
	(void)ctx;
	return str_is(name, "sample_outer");
}

static void test_match(void **state)
{
	struct object *o = sample_open("pie");
	const struct object_symbol *inner = sample_symbol(o, "sample_inner");
	struct arena a = { 0 };
	struct object_range *r;
	struct err e;
	uint32_t n;

	(void)state;
	assert_int_equal(object_match_symbols(o, is_outer, NULL, 0, &a, &r, &n, &e), OK);
	assert_int_equal(n, 1);
	assert_true(text_is(r[0].names[0], "sample_outer"));
	assert_true(r[0].end > r[0].start);
	assert_int_equal(
	    object_match_symbols(o, NULL, NULL, inner->address + 1, &a, &r, &n, &e), OK);
	assert_int_equal(n, 1);
	assert_int_equal(r[0].start, inner->address);
	arena_release(&a);
	object_close(o);
}

/*
 * As the kernel maps a file that is linked to an address: the page-aligned part that holds the
 * executable segment.
 */
static void check_base(const char *name, uint64_t shift, uint64_t linked)
{
	struct object *o = sample_open(name);
	uint64_t at = sample_symbol(o, "sample_inner")->address;
	struct object_mapping m = { shift + (at & ~4095ULL), shift + (at & ~4095ULL) + 4096, 0,
		STR("") };
	uint64_t base;
	struct err e;

	/* The sample's code lies at the same distance in file and memory. */
	m.offset = (at & ~4095ULL) - linked;
	assert_int_equal(object_base(o, &m, shift + at, &base, &e), OK);
	assert_int_equal(base, shift);
	object_close(o);
}

static void test_base(void **state)
{
	struct object *o = sample_open("pie");
	struct object_mapping all = { 0, UINT64_MAX, 0, STR("") };
	struct object_mapping wrong = { 0x1000, 0x2000, 0x700000, STR("") };
	uint64_t base = 1;
	struct err e;

	(void)state;
	check_base("pie", 0x555555554000, 0);
	check_base("library.so", 0x7f0000000000, 0);
	check_base("fixed", 0, 0x400000);
	check_base("prelinked.so", 0, 0x41000000); /* where it wants to be, and elsewhere */
	check_base("prelinked.so", 0x7f0000000000, 0x41000000);
	check_base("stripped.debug", 0x555555554000, 0);
	assert_int_equal(object_base(o, &all, 0x1234, &base, &e), OK);
	assert_int_equal(base, 0);
	assert_int_equal(object_base(o, &wrong, 0x1800, &base, &e), ERR_FORMAT);
	assert_non_null(strstr(e.msg, "no program header matches mapping info"));
	object_close(o);
}

/*
 * As lld and gold lay out what is small: code begins in the first page of the file, and is linked
 * a page further. The kernel maps that page a second time, as code.
 */
static void test_base_of_code_in_first_page(void **state)
{
	const struct object_mapping m = { 0x555555555000, 0x555555557000, 0, STR("") };
	const struct object_mapping kernel = { 0xffffffff83200000, 0xffffffff84200000, 0, STR("") };
	Elf64_Phdr load[] = {
		{ .p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = 0x9dc, .p_memsz = 0x9dc },
		{ .p_type = PT_LOAD,
		    .p_flags = PF_R | PF_X,
		    .p_offset = 0x9e0,
		    .p_vaddr = 0x19e0,
		    .p_filesz = 0x980,
		    .p_memsz = 0x980 },
	};
	Elf64_Ehdr h = { .e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof h,
		.e_ehsize = sizeof h,
		.e_phentsize = sizeof *load,
		.e_phnum = 2 };
	char bytes[0x1400] = { 0 };
	struct object *o;
	uint64_t base;
	struct err e;

	(void)state;
	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	h.e_ident[EI_VERSION] = EV_CURRENT;
	for (int i = 0; i < 2; i++)
		load[i].p_align = 0x1000;
	memcpy(bytes, &h, sizeof h);
	memcpy(bytes + sizeof h, load, sizeof load);
	assert_int_equal(object_open_memory(&o, bytes, sizeof bytes, STR("small"), &e), OK);
	assert_int_equal(object_base(o, &m, 0x5555555559e4, &base, &e), OK);
	assert_int_equal(base, 0x555555554000);
	/* A kernel's start is where its first segment is. */
	assert_int_equal(object_base(o, &kernel, 0xffffffff83200010, &base, &e), OK);
	assert_int_equal(base, 0xffffffff83200000 - 0x19e0);
	object_close(o);
}

static void check_refused(const char *path, const char *text)
{
	struct object *o;
	struct err e;

	assert_int_not_equal(object_open(&o, str_c(path), &e), OK);
	assert_string_equal(e.msg, text);
}

static void test_refused(void **state)
{
	(void)state;
	check_refused("/no/such/file", "stat /no/such/file: no such file or directory");
	check_refused(SAMPLE_C, "unrecognized binary format: " SAMPLE_C);
	check_refused(SAMPLE_DIR, "unrecognized binary format: " SAMPLE_DIR);
	check_refused("/dev/null", "unrecognized binary format: /dev/null");
}

/* Whatever is left of a file, everything is asked and nothing may crash. */
static void ask_everything(const char *bytes, size_t n, uint64_t address)
{
	const struct object_frame *f;
	struct object_mapping m = { 0x1000, 0x3000, 0x1000, STR("") };
	struct object *o;
	struct str code;
	uint64_t base;
	uint32_t n_frames;
	struct err e;

	if (object_open_memory(&o, bytes, n, STR("cut"), &e) != OK)
		return;
	(void)object_find_symbol(o, address);
	if (object_base(o, &m, 0x1234, &base, &e) == OK)
		(void)object_find_symbol(o, 0x1234 - base);
	(void)object_read(o, address, address + 64, &code);
	assert_int_equal(object_frames(o, address, &f, &n_frames, &e), OK);
	object_close(o);
}

static void test_truncated(void **state)
{
	struct object *o = sample_open("pie");
	uint64_t at = sample_symbol(o, "sample_inner")->address;
	struct fs_map m;
	struct err e;

	(void)state;
	assert_int_equal(fs_map_open(&m, object_path(o), &e), OK);
	for (size_t n = 0; n < m.n; n += n < 1024 ? 7 : 97)
		ask_everything(m.p, n, at);
	ask_everything(m.p, m.n, at);
	fs_map_close(&m);
	object_close(o);
}

static void test_memory(void **state)
{
	struct object *o = sample_open("pie");
	struct object *copy;
	struct fs_map m;
	struct err e;
	struct str bytes;
	uint64_t at = sample_symbol(o, "sample_inner")->address;

	(void)state;
	assert_int_equal(fs_map_open(&m, object_path(o), &e), OK);
	assert_int_equal(object_open_memory(&copy, m.p, m.n, STR("copy"), &e), OK);
	assert_true(str_eq(object_build_id(copy), object_build_id(o)));
	assert_int_equal(sample_symbol(copy, "sample_inner")->address, at);
	assert_true(object_read(copy, at, at + 16, &bytes));
	assert_int_equal(bytes.n, 16);
	assert_false(object_read(copy, 1ULL << 60, (1ULL << 60) + 1, &bytes));
	assert_false(object_read(copy, at, at, &bytes));
	object_close(copy);
	fs_map_close(&m);
	object_close(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_last_name),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_base_of_code_in_first_page),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
