"""The product as installed: libraries, header, pkg-config and CMake packages, used by programs that
are compiled outside of the tree.    usage: install.py BUILD_FOLDER CC CXX CMAKE"""
import glob
import os
import re
import shutil
import sys

import harness
from harness import SOURCE, Program, check, run, same
from proto_reader import Profile

CC, CXX, CMAKE = sys.argv[2:5]
APP = os.path.join(SOURCE, "tests", "interop", "app")
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-g"]
HELD = 20000 * 500  # bytes, as in app.c
prefix = os.path.join(harness.work, "prefix")


def installed(pattern):
    """The one installed file that matches."""
    found = glob.glob(os.path.join(prefix, pattern), recursive=True)
    if not check(len(found) == 1, "one " + pattern + " is installed", found):
        harness.finish()
    return found[0]


def works(command, **more):
    result = run(*command, timeout=120, **more)
    if not check(result.status == 0, " ".join(command), result.messages + result.text):
        harness.finish()
    return result.text


def moved():
    """Installs in one folder, then moves all of it: nothing may remember where it was."""
    first = os.path.join(harness.work, "first")
    works([CMAKE, "--install", harness.BUILD, "--prefix", first])
    shutil.move(first, prefix)


def package_flags(*options):
    """What pkg-config says, as arguments."""
    return works(["pkg-config", *options, "libpprof"], env={
        "PKG_CONFIG_PATH": os.path.dirname(installed("**/libpprof.pc"))}).split()


def profiled(binary):
    """The program serves; the installed tool names who holds the memory, and how much."""
    what = os.path.basename(binary)
    libraries = os.path.dirname(installed("**/libpprof.a"))
    app = Program(binary, env={"LD_LIBRARY_PATH": libraries})
    url = app.wait_for(r"serving (http://127.0.0.1:\d+)\n") + "/debug/pprof/heap"
    top = run(installed("bin/pprof"), "-top", "-unit=B", url)
    rows = harness.top_rows(top.text)
    if check(top.status == 0 and "keep_memory" in rows, what + ": -top", top.text + top.messages):
        held = rows["keep_memory"][0]
        check(abs(held - HELD) < .05 * HELD, "%s: %d bytes of %d" % (what, held, HELD))
    wrong = Profile(harness.get(url)[2]).check()
    check(not wrong, what + ": profile", "\n".join(wrong))
    app.process.stdin.close()
    same(app.process.wait(harness.TIMEOUT), 0, what + ": ends by itself")
    return works(["readelf", "-d", binary])


def programs_of_others():
    """Each way to link, and that it is the way that was asked for."""
    flags = package_flags("--cflags", "--libs")
    c, cxx, archive = (os.path.join(harness.work, n) for n in ("app_c", "app_cxx", "app_archive"))
    works([CC, "-std=c99", *STRICT, APP + "/app.c", "-o", c, *flags])
    works([CXX, "-std=c++11", *STRICT, "-x", "c++", APP + "/app.c", "-x", "none", "-o", cxx,
           *flags])
    works([CC, "-std=c99", *STRICT, APP + "/app.c", *package_flags("--cflags"), "-o", archive,
           installed("**/libpprof.a")])
    for kind in ("-static", "-static-pie"):
        refused = run(CC, kind, APP + "/app.c", *package_flags("--cflags"), "-o", archive + kind,
                      installed("**/libpprof.a"))
        check(refused.status != 0 and "static_programs_have_no_next_malloc" in refused.messages,
              kind + " says why it cannot be", refused.messages)
    build = os.path.join(harness.work, "build")
    works([CMAKE, "-S", APP, "-B", build, "-DCMAKE_PREFIX_PATH=" + prefix,
           "-DCMAKE_C_COMPILER=" + CC, "-DCMAKE_BUILD_TYPE=RelWithDebInfo"])
    works([CMAKE, "--build", build])
    for binary in (c, cxx, build + "/app_shared"):
        check("[libpprof.so.0]" in profiled(binary), binary + " asks for the library by its SONAME")
    for binary in (archive, build + "/app_static"):
        check("libpprof" not in profiled(binary), binary + " has the library in it")


def header_alone():
    """Included first and twice, in the oldest languages that can read it."""
    header = installed("include/pprof/pprof.h")
    text = '#include "%s"\n#include "%s"\nint main(void) { return 0; }\n' % (header, header)
    source = harness.write("header.c", text.encode())
    compilers = [(CC, "gnu89", "c"), (CC, "c99", "c"), (CC, "c17", "c"), (CXX, "c++98", "c++"),
                 (CXX, "c++11", "c++"), (CXX, "c++17", "c++")]
    if shutil.which("clang"):
        compilers += [("clang", "c99", "c"), ("clang", "c++11", "c++")]
    for compiler, standard, language in compilers:
        works([compiler, "-std=" + standard, *STRICT, "-Wshadow", "-Wconversion", "-fsyntax-only",
               "-x", language, source])


def symbols():
    """The libraries export what the version script says, under its version, and nothing else."""
    shared, archive = installed("**/libpprof.so"), installed("**/libpprof.a")
    dynamic = works(["readelf", "-d", shared])
    same(re.findall(r"SONAME.*\[(.*)\]", dynamic), ["libpprof.so.0"], "SONAME")
    check(os.path.islink(shared) and os.path.exists(os.path.dirname(shared) + "/libpprof.so.0"),
          "links beside the library")
    same(set(re.findall(r"NEEDED.*\[(\D+?)[.-]", dynamic)) - {"libc", "ld"}, set(),
         "libraries it needs besides libc's")
    script = harness.read(SOURCE + "/src/runtime/libpprof.map").decode()
    public = set(re.findall(r"^\t(pprof_\w+);$", script, re.M))
    check(len(public) > 5, "functions in the version script", script)
    for library in (shared, installed("**/libpprof_preload.so")):
        names = works(["nm", "-D", "--defined-only", library])
        versioned = set(re.findall(r" T (\w+)@@LIBPPROF_0\.1$", names, re.M))
        same(versioned, public, "versioned symbols of " + os.path.basename(library))
    works(["sh", SOURCE + "/tools/check-exports.sh", shared, installed("**/libpprof_preload.so"),
           archive], cwd=SOURCE)


def tool():
    """The installed tool finds the library to preload, and its papers are there."""
    out = os.path.join(harness.work, "ls.pb.gz")
    result = run(installed("bin/pprof"), "run", "-quiet", "-o", out, "ls", "/", env={
        "PPROF_HEAP_RATE": "1"})
    same((result.status, result.messages), (0, ""), "pprof run ls")
    same(Profile(harness.read(out)).check(), [], "its profile")
    for paper in ("share/man/man1/pprof.1", "share/bash-completion/completions/pprof",
                  "share/zsh/site-functions/_pprof", "share/fish/vendor_completions.d/pprof.fish"):
        check(os.path.getsize(installed(paper)) > 500, paper + " has a text")


harness.need("pkg-config", "readelf", "nm")
moved()
same(package_flags("--modversion"), re.findall(
    r"libpprof VERSION (\S+)", harness.read(SOURCE + "/CMakeLists.txt").decode()), "version")
header_alone()
programs_of_others()
symbols()
tool()
harness.finish()
