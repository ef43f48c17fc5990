/* Build ids out of ELF notes and mapped objects; see elfnote.h. No alignment is assumed. */
#include "core/elfnote.h"

#include <elf.h>

#include "core/ckd.h"
#include "core/fmt.h"

/* Cuts n bytes and their padding to `align` off *rest; a last piece may lack its padding. */
static bool cut_padded(struct str *rest, size_t n, size_t align, struct str *piece)
{
	if (n > rest->n)
		return false;
	*piece = str_head(*rest, n);
	*rest = str_skip(*rest, n);
	*rest = str_skip(*rest, (align - n % align) % align);
	return true;
}

/*
 * The note's header has twelve bytes, so with align 8 the padding after the name counts from the
 * note's start, not from the name's.
 */
static bool cut_note(
    struct str *rest, size_t align, Elf64_Nhdr *head, struct str *name, struct str *desc)
{
	size_t named;
	struct str whole;

	if (rest->n < sizeof(*head))
		return false;
	memcpy(head, rest->p, sizeof(*head));
	named = sizeof(*head) + (size_t)head->n_namesz;
	if (!cut_padded(rest, named, align, &whole) ||
	    !cut_padded(rest, head->n_descsz, align, desc))
		return false;
	*name = str_skip(whole, sizeof(*head));
	return true;
}

bool elfnote_find(struct str notes, size_t align, struct str name, uint32_t type, struct str *desc)
{
	struct str found;
	Elf64_Nhdr head;

	align = align == 8 ? 8 : 4;
	while (cut_note(&notes, align, &head, &found, desc))
		if (head.n_type == type && str_eq(found, name))
			return true;
	return false;
}

bool elfnote_build_id(struct str notes, size_t align, struct str *id)
{
	struct str gnu = { "GNU", 4 };
	struct str desc;

	if (!elfnote_find(notes, align, gnu, NT_GNU_BUILD_ID, &desc) || desc.n == 0 ||
	    desc.n > ELFNOTE_MAX_BUILD_ID)
		return false;
	*id = desc;
	return true;
}

static bool is_native(const Elf64_Ehdr *ehdr)
{
	return memcmp(ehdr->e_ident, ELFMAG, SELFMAG) == 0 &&
	       ehdr->e_ident[EI_CLASS] == ELFCLASS64 && ehdr->e_ident[EI_DATA] == ELFDATA2LSB &&
	       ehdr->e_phentsize == sizeof(Elf64_Phdr);
}

/* The program headers as bytes, `count` of them; false when they are not all in the image. */
static bool program_headers(struct str image, struct str *headers, size_t *count)
{
	Elf64_Ehdr ehdr;
	size_t size;

	if (image.n < sizeof(ehdr))
		return false;
	memcpy(&ehdr, image.p, sizeof(ehdr));
	if (!is_native(&ehdr) || ehdr.e_phoff > image.n)
		return false;
	*count = ehdr.e_phnum;
	*headers = str_skip(image, (size_t)ehdr.e_phoff);
	return ckd_mul_size(*count, sizeof(Elf64_Phdr), &size) && size <= headers->n;
}

static Elf64_Phdr header_at(struct str headers, size_t i)
{
	Elf64_Phdr phdr;

	memcpy(&phdr, headers.p + i * sizeof(phdr), sizeof(phdr));
	return phdr;
}

/* Address that the ELF header has in the object's own numbering: of the first loaded segment. */
static uint64_t image_address(struct str headers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		Elf64_Phdr phdr = header_at(headers, i);

		if (phdr.p_type == PT_LOAD)
			return phdr.p_vaddr - phdr.p_offset;
	}
	return 0;
}

bool elfnote_build_id_mapped(struct str image, struct str *id)
{
	struct str headers;
	size_t count;
	uint64_t address;

	if (!program_headers(image, &headers, &count))
		return false;
	address = image_address(headers, count);
	for (size_t i = 0; i < count; i++) {
		Elf64_Phdr phdr = header_at(headers, i);
		uint64_t at = phdr.p_vaddr - address;

		if (phdr.p_type != PT_NOTE || at > image.n || phdr.p_filesz > image.n - at)
			continue;
		if (elfnote_build_id((struct str){ image.p + at, (size_t)phdr.p_filesz },
			(size_t)phdr.p_align, id))
			return true;
	}
	return false;
}

size_t elfnote_hex(struct str id, char *out, size_t cap)
{
	struct fmt_buf b = fmt_buf_of(out, cap);

	fmt_hex_bytes(&b, id);
	fmt_end(&b);
	if (!b.failed)
		return b.n;
	if (cap)
		out[0] = '\0';
	return 0;
}
