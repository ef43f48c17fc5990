#!/bin/bash
# dump.sh LIBPPROF_PRELOAD DUMP_HOST: heap profiles on a signal and near the end of memory.
set -u
preload=$1
host=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
cd "$work" || exit 1
for name in $(env | sed -n 's/^\(PPROF_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
export LD_PRELOAD=

fail() { echo "FAIL: $*"; failed=1; }

# profile FILE: whole, and with something in it.
profile() {
	if ! gzip -t "$1" 2>/dev/null || [ "$(gzip -dc "$1" | wc -c)" -lt 100 ]; then
		fail "$1 is no profile"
	fi
}
# none: no file of ours here.
none() { [ -z "$(ls)" ] || fail "$1: there are files: $(ls)"; rm -rf ./*; }

# On the signal, under the default name, in the directory where it was started.
PPROF_DUMP_SIGNAL=USR2 PPROF_DUMP=a.%n LD_PRELOAD=$preload "$host" signal a.0001 ||
	fail "signal"
profile a.0001
[ "$(ls)" = a.0001 ] || fail "left: $(ls)"
rm -f a.0001
PPROF_DUMP_SIGNAL=12 LD_PRELOAD=$preload "$host" default || fail "default name: no file"
name=$(ls)
[[ $name =~ ^heap\.[0-9]+\.0001\.pb\.gz$ ]] || fail "default name: $name"
profile "$name"
rm -f heap.*
PPROF_DUMP_SIGNAL=SIGUSR2 PPROF_DUMP=$work/b LD_PRELOAD=$preload "$host" busy "$work/b" ||
	fail "signal to a process of sleeping threads"
rm -f b

# The host's own uses of the signal.
[ "$(PPROF_DUMP_SIGNAL=USR2 LD_PRELOAD=$preload "$host" own)" = "seen 12" ] || fail "own handler"
none "own handler"
(trap '' USR2; PPROF_DUMP_SIGNAL=USR2 LD_PRELOAD=$preload exec "$host" plain) >/dev/null ||
	fail "ignored signal"
none "ignored signal"
# Without the variable it is deadly as ever, and so it is in a forked child that has no file of its own;
# one that has (forks.sh) lives.
LD_PRELOAD=$preload "$host" plain 2>/dev/null
[ $? = 140 ] || fail "not asked for"
[ "$(PPROF_DUMP_SIGNAL=USR2 PPROF_DUMP=f LD_PRELOAD=$preload "$host" fork)" = "child: 12" ] ||
	fail "child"
none "child"
[ "$(PPROF_DUMP_SIGNAL=USR2 LD_PRELOAD=$preload "$host" fork)" = "child: 0" ] ||
	fail "child with a file"

# Before memory ends: bytes, and a share of an address space limit. Killed without a chance.
PPROF_DUMP_AT=60M PPROF_DUMP=c LD_PRELOAD=$preload "$host" grow 80 c 2>/dev/null
[ $? = 137 ] || fail "grow to bytes"
profile c
rm -f c
(ulimit -v 600000 && PPROF_DUMP_AT=80% PPROF_DUMP=d LD_PRELOAD=$preload exec "$host" grow 500 d) \
	2>/dev/null
[ $? = 137 ] || fail "grow to a share of the address space"
profile d
rm -f d
# One on crossing, one after that for every 2 %, but not within a minute.
PPROF_DUMP_AT=40M PPROF_DUMP=e.%n LD_PRELOAD=$preload "$host" grow 120 e.0001 2>/dev/null
[ "$(ls)" = e.0001 ] || fail "several within a minute: $(ls)"
rm -f e.*
PPROF_DUMP_AT=40M PPROF_DUMP_EVERY=0 PPROF_DUMP=e.%n LD_PRELOAD=$preload "$host" grow 120 e.0005 \
	2>/dev/null
[ "$(ls | wc -l)" -ge 5 ] || fail "too few: $(ls)"
rm -f e.*
PPROF_DUMP_AT=99% LD_PRELOAD=$preload "$host" own >/dev/null
none "far from the limit"
# Nowhere to write.
PPROF_DUMP_SIGNAL=USR2 PPROF_DUMP=/nonexistent/x LD_PRELOAD=$preload "$host" plain >/dev/null ||
	fail "unwritable"
exit $failed
