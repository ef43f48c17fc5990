/*
 * A cursor over one line of /proc/PID/maps; see maps.h. Each step cuts one field and its
 * separator, and a line is right when all steps succeed.
 */
#include "core/maps.h"

/* Cuts the text before `sep` off *rest; false when there is no `sep`. */
static bool cut(struct str *rest, char sep, struct str *field)
{
	size_t at = str_find_char(*rest, sep);

	if (at == STR_NPOS)
		return false;
	*field = str_head(*rest, at);
	*rest = str_skip(*rest, at + 1);
	return true;
}

/* "0x" has no place in these lines, though str_to_u64 would take it. */
static bool to_hex(struct str s, uint64_t *out)
{
	return !str_starts(s, STR("0x")) && !str_starts(s, STR("0X")) && str_to_u64(s, 16, out);
}

static bool cut_hex(struct str *rest, char sep, uint64_t *out)
{
	struct str field;

	return cut(rest, sep, &field) && to_hex(field, out);
}

static bool cut_device(struct str *rest, char sep, uint32_t *out)
{
	uint64_t number;

	if (!cut_hex(rest, sep, &number) || number > UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

static bool flag(char c, char yes, char no, bool *out)
{
	*out = c == yes;
	return c == yes || c == no;
}

static bool cut_permissions(struct str *rest, struct maps_line *out)
{
	struct str field;

	return cut(rest, ' ', &field) && field.n == 4 &&
	       flag(field.p[0], 'r', '-', &out->readable) &&
	       flag(field.p[1], 'w', '-', &out->writable) &&
	       flag(field.p[2], 'x', '-', &out->executable) &&
	       flag(field.p[3], 's', 'p', &out->is_shared);
}

/* The inode ends the line of an anonymous mapping, where old kernels put no blank after it. */
static bool cut_inode(struct str *rest, uint64_t *out)
{
	struct str field;

	if (!cut(rest, ' ', &field)) {
		field = *rest;
		*rest = str_skip(*rest, rest->n);
	}
	return str_to_u64(field, 10, out);
}

bool maps_parse_line(struct str line, struct maps_line *out)
{
	struct str rest = line;

	if (rest.n && rest.p[rest.n - 1] == '\n')
		rest.n--;
	if (!cut_hex(&rest, '-', &out->start) || !cut_hex(&rest, ' ', &out->end) ||
	    out->start >= out->end || !cut_permissions(&rest, out) ||
	    !cut_hex(&rest, ' ', &out->offset) || !cut_device(&rest, ':', &out->dev_major) ||
	    !cut_device(&rest, ' ', &out->dev_minor) || !cut_inode(&rest, &out->inode))
		return false;
	while (rest.n && (rest.p[0] == ' ' || rest.p[0] == '\t'))
		rest = str_skip(rest, 1);
	out->path = rest;
	return true;
}

struct str maps_path(const struct maps_line *line, bool *deleted)
{
	struct str mark = STR(" (deleted)");
	bool has_mark = str_ends(line->path, mark);

	if (deleted)
		*deleted = has_mark;
	return has_mark ? str_head(line->path, line->path.n - mark.n) : line->path;
}
