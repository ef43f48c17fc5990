/*
 * Debug sections compressed by zstd, which libelf before 0.189 does not know: the file is copied
 * into memory with those sections unpacked behind it. Called by dwarf.c before libdw sees a file.
 * What is hard: sizes come from the file, so they meet limits and zstd's own idea of them first.
 */
#include <zstd.h>

#include "base/buf.h"
#include "object/object_impl.h"

#ifndef ELFCOMPRESS_ZSTD
#define ELFCOMPRESS_ZSTD 2
#endif

/* Largest copy that is made. */
#define MAX_IMAGE ((size_t)4 << 30)

static bool is_zstd(Elf_Scn *section, GElf_Shdr *h, GElf_Chdr *c)
{
	return gelf_getshdr(section, h) && (h->sh_flags & SHF_COMPRESSED) &&
	       h->sh_type != SHT_NOBITS && gelf_getchdr(section, c) &&
	       c->ch_type == ELFCOMPRESS_ZSTD;
}

static bool has_zstd(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr h;
	GElf_Chdr c;

	while ((section = elf_nextscn(elf, section)))
		if (is_zstd(section, &h, &c))
			return true;
	return false;
}

/* Unpacks one section to the image's end and points its header in the image there. */
static bool unpack(struct object *o, Elf_Scn *section, struct buf *image)
{
	Elf_Data *data = elf_rawdata(section, NULL);
	const size_t at = elf_ndxscn(section);
	Elf64_Shdr in_image;
	size_t header = sizeof(Elf64_Chdr), place;
	GElf_Shdr h;
	GElf_Chdr c;
	size_t n;

	if (!is_zstd(section, &h, &c))
		return true;
	place = o->header.e_shoff + at * sizeof in_image;
	if (!data || data->d_size < header || c.ch_size > MAX_IMAGE - image->n ||
	    c.ch_size / 4096 > data->d_size || place > image->n - sizeof in_image)
		return false;
	buf_fill(image, 0, (16 - image->n % 16) % 16);
	if (!buf_reserve(image, (size_t)c.ch_size))
		return false;
	n = ZSTD_decompress(image->p + image->n, (size_t)c.ch_size,
	    (const char *)data->d_buf + header, data->d_size - header);
	if (ZSTD_isError(n) || n != c.ch_size)
		return false;
	memcpy(&in_image, image->p + place, sizeof in_image);
	in_image.sh_flags &= ~(uint64_t)SHF_COMPRESSED;
	in_image.sh_offset = image->n;
	in_image.sh_size = n;
	in_image.sh_addralign = c.ch_addralign;
	memcpy(image->p + place, &in_image, sizeof in_image);
	image->n += n;
	return true;
}

static bool make_image(struct object *o, struct buf *image)
{
	Elf_Scn *section = NULL;
	struct str whole;

	if (o->image_n > MAX_IMAGE || o->image_n < sizeof(Elf64_Shdr) ||
	    !object_file_bytes(o, 0, o->image_n, &whole))
		return false;
	buf_add_str(image, whole);
	while ((section = elf_nextscn(o->elf, section)))
		if (!unpack(o, section, image))
			return false;
	return !buf_failed(image);
}

Elf *object_plain_elf(struct object *o)
{
	if (o->plain || o->plain_tried)
		return o->plain ? o->plain : o->elf;
	o->plain_tried = true;
	if (gelf_getclass(o->elf) != ELFCLASS64 || !has_zstd(o->elf) ||
	    o->header.e_ident[EI_DATA] != OBJECT_OUR_BYTE_ORDER)
		return o->elf;
	if (make_image(o, &o->plain_image))
		o->plain = elf_memory(o->plain_image.p, o->plain_image.n);
	return o->plain ? o->plain : o->elf;
}
