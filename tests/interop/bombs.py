"""Small inputs that ask for much: what inflates without end, tables that claim billions of entries,
ids that repeat, lists without contents, stacks without end. Each ends in one sentence, or is a
profile and is reported; memory stays under 200 MB.    usage: bombs.py BUILD_FOLDER"""
import gzip
import os
import re
import struct
import subprocess
import zlib

import harness
from harness import PPROF, SANITIZER, check, write

LIMIT_MB = 80  # for inputs of SIZE; 200 for the largest ones
MB = 1 << 20
SIZE = 5 * MB  # a third of what is inflated whatever the ratio: hence also a third of the memory

sanitized = "fsanitize" in open(os.path.join(harness.BUILD, "compile_commands.json")).read()


def run(path):
    """Exit status, standard error and peak memory in MB."""
    process = subprocess.Popen([PPROF, "-top", "-symbolize=none", path], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, env=harness.environment,
                               preexec_fn=harness.end_with_parent)
    text = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, text, usage.ru_maxrss / 1024


def judge(name, data, sentence):
    """Refused with that sentence; a profile when there is none."""
    status, text, peak = run(write(name, data))
    messages = text.decode(errors="replace")
    good = (status == 2 and re.search(sentence, messages) and messages.count("\n") == 2
            if sentence else status == 0)
    check(good and not SANITIZER.search(text), name,
          "status %s, wanted %s\n%s" % (status, sentence or "a report", messages))
    check(sanitized or peak < LIMIT_MB, name + ": memory", "%d MB" % peak)


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def pack(data):
    return gzip.compress(data, 1)


def zeros_in_gzip(megabytes):
    """That many MB of zeroes as one gzip member."""
    stream = zlib.compressobj(9, 8, 31)
    piece = bytes(MB)
    return b"".join(stream.compress(piece) for _ in range(megabytes)) + stream.flush()


def zeros_in_zstd(blocks):
    """128 KiB in each block of four bytes."""
    return bytes.fromhex("28b52ffd0050") + b"\x02\x00\x10\x00" * blocks


def perf_stream(packed):
    """As `perf record -z -o -`: one event, and a record of compressed records."""
    attr = struct.pack("<IIQQQQQ", 1, 64, 0, 1, 1, 0, 0) + bytes(16)
    return (b"PERFILE2" + struct.pack("<Q", 16) + struct.pack("<IHH", 64, 0, 8 + len(attr)) + attr +
            struct.pack("<IHH", 81, 0, 8 + len(packed)) + packed)


def compression():
    dense = "contents are packed more than 256 to 1"
    judge("10 KB of zstd for 320 MB", zeros_in_zstd(2560), dense)
    judge("3 MB of zstd for 100 GB", zeros_in_zstd(800000), dense)
    judge("300 KB of gzip for 300 MB", zeros_in_gzip(300), dense)
    judge("a bomb behind honest bytes", pack(os.urandom(4 * MB)) + zeros_in_gzip(128),
          dense)
    judge("perf.data that inflates", perf_stream(zeros_in_zstd(15000)), "perf.data: " + dense)
    judge("gzip in gzip", pack(zeros_in_gzip(256)), "unrecognized profile format")


def claims():
    """Counts and lengths that nothing follows."""
    head = b"\x0a\x04\x08\x01\x10\x02"
    unknown = "unrecognized profile format"
    judge("2^31 locations", head + b"\x12" + varint(1 << 31) + b"\x0a" + varint(1 << 31), unknown)
    judge("2^63 bytes", head + b"\x12" + varint(1 << 63) + bytes(100), unknown)
    for name, word in (("64", "Q"), ("32", "I")):
        judge("cpu profile of %s bits, 2^31 frames" % name,
              struct.pack("<7" + word, 0, 3, 0, 10000, 0, 1, 1 << 31) + b"\1" * 800, unknown)
    judge("heap profile of 2^31 blocks",
          b"heap profile: 2147483648: 2147483648 [2147483648: 2147483648] @ heapprofile\n"
          b"1: 2 [1: 2] @ 0x1 0x2\n", "")


def tables():
    """Protobuf: the fewest bytes for the most rows. Field 2 is samples, 3 mappings, 4 locations,
    5 functions, 6 strings, 13 comments."""
    head, tail = field(1, b"\x08\x01\x10\x02"), b"\x32\0\x32\1a\x32\1b"
    for number, name, empty, same in (
            (2, "samples", "sample has 0 values vs. 1 types", "sample has 0 values vs. 1 types"),
            (3, "mappings", "too many mappings", "too many mappings"),
            (4, "locations", "one without id", "multiple locations with same id: 1"),
            (5, "functions", "one without id", "multiple functions with same id: 1")):
        judge("empty " + name,
              pack(head + field(number, b"") * (SIZE // 2) + tail), empty)
        judge("%s of one id" % name,
              pack(head + field(number, b"\x08\x01") * (SIZE // 4) + tail), same)
    many = b"\1" * SIZE
    judge("empty strings", pack(head + field(6, b"") * (SIZE // 2)), "")
    judge("comments", pack(head + field(13, many) + tail), "too many comments")
    judge("sample types", pack(field(1, b"") * (SIZE // 2) + tail), "too many sample types")
    judge("lines of a location", pack(head + field(4, b"\x22\0" * (SIZE // 2)) + tail),
          "too many lines")
    judge("values", pack(head + field(2, field(2, many)) + tail),
          "sample has %d values vs. 1 types" % SIZE)
    judge("labels", pack(head + field(2, b"\x1a\2\x18\1" * (SIZE // 4)) + tail),
          "sample has 0 values vs. 1 types")
    judge("a stack", pack(
        head + field(4, b"\x08\1") + field(2, field(1, many) + b"\x10\1") + tail), "")


def texts():
    deep, token = "a stack has more than 65536 frames", "token too long"
    judge("a folded stack", pack(b"a;" * (SIZE // 2) + b"b 1\n"), deep)
    judge("a heap profile's stack", pack(
        b"heap profile: 1: 2 [1: 2] @ heapprofile\n1: 2 [1: 2] @ " + b"0x1 " * (SIZE // 4)), token)
    judge("memory map", pack(
        b"heap profile: 1: 2 [1: 2] @ heapprofile\n1: 2 [1: 2] @ 0x1\nMAPPED_LIBRARIES:\n" +
        b"00400000-00fcb000 r-xp 00000000 00:00 0 /bin/x\n" * (SIZE // 48)),
        "more than 65536 ranges")
    judge("equal folded stacks", pack(b"a;b 1\n" * (SIZE // 6)), "")
    judge("equal java stacks", pack(
        b"--- heapz 1 ---\nformat = java\nresolution = bytes\n" + b"1 1 @ 0x1\n" * (SIZE // 10)),
        "")


for part in (compression, claims, tables, texts):
    part()
harness.finish()
