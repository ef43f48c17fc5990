/* A reader of profile.proto for tests; see profile_reader.h. */
#include "process/profile_reader.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

struct in {
	const uint8_t *p, *end;
	bool bad;
};

struct field {
	uint64_t number, value;
	struct in bytes;
};

static uint64_t varint(struct in *in)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (in->p >= in->end)
			break;
		v |= (uint64_t)(*in->p & 0x7f) << shift;
		if (*in->p++ < 0x80)
			return v;
	}
	in->bad = true;
	return 0;
}

static bool next(struct in *in, struct field *f)
{
	uint64_t tag;

	if (in->bad || in->p >= in->end)
		return false;
	tag = varint(in);
	f->number = tag >> 3;
	f->value = varint(in);
	if ((tag & 7) == 0)
		return !in->bad;
	if ((tag & 7) != 2 || f->value > (uint64_t)(in->end - in->p)) {
		in->bad = true;
		return false;
	}
	f->bytes = (struct in){ in->p, in->p + f->value, false };
	in->p += f->value;
	return !in->bad;
}

static void *grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	array = realloc(array, (n ? 2 * n : 1) * size);
	if (!array)
		abort();
	return array;
}

static void read_label(struct in in, struct reader_sample *s)
{
	struct reader_label *l =
	    &s->labels[s->n_labels < READER_LABELS ? s->n_labels++ : READER_LABELS - 1];
	struct field f;

	while (next(&in, &f)) {
		if (f.number == 1)
			l->key = f.value;
		if (f.number == 2)
			l->text = f.value;
		if (f.number == 3)
			l->value = (int64_t)f.value;
		if (f.number == 4)
			l->unit = f.value;
	}
	if (l->unit == 0 && l->text == 0)
		s->bytes_label = l->value;
}

static bool read_sample(struct in in, struct reader_sample *s)
{
	struct field f;

	memset(s, 0, sizeof(*s));
	while (next(&in, &f)) {
		if (f.number == 1)
			while (f.bytes.p < f.bytes.end && s->depth < 256)
				s->locations[s->depth++] = varint(&f.bytes);
		if (f.number == 2)
			while (f.bytes.p < f.bytes.end && s->n_values < 8)
				s->values[s->n_values++] = (int64_t)varint(&f.bytes);
		if (f.number == 3)
			read_label(f.bytes, s);
		in.bad = in.bad || f.bytes.bad;
	}
	return !in.bad;
}

static bool read_location(struct in in, struct reader_location *l)
{
	struct field f, line;

	memset(l, 0, sizeof(*l));
	while (next(&in, &f)) {
		if (f.number == 1)
			l->id = f.value;
		if (f.number == 2)
			l->mapping = f.value;
		if (f.number == 3)
			l->address = f.value;
		while (f.number == 4 && next(&f.bytes, &line))
			if (line.number == 1)
				l->function = line.value;
	}
	return !in.bad;
}

static bool read_numbers(struct in in, uint64_t *out, size_t max)
{
	struct field f;

	memset(out, 0, (max + 1) * sizeof(*out));
	while (next(&in, &f))
		if (f.number <= max)
			out[f.number] = f.value;
	return !in.bad;
}

static const char *text(const struct reader_profile *p, uint64_t i)
{
	return i < p->n_strings ? p->strings[i] : NULL;
}

static bool read_strings(struct in in, struct reader_profile *p)
{
	struct field f;

	while (next(&in, &f)) {
		if (f.number != 6)
			continue;
		p->strings = grow(p->strings, p->n_strings, sizeof(char *));
		p->strings[p->n_strings++] =
		    strndup((const char *)f.bytes.p, (size_t)(f.bytes.end - f.bytes.p));
	}
	return !in.bad;
}

