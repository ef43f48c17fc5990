"""Random addresses of a program's functions, and profiles made of them. Used by symbols.py."""
import gzip
import random
import subprocess


def functions(binary):
    """(address, size) of every function, from nm."""
    command = ["nm", "-S", "--defined-only", binary]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if not text.strip():  # stripped: what the dynamic linker needs
        text = subprocess.run(command + ["-D"], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in text.splitlines():
        part = line.split()
        if len(part) == 4 and part[2] in "tTwWi":
            found[int(part[0], 16)] = max(int(part[1], 16), found.get(int(part[0], 16), 0))
    return sorted((a, n) for a, n in found.items() if n)


def pick(binary, n, seed):
    """n addresses, functions weighted by their size; fewer when the program is small."""
    rng = random.Random(seed)
    table = functions(binary)
    total = sum(size for _, size in table)
    places = sorted(rng.randrange(total) for _ in range(n))
    out, before, at = set(), 0, 0
    for place in places:
        while place >= before + table[at][1]:
            before += table[at][1]
            at += 1
        out.add(table[at][0] + place - before)
    return sorted(out)


def varint(v):
    out = bytearray()
    while v > 127:
        out.append(v & 127 | 128)
        v >>= 7
    out.append(v)
    return bytes(out)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def segment(binary):
    """Address, offset and size of the executable segment, and the build id."""
    text = subprocess.run(["readelf", "-lnW", binary], capture_output=True, text=True,
                          check=True).stdout
    build_id, place = "", None
    for line in text.splitlines():
        part = line.split()
        if "Build ID:" in line:
            build_id = part[-1]
        if part[:1] == ["LOAD"] and "E" in part[6:-1]:
            place = int(part[2], 16), int(part[1], 16), int(part[5], 16)
    return place, build_id


def write_profile(path, binary, addresses, base):
    """A CPU profile with one sample for each address, the program mapped at base."""
    (vaddr, offset, size), build_id = segment(binary)
    texts = ["", "samples", "count", "cpu", "nanoseconds", binary, build_id]
    page = vaddr & ~4095
    start = base + page
    out = [field(1, field(1, 1) + field(2, 2)), field(1, field(1, 3) + field(2, 4))]
    out += [field(2, field(1, varint(i)) + field(2, varint(1) + varint(10)))
            for i in range(1, len(addresses) + 1)]
    out.append(field(3, field(1, 1) + field(2, start) + field(3, start + (vaddr - page + size + 4095 & ~4095)) +
                     field(4, offset - (vaddr - page)) + field(5, 5) + field(6, 6)))
    out += [field(4, field(1, i) + field(2, 1) + field(3, base + a))
            for i, a in enumerate(addresses, 1)]
    out += [field(6, t.encode()) for t in texts]
    out.append(field(11, field(1, 3) + field(2, 4)) + field(12, 10))
    with gzip.open(path, "wb", compresslevel=1) as f:
        f.write(b"".join(out))
