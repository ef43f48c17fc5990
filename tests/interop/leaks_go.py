"""pprof leaks on heap profiles that a Go program has written: without births, but with a verdict.
usage: leaks_go.py BUILD_FOLDER

As much is allocated between any two of them, but how long that takes is the machine's affair: their
times are set to a second apart."""
import gzip
import os

import harness
from harness import check, pprof, run
from proto_reader import varint

harness.need("go")
PROGRAM = harness.work + "/leaks"
SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "leaks.go")
built = run("go", "build", "-o", PROGRAM, SOURCE)
check(built.status == 0, "go build", built.text + built.messages)


TIME_NANOS = 9  # in profile.proto


def encode(value):
    """A number as varint."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def set_time(path, seconds):
    data = gzip.open(path).read()
    out, at = b"", 0
    while at < len(data):
        begun = at
        key, at = varint(data, at)
        value, at = varint(data, at)  # Go writes numbers and lengths only
        at += value if key & 7 == 2 else 0
        if key >> 3 != TIME_NANOS:
            out += data[begun:at]
    with gzip.open(path, "wb") as file:
        file.write(out + encode(TIME_NANOS << 3) + encode(seconds * 10**9))


def verdict(*arguments):
    """What is said of the profiles of one run."""
    folder = harness.work + "/profiles" + "".join(arguments)
    os.mkdir(folder)
    made = run(PROGRAM, folder, *arguments)
    check(made.status == 0, "the program", made.messages)
    for i, name in enumerate(sorted(os.listdir(folder))):
        set_time(os.path.join(folder, name), 1_700_000_000 + i)
    result = pprof("leaks", folder)
    return result.status, result.text, result.text + result.messages


status, text, all_of_it = verdict("leak")
suspects = [line for line in text.splitlines() if line.startswith("#")]
check(status == 1, "a leak is one", all_of_it)
check(text.startswith("LEAK (likely)"), "no more than likely without births", all_of_it)
check("no births in these profiles" in text, "what is weaker is said", all_of_it)
check(len(suspects) == 1 and "main.leakHere leaks.go:" in suspects[0], "its line", all_of_it)

status, text, all_of_it = verdict()
check(status == 0 and text.startswith("NO LEAK"), "a full cache is none", all_of_it)
check("main.loadedHere" in text and "main.boundedHere" in text, "who was looked at", all_of_it)
harness.finish()
