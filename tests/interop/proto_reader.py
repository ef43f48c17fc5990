"""A profile.proto reader, apart from the one in src/profile: only the wire format and field numbers
of https://github.com/google/pprof/blob/main/proto/profile.proto, no defaults and no repairs, so
that a test sees what is really in the bytes."""
import gzip


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value & (1 << 64) - 1, at
        if shift >= 70:
            raise ValueError("varint of more than 10 bytes")


def fields(data):
    """(number, value) of each field: int for varints, bytes for everything with a length."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            if len(value) != size:
                raise ValueError("field %d runs past the end" % (key >> 3))
        else:
            raise ValueError("wire type %d, which profiles do not use" % (key & 7))
        yield key >> 3, value


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def numbers(value):
    """A repeated integer: packed, or one element of an unpacked one."""
    if isinstance(value, int):
        return [value]
    out, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        out.append(number)
    return out


class Message:
    """Fields by name: .x is the last value of a single field or the list of a repeated one."""

    def __init__(self, data, single, repeated):
        for name in single.values():
            setattr(self, name, 0)
        for name, _ in repeated.values():
            setattr(self, name, [])
        for number, value in fields(data):
            if number in single:
                setattr(self, single[number], signed(value))
            elif number in repeated:
                name, make = repeated[number]
                made = make(value)
                getattr(self, name).extend(made if isinstance(made, list) else [made])
            else:
                raise ValueError("unknown field %d" % number)


def value_type(data):
    return Message(data, {1: "type", 2: "unit"}, {})


def label(data):
    return Message(data, {1: "key", 2: "str", 3: "num", 4: "num_unit"}, {})


def sample(data):
    return Message(data, {}, {
        1: ("location_id", numbers),
        2: ("value", lambda v: [signed(n) for n in numbers(v)]),
        3: ("label", label)})


def mapping(data):
    return Message(data, {
        1: "id", 2: "start", 3: "limit", 4: "offset", 5: "file", 6: "build_id", 7: "has_functions",
        8: "has_filenames", 9: "has_line_numbers", 10: "has_inline_frames"}, {})


def line(data):
    return Message(data, {1: "function_id", 2: "line", 3: "column"}, {})


def location(data):
    return Message(data, {1: "id", 2: "mapping_id", 3: "address", 5: "is_folded"},
                   {4: ("line", line)})


def function(data):
    return Message(data, {1: "id", 2: "name", 3: "system_name", 4: "file", 5: "start_line"}, {})


class Profile(Message):
    def __init__(self, data):
        """data: as served, compressed or not."""
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        super().__init__(data, {
            7: "drop_frames", 8: "keep_frames", 9: "time_nanos", 10: "duration_nanos",
            12: "period", 14: "default_sample_type", 15: "doc_url"}, {
            1: ("sample_type", value_type), 2: ("sample", sample), 3: ("mapping", mapping),
            4: ("location", location), 5: ("function", function),
            6: ("string_table", lambda v: v.decode()), 11: ("period_type", value_type),
            13: ("comment", numbers)})

    def text(self, index):
        return self.string_table[index]

    def pair(self, vt):
        return self.text(vt.type), self.text(vt.unit)

    def types(self):
        return [self.pair(vt) for vt in self.sample_type]

    def total(self, name):
        index = [kind for kind, _ in self.types()].index(name)
        return sum(s.value[index] for s in self.sample)

    def by_stack(self, name):
        """Sum of one sample type for each stack of addresses (and size class, a label)."""
        index = [kind for kind, _ in self.types()].index(name)
        address = {l.id: l.address for l in self.location}
        sums = {}
        for s in self.sample:
            key = tuple(address[i] for i in s.location_id), tuple((l.key, l.num) for l in s.label)
            sums[key] = sums.get(key, 0) + s.value[index]
        return sums

    def check(self):
        """What Parca and Pyroscope insist on and Go's reader repairs; returns what is wrong."""
        wrong = []
        for name in ("mapping", "location", "function"):
            ids = [m.id for m in getattr(self, name)]
            if ids != list(range(1, len(ids) + 1)):
                wrong.append("%s ids are not 1..n in order: %s" % (name, ids[:10]))
        if not self.string_table or self.string_table[0] != "":
            wrong.append("string_table[0] is not empty")
        if len(set(self.string_table)) != len(self.string_table):
            wrong.append("a text is in the string table twice")
        for s in self.sample:
            if len(s.value) != len(self.sample_type):
                wrong.append("%d values for %d sample types" % (
                    len(s.value), len(self.sample_type)))
            if not s.location_id or not all(
                    1 <= i <= len(self.location) for i in s.location_id):
                wrong.append("sample with locations %s" % s.location_id)
        for l in self.location:
            if not 0 <= l.mapping_id <= len(self.mapping) or (l.address == 0 and not l.line):
                wrong.append("location %d: mapping %d, address %d" % (
                    l.id, l.mapping_id, l.address))
            elif l.mapping_id:
                m = self.mapping[l.mapping_id - 1]
                if not m.start <= l.address < m.limit:
                    wrong.append("location %d lies outside its mapping" % l.id)
            if not all(1 <= n.function_id <= len(self.function) for n in l.line):
                wrong.append("location %d: line without a function" % l.id)
        return wrong