static bool read_one(struct reader_profile *p, const struct field *f)
{
	uint64_t n[16];

	switch (f->number) {
	case 1:
		if (!read_numbers(f->bytes, n, 2) || p->n_types == 8)
			return false;
		p->types[p->n_types][0] = text(p, n[1]);
		p->types[p->n_types++][1] = text(p, n[2]);
		return true;
	case 2:
		p->samples = grow(p->samples, p->n_samples, sizeof(*p->samples));
		return read_sample(f->bytes, &p->samples[p->n_samples++]);
	case 3:
		if (!read_numbers(f->bytes, n, 10))
			return false;
		p->mappings = grow(p->mappings, p->n_mappings, sizeof(*p->mappings));
		p->mappings[p->n_mappings++] =
		    (struct reader_mapping){ n[1], n[2], n[3], n[4], text(p, n[5]), text(p, n[6]) };
		return true;
	case 4:
		p->locations = grow(p->locations, p->n_locations, sizeof(*p->locations));
		return read_location(f->bytes, &p->locations[p->n_locations++]);
	case 5:
		if (!read_numbers(f->bytes, n, 5))
			return false;
		p->functions = grow(p->functions, p->n_functions, sizeof(uint64_t));
		p->functions[p->n_functions++] = n[2];
		return true;
	case 7:
		p->drop_frames = text(p, f->value);
		return true;
	case 9:
		p->time_ns = (int64_t)f->value;
		return true;
	case 10:
		p->duration_ns = (int64_t)f->value;
		return true;
	case 11:
		if (!read_numbers(f->bytes, n, 2))
			return false;
		p->period_type[0] = text(p, n[1]);
		p->period_type[1] = text(p, n[2]);
		return true;
	case 12:
		p->period = (int64_t)f->value;
		return true;
	case 13: /* a comment: a text of its own */
		return f->value != 0 && text(p, f->value) != NULL;
	case 14:
		p->default_type = text(p, f->value);
		return true;
	default:
		return f->number == 6;
	}
}

static bool read_all(struct in in, struct reader_profile *p)
{
	struct field f;

	if (!read_strings(in, p))
		return false;
	while (next(&in, &f))
		if (!read_one(p, &f))
			return false;
	return !in.bad;
}

bool reader_open(const void *gz, size_t n, struct reader_profile *p)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	size_t cap = (size_t)64 << 20;
	size_t got = 0;
	uint8_t *plain = malloc(cap);
	bool good = d && plain &&
		    libdeflate_gzip_decompress(d, gz, n, plain, cap, &got) == LIBDEFLATE_SUCCESS;

	memset(p, 0, sizeof(*p));
	good = good && read_all((struct in){ plain, plain + got, false }, p);
	free(plain);
	libdeflate_free_decompressor(d);
	return good;
}

int64_t reader_seconds(
    const struct reader_profile *p, const struct reader_sample *s, const char *key)
{
	for (size_t i = 0; i < s->n_labels; i++) {
		const struct reader_label *l = &s->labels[i];

		if (l->key < p->n_strings && l->unit < p->n_strings &&
		    strcmp(p->strings[l->key], key) == 0 &&
		    strcmp(p->strings[l->unit], "seconds") == 0)
			return l->value;
	}
	return -1;
}

const char *reader_text(
    const struct reader_profile *p, const struct reader_sample *s, const char *key)
{
	for (size_t i = 0; i < s->n_labels; i++) {
		const struct reader_label *l = &s->labels[i];

		if (l->text != 0 && l->key < p->n_strings && l->text < p->n_strings &&
		    strcmp(p->strings[l->key], key) == 0)
			return p->strings[l->text];
	}
	return "";
}

const char *reader_function(const struct reader_profile *p, uint64_t location)
{
	const struct reader_location *l =
	    location - 1 < p->n_locations ? &p->locations[location - 1] : NULL;

	if (!l || l->function == 0 || l->function > p->n_functions)
		return "";
	return p->strings[p->functions[l->function - 1]];
}

void reader_close(struct reader_profile *p)
{
	for (size_t i = 0; i < p->n_strings; i++)
		free(p->strings[i]);
	free(p->strings);
	free(p->samples);
	free(p->locations);
	free(p->mappings);
	free(p->functions);
	memset(p, 0, sizeof(*p));
}
