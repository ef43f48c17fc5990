"""retained.py PPROF PRELOAD HOST OTHER_MALLOC CXX_HOST LINKED LINKED_STATIC: who holds memory in a program that holds it in every way.

At least 95 % of what each function has allocated must be on the right root, under the right names;
refusals must say why and leave the program alone.
"""
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile

pprof, preload, host, other_malloc, cxx_host, linked, linked_static = sys.argv[1:8]

# function, root, what the way from there begins with
EXPECTED = [
    ("make_chained", "global chained (retained_host.c:", [".table[*]", "->next*", "->value"]),
    ("make_open", "global open_addressing (", ["[*].value"]),
    ("make_list", "global linked_list (", ["->next*"]),
    ("make_tree", "global tree_root (", ["->(left|right)*", "->value"]),
    ("make_ring", "global ring (", []),
    ("make_vector", "global vector (", [".items[*]"]),
    ("make_intrusive", "global intrusive (", [".next", "->next*"]),
    ("make_mapped", "global mapped_table (", ["[*]"]),
    ("make_array", "global in_array (", ["[*]"]),
    ("make_thread_local", "thread-local thread_list (", ["->next*"]),
    ("make_on_stack", "stack of ", []),
    ("make_lost", "no pointer found", []),
]
# The same of C++'s containers, in fields of what a global points to.
TREE = "->(_M_left|_M_parent|_M_right)*"
CXX_EXPECTED = [
    ("make_map", "global the_server (retained_cxx.cc:",
     ["->results._M_t._M_impl._M_header._M_parent", TREE, "->+40"]),
    ("make_hash", "global the_server (", ["->index._M_h._M_buckets[*]", "->+16"]),
    ("make_list", "global the_server (", ["->(_M_next|_M_prev)*", "->+16"]),  # half from each end
    ("make_vector", "global the_server (", ["->lines._M_impl._M_start[*]._M_dataplus._M_p"]),
    ("make_deque", "global the_server (", ["->queue._M_impl._M_map[*][*]._M_dataplus._M_p"]),
]
failed = False


def fail(text):
    global failed
    failed = True
    print("FAIL", text)


