"""Go's own pprof against ours, on profiles of a C program: it reads every profile we write, and
both print the same numbers.    usage: interop_go.py BUILD_FOLDER LEAKY_SERVER

LEAKY_SERVER is the example compiled without inlining: Go's tool reads DWARF with its own small
reader, which does not name inlined functions. Nor does it find separate debug files, so that of the
shared libraries it knows less than ours; what it does name must be the same."""
import os
import re
import sys
import threading

import harness
from harness import EXAMPLES, PPROF, Server, check, pprof, run, same, save

TYPES = ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects")
# Everything, in plain bytes: rounding and trimming would hide differences.
WHOLE = ("-unit=B", "-nodecount=100000", "-nodefraction=0", "-edgefraction=0")


def find_go():
    """Path of the pprof that comes with Go."""
    harness.need("go")
    found = run("go", "tool", "-n", "pprof")
    path = found.text.strip()
    if found.status != 0 or not os.access(path, os.X_OK):
        harness.skip("`go tool pprof` is not installed")
    return path


GO = find_go()


def both(*arguments):
    """Output of Go's tool and of ours for the same arguments."""
    theirs, ours = run(GO, *arguments), pprof(*arguments)
    for who, result in (("go tool pprof", theirs), ("pprof", ours)):
        check(result.status == 0 and result.out, "%s %s" % (who, " ".join(arguments)),
              "status %s\n%s%s" % (result.status, result.text, result.messages))
    return theirs.text, ours.text


def body(text):
    """A report without the header: the two write the date differently."""
    return [line.rstrip() for line in text.splitlines()
            if not re.match(r"(File|Build ID|Type|Time|Duration): ?", line)]


def same_tops(path, kinds=TYPES):
    """Equal tables for each sample type."""
    for kind in kinds:
        theirs, ours = map(harness.top_rows, both(
            "-top", *WHOLE, "-symbolize=none", "-sample_index=" + kind, path))
        same(theirs, ours, "-top of %s by %s" % (os.path.basename(path), kind))
        check(theirs, "-top of %s has rows" % path)


def same_names(path):
    """After local symbolizing: what Go's tool names has our numbers."""
    for kind in TYPES:
        theirs, ours = map(harness.top_rows, both(
            "-top", *WHOLE, "-sample_index=" + kind, path))
        named = {k: v for k, v in theirs.items() if not k.startswith("[")}
        check({"leaky_handler", "on_request"} <= set(named), "Go's tool names the handler", theirs)
        same({k: ours.get(k) for k in named}, named, "symbolized -top by " + kind)


def raw_parts(text):
    """Samples and locations of -raw, locations with the file they lie in instead of a number of a
    mapping: the two drop unused mappings at different times."""
    files = dict(re.findall(r"^(\d+): 0x\S+ (\S+)", text.partition("\nMappings\n")[2], re.M))
    samples, _, rest = text.partition("\nLocations\n")
    locations = re.findall(r"^ *\d+: (0x[0-9a-f]+) M=(\d+)", rest, re.M)
    return (samples.partition("\nSamples:\n")[2].splitlines(),
            [(address, files[mapping]) for address, mapping in locations])


def same_raw(path):
    theirs, ours = map(raw_parts, both("-raw", "-symbolize=none", path))
    same(theirs, ours, "-raw")
    check(len(theirs[0]) > 3 and len(theirs[1]) > 3, "-raw has samples and locations", theirs)


def tag_values(text):
    """Value of each tag of -tags; how many digits they show has changed over the years."""
    rows = re.findall(r"^ +([\d.]+)B? \( *[\d.]+%\): (\w+)$", text, re.M)
    return {tag: float(value) for value, tag in rows}


def same_reports(path):
    """On a profile that carries its names, whole reports are equal, line for line."""
    for arguments in (["-top"], ["-top", "-cum", "-lines"], ["-list=leaky_handler"], ["-traces"],
                      ["-peek=serve_describe|leaky_handler"], ["-tree"]):
        theirs, ours = map(body, both(*arguments, *WHOLE, path))
        same(theirs, ours, "%s of %s" % (arguments[0], os.path.basename(path)))
    theirs, ours = map(tag_values, both("-tags", *WHOLE, path))
    same(theirs, ours, "-tags of " + os.path.basename(path))
    check(len(theirs) > 1, "-tags has values", theirs)


def live(server):
    """Both on the running server itself. Nothing changes there while they look."""
    theirs, ours = map(harness.top_rows, both("-top", *WHOLE, server.heap))
    if check("leaky_handler" in theirs and "leaky_handler" in ours, "-top of the endpoint"):
        same(theirs["leaky_handler"], ours["leaky_handler"], "the handler, live")
    theirs, ours = both("-list=^leaky_handler$", "-unit=B", server.heap)
    lines = [[row for row in text.splitlines() if "calloc(1, sizeof *entry)" in row]
             for text in (theirs, ours)]
    same([len(found) for found in lines], [1, 1], "-list shows the line")
    if lines[0] and lines[1]:
        same(lines[0][0].split(), lines[1][0].split(), "the line that stores, live")
        check(not lines[0][0].split()[0].startswith("."), "and it has a value", lines[0][0])


def written_by_us(files):
    """Each kind of profile the tool writes, from the endpoint's."""
    def ours(name, *arguments):
        path = os.path.join(harness.work, name)
        result = pprof(*arguments[:1], "-output=" + path, *arguments[1:])
        same(result.status, 0, "pprof %s: %s" % (" ".join(arguments), result.messages))
        return path

    proto = ours("proto.pb.gz", "-proto", files["later"])
    same_tops(proto)
    same_reports(proto)
    same_tops(ours("topproto.pb.gz", "-topproto", files["later"]), ("cum", "flat"))
    same_tops(ours("merged.pb.gz", "-proto", files["heap"], files["later"]))
    same_tops(ours("diff.pb.gz", "-proto", "-diff_base=" + files["heap"], files["later"]))
    same_tops(ours("base.pb.gz", "-proto", "-base=" + files["heap"], files["later"]))
    diff = both("-top", *WHOLE, "-diff_base=" + files["heap"], "-symbolize=none", files["later"])
    same(*map(harness.top_rows, diff), "-diff_base on the command line")


def empty():
    """A process that samples nothing serves a profile without samples, which is no mistake."""
    server = Server(EXAMPLES + "/leaky_server", rate="0")
    path = save(server.heap, "empty.pb.gz")
    server.stop()
    written = os.path.join(harness.work, "empty-again.pb.gz")
    same(pprof("-proto", "-output=" + written, path).status, 0, "-proto of an empty profile")
    for name in (path, written):
        theirs, ours = map(body, both("-top", name))
        same(theirs, ours, "-top of an empty profile")
        theirs, ours = both("-raw", name)
        check("PeriodType: space bytes" in theirs, "-raw of an empty profile", theirs)


def main():
    server = Server(sys.argv[2])
    server.load(10000)
    live(server)
    files = {"heap": save(server.heap, "heap.pb.gz")}
    load = threading.Timer(.3, server.load, (3000,))
    load.start()
    files["delta"] = save(server.heap + "?seconds=1", "delta.pb.gz")
    load.join()
    files["later"] = save(server.heap, "later.pb.gz")
    files["allocs"] = save(server.url + "/debug/pprof/allocs", "allocs.pb.gz")
    files["text"] = save(server.heap + "?debug=1", "heap.txt")
    for path in files.values():
        same_tops(path)
    same_names(files["heap"])
    same_raw(files["heap"])
    written_by_us(files)
    same(server.stop(), 0, "the server's end")
    empty()
    harness.finish()


main()
