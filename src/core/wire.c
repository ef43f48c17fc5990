#include "core/wire.h"

enum wire_status wire_get_varint_slow(struct wire_cursor *c, uint64_t *out)
{
	const uint8_t *p = c->p;
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 70 && p < c->end; shift += 7, p++) {
		value |= (uint64_t)(*p & 0x7f) << (shift & 63);
		if (*p < 0x80) {
			c->p = p + 1;
			*out = value;
			return WIRE_OK;
		}
	}
	return WIRE_BAD_VARINT;
}

static enum wire_status get_fixed(struct wire_cursor *c, size_t n, uint64_t *out)
{
	uint64_t value = 0;

	if ((size_t)(c->end - c->p) < n)
		return WIRE_TOO_LONG;
	for (size_t i = 0; i < n; i++)
		value |= (uint64_t)c->p[i] << (8 * i);
	c->p += n;
	*out = value;
	return WIRE_OK;
}

static enum wire_status get_bytes(struct wire_cursor *c, struct str *out)
{
	uint64_t n;
	enum wire_status status = wire_get_varint(c, &n);

	if (status != WIRE_OK)
		return status;
	if (n > (uint64_t)(c->end - c->p))
		return WIRE_TOO_LONG;
	*out = (struct str){ (const char *)c->p, (size_t)n };
	c->p += n;
	return WIRE_OK;
}

enum wire_status wire_get_field(struct wire_cursor *c, struct wire_field *out)
{
	uint64_t tag;
	enum wire_status status = wire_get_varint(c, &tag);

	if (status != WIRE_OK)
		return status;
	out->number = tag >> 3 > UINT32_MAX ? UINT32_MAX : (uint32_t)(tag >> 3);
	out->value = 0;
	out->bytes = (struct str){ "", 0 };
	switch (tag & 7) {
	case WIRE_VARINT:
		out->type = WIRE_VARINT;
		return wire_get_varint(c, &out->value);
	case WIRE_FIXED64:
		out->type = WIRE_FIXED64;
		return get_fixed(c, 8, &out->value);
	case WIRE_BYTES:
		out->type = WIRE_BYTES;
		return get_bytes(c, &out->bytes);
	case WIRE_FIXED32:
		out->type = WIRE_FIXED32;
		return get_fixed(c, 4, &out->value);
	default:
		out->value = tag & 7;
		return WIRE_BAD_TYPE;
	}
}

bool wire_flush(struct wire_writer *w)
{
	if (!w->failed && w->flush && w->used) {
		if (!w->flush(w->ctx, w->buf, w->used))
			w->failed = true;
		w->used = 0;
	}
	return !w->failed;
}

void wire_put_bytes(struct wire_writer *w, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n > 0 && !w->failed) {
		size_t room = w->cap - w->used;
		size_t chunk = n < room ? n : room;

		memcpy(w->buf + w->used, p, chunk);
		w->used += chunk;
		p += chunk;
		n -= chunk;
		if (n > 0) {
			if (!w->flush)
				w->failed = true;
			else
				wire_flush(w);
		}
	}
}

void wire_put_varint(struct wire_writer *w, uint64_t v)
{
	uint8_t bytes[10];
	size_t n = 0;

	while (v >= 0x80) {
		bytes[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	bytes[n++] = (uint8_t)v;
	wire_put_bytes(w, bytes, n);
}

void wire_put_uint(struct wire_writer *w, uint32_t number, uint64_t v)
{
	wire_put_tag(w, number, WIRE_VARINT);
	wire_put_varint(w, v);
}

void wire_put_str(struct wire_writer *w, uint32_t number, struct str s)
{
	wire_put_tag(w, number, WIRE_BYTES);
	wire_put_varint(w, s.n);
	wire_put_bytes(w, s.p, s.n);
}