def start(work, libraries=preload, blocks=4000, program=host, **environment):
    address = "unix:" + os.path.join(work, "socket")
    env = dict(os.environ, LD_PRELOAD=libraries, PPROF_ADDR=address, **environment)
    program = subprocess.Popen([program, str(blocks)], env=env, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    if program.stdout.readline() != b"ready\n":
        sys.exit("the program did not start")
    return program


def end(program):
    program.stdin.close()
    if program.wait() != 0:
        fail("the program ended with %d" % program.returncode)


def get(work, query, *options):
    return subprocess.run(
        ["curl", "-sS", "--unix-socket", os.path.join(work, "socket"),
         "http://localhost/debug/pprof/" + query, *options],
        check=True, stdout=subprocess.PIPE).stdout


def traces(path):
    """Stacks, leaf first, with their bytes."""
    env = dict(os.environ, PPROF_TMPDIR=os.path.dirname(path))
    text = subprocess.run([pprof, "-traces", "-unit=B", path], check=True, env=env,
                          stdout=subprocess.PIPE).stdout.decode()
    for part in re.split(r"^-+\+-+$", text, flags=re.M)[1:]:
        lines = [l for l in part.strip("\n").split("\n") if l and not re.match(r"^ *\w+: ", l)]
        match = re.match(r"^ *(\d+)B +(.*)$", lines[0]) if lines else None
        if match:
            yield int(match.group(1)), [match.group(2)] + [l.strip() for l in lines[1:]]


def check_shapes(work, expected=EXPECTED):
    path = os.path.join(work, "retained.pb.gz")
    subprocess.run([pprof, "-proto", "-symbolize=none", "-output", path,
                    "unix:" + os.path.join(work, "socket") + ":/debug/pprof/retained"],
                   check=True, stderr=subprocess.DEVNULL, env=dict(os.environ, PPROF_TMPDIR=work))
    stacks = list(traces(path))
    for function, root, way in expected:
        mine = [(n, s) for n, s in stacks if function in s]
        whole = sum(n for n, _ in mine)
        right = sum(n for n, s in mine if s[-1].startswith(root))
        named = 0
        for n, s in mine:
            names = list(reversed(s))[1:]
            # the entries of a structure hang nearer to the root than what they hold
            if s[-1].startswith(root) and [x for x in way if x in names] == \
                    [x for x in names if x in way]:
                named += n if not way or way[0] in names or function not in names else 0
        print("%-18s %9d bytes, %6.2f %% on %s...), %6.2f %% by name" % (
            function, whole, 100 * right / max(whole, 1), root, 100 * named / max(whole, 1)))
        if whole < 1000000 or right < 0.95 * whole or named < 0.9 * whole:
            fail(function)
            for n, s in sorted(mine, reverse=True)[:5]:
                print("   ", n, " <- ".join(s))


def check_containers(work):
    program = start(work, program=cxx_host, PPROF_HEAP_RATE="4k", PPROF_SEED="1")
    check_shapes(work, CXX_EXPECTED)
    end(program)


def check_copies(work):
    """The runtime is in the program already: its copy is not the allocator, and holds nothing."""
    for one in linked, linked_static:
        program = start(work, program=one, PPROF_HEAP_RATE="8k")
        if not re.search(rb"^malloc seen\t# of \S*/libc\.so", get(work, "self"), re.M):
            fail("whose malloc it is, of %s: %r" % (one, get(work, "self")[:300]))
        check_shapes(work)
        end(program)


def library(name):
    """Its path, or None when the loader does not find it."""
    listed = subprocess.run(["/sbin/ldconfig", "-p"], check=True, stdout=subprocess.PIPE)
    found = re.search(r"=> (\S*/%s)\n" % re.escape(name), listed.stdout.decode())
    return found and found.group(1)


def check_allocator(work, name):
    """Blocks of an allocator that is not known come from the table of all allocations."""
    path = library(name)
    if not path:
        print("skipped: no", name)
        return
    print(name)
    program = start(work, preload + ":" + path, 1600, PPROF_HEAP_RATE="1")
    check_shapes(work)
    noted = re.search(r"^# (\d+) blocks, as noted at their allocation",
                      get(work, "retained?debug=1").decode(), re.M)
    if not noted or int(noted.group(1)) < 12 * 1600:
        fail("nothing says where the blocks are from")
    end(program)


def leave_room(program, room):
    """Limits the program's address space to what it has and `room` bytes more."""
    pages = int(open("/proc/%d/statm" % program.pid).read().split()[0])
    limit = pages * resource.getpagesize() + room
    resource.prlimit(program.pid, resource.RLIMIT_AS, (limit, limit))


def check_refusal(work, why, room=None, **environment):
    program = start(work, **environment)
    if room:
        leave_room(program, room)
    answer = get(work, "retained", "-w", "%{http_code}").decode()
    if not re.search(why, answer) or not answer.endswith("503"):
        fail("refusal: %r instead of %r" % (answer, why))
    if b"retain_snapshots 0" not in get(work, "self"):
        fail("it was made all the same")
    end(program)


def children(pid):
    for task in os.listdir("/proc/%d/task" % pid):
        try:
            yield from map(int, open("/proc/%d/task/%s/children" % (pid, task)).read().split())
        except OSError:
            pass


def check_killed(work, program):
    """The process that looks is killed while it does: the answer says so, the next one is right."""
    for _ in range(50):
        with subprocess.Popen(
                ["curl", "-sS", "--unix-socket", os.path.join(work, "socket"),
                 "http://localhost/debug/pprof/retained"], stdout=subprocess.PIPE) as asking:
            while asking.poll() is None and not (found := list(children(program.pid))):
                pass
            for pid in found:
                os.kill(pid, signal.SIGKILL)
            answer = asking.stdout.read()
        if b"ended by signal 9" in answer:
            break
    else:
        fail("no answer about the killed process")
    if not get(work, "retained").startswith(b"\x1f\x8b"):
        fail("the answer after that")
    if list(children(program.pid)):
        fail("a process is left behind")


def check_turns(work):
    """Who asks while another is served waits; who leaves while waiting holds nobody up."""
    ask = ["curl", "-sS", "--unix-socket", os.path.join(work, "socket"),
           "http://localhost/debug/pprof/retained"]
    asking = [subprocess.Popen(ask, stdout=subprocess.PIPE) for _ in range(5)]
    asking[2].kill()
    for i, one in enumerate(asking):
        answer = one.communicate()[0]
        if i != 2 and not answer.startswith(b"\x1f\x8b"):
            fail("asked together: %r" % answer[:200])


with tempfile.TemporaryDirectory() as work:
    program = start(work, PPROF_HEAP_RATE="8k")
    check_shapes(work)
    text = get(work, "retained?debug=1").decode()
    if not text.startswith("retained profile:") or "thread-local retained_host+0x" not in text:
        fail("the text form")
    if os.path.exists("/proc/self/task/%d/children" % os.getpid()):
        check_killed(work, program)
    check_turns(work)
    end(program)
    check_containers(work)
    check_copies(work)
    check_refusal(work, r"switched off", PPROF_RETAIN_PAUSE="0")
    check_refusal(work, r"stand still for about \d+ ms", PPROF_RETAIN_PAUSE="1")
    check_refusal(work, r"limit of memory: \d+ MiB left", room=32 << 20)
    check_refusal(work, r"allocator are not known.* set PPROF_HEAP_RATE=1",
                  libraries=preload + ":" + other_malloc)
    for allocator in "libjemalloc.so.2", "libtcmalloc.so.4", "libmimalloc.so.2":
        check_allocator(work, allocator)
if not failed:
    print("holders are right")
sys.exit(failed)
