#!/bin/bash
# state.sh PPROF LIBPPROF_PRELOAD STATE_HOST: state files as people meet them: what `pprof run -state`
# says, lists and removes, what a source may be, and what happens to the files of others.
set -u
pprof=$1
preload=$2
host=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
unset PPROF_ADDR PPROF_OUT PPROF_HEAP_RATE PPROF_NOTIFY_FD PPROF_PID PPROF_STATE PPROF_STATE_KEEP
export PPROF_PRELOAD=$preload PPROF_TMPDIR=$work/tmp
dir=$work/states

fail() { echo "FAIL: $*"; failed=1; }
count() { find "$dir" -name '*.state' | wc -l; }

# A command that is killed: its status, and where its profile is.
said=$("$pprof" run -state "$dir" -rate 1 -- "$host" keep - die 2>&1)
status=$?
[ $status = 137 ] || fail "status $status of a killed command"
file=$(find "$dir" -name '*.state')
[[ $said == *"the last heap profile of process "*", state_host: $file"* ]] || fail "said: $said"
[ "$(stat -c %a "$file")" = 600 ] || fail "others can read $file"
# It reads like any profile.
top=$("$pprof" -top "$file" 2>&1)
[[ $top == *"File: state_host"*"Type: inuse_space"*"keep"* ]] || fail "top: $top"
[[ $top == *"State of process "* ]] || fail "no process in: $top"
objects=$("$pprof" -top -sample_index=inuse_objects -unit=count "$file" 2>/dev/null |
	awk '$6 == "keep" { print $1 }')
[ "$objects" = 1000 ] || fail "$objects objects by keep"
# So does its directory, saying what it stands for.
said=$("$pprof" -top "$dir" 2>&1)
[[ $said == *"reading the newest state file, $file"*"Type: inuse_space"* ]] || fail "dir: $said"
"$pprof" -proto -output="$work/p.pb.gz" "$file" >/dev/null 2>&1
again=$("$pprof" -top "$work/p.pb.gz" 2>/dev/null)
[ "$again" = "$("$pprof" -top "$file" 2>/dev/null)" ] || fail "saved and read again: $again"

# The list; then the command that ends well, which leaves nothing and is not spoken of.
list=$("$pprof" run -state "$dir" -list)
[[ $list == *" gone "*"$file"*"$host"* ]] || fail "list: $list"
said=$("$pprof" run -state "$dir" -- "$host" keep - 2>&1)
[[ $said != *"last heap profile"* ]] || fail "spoke of a clean end: $said"
[ "$(count)" = 1 ] || fail "$(count) files"

# Running, and a program without the library in place of one with it.
PPROF_STATE=$dir PPROF_HEAP_RATE=4096 LD_PRELOAD=$preload "$host" run "$work/shared" &
running=$!
PPROF_STATE=$dir PPROF_HEAP_RATE=1 LD_PRELOAD=$preload env -u LD_PRELOAD sleep 300 &
replaced=$!
trap 'kill -9 $running $replaced 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 600); do
	list=$("$pprof" run -state "$dir" -list)
	[[ $list =~ \ $running\ running && $list =~ \ $replaced\ replaced ]] && break
	sleep 0.1
done
[[ $list =~ \ $running\ running ]] || fail "$running is not running: $list"
[[ $list =~ \ $replaced\ replaced ]] || fail "$replaced is not replaced: $list"
top=$("$pprof" -top "$dir/$running.state" 2>&1)
[[ $top == *replace* ]] || fail "of a running process: $top"
"$pprof" run -state "$dir" -expire 0s -list >/dev/null 2>"$work/said"
grep -q "removed 1 old state" "$work/said" || fail "expire: $(cat "$work/said")"
[ -e "$dir/$running.state" ] || fail "the file of a running process was removed"
kill -9 $running $replaced
wait $running $replaced 2>/dev/null
"$pprof" run -state "$dir" -expire 1h 2>/dev/null
[ "$(count)" = 2 ] || fail "young files were removed"
"$pprof" run -state "$dir" -expire 0s 2>/dev/null
[ "$(count)" = 0 ] || fail "old files were not removed"
"$pprof" run -state "$dir" -expire soon 2>/dev/null && fail "no such age"
"$pprof" run -list 2>/dev/null && fail "a list of nothing"

# Exec: the file is of what the process is in the end.
"$pprof" run -quiet -state "$dir" -rate 1 -- sh -c "exec $host keep - die" 2>/dev/null
list=$("$pprof" run -state "$dir" -list)
[[ $list == *"$host"* && $(count) = 1 ]] || fail "after exec: $list"
dead=$(find "$dir" -name '*.state')
# Another process with the number of one that is gone keeps that one's file, under another name.
cp "$dead" "$work/old"
"$pprof" run -quiet -state "$dir" -expire 0s -- true 2>/dev/null
pid=$(sh -c "echo \$\$; cp $work/old $dir/\$\$.state
	exec env LD_PRELOAD=$preload PPROF_STATE=$dir $host keep -")
[ ! -e "$dir/$pid.state" ] && [ "$(count)" = 1 ] || fail "the file of a former process: $(ls "$dir")"
aside=$(find "$dir" -name '*.state')
[[ $aside =~ /[0-9]+\.[0-9]+\.state$ ]] && cmp -s "$aside" "$work/old" || fail "aside: $aside"
# What is no state file is left alone, and the program runs without one.
pid=$(sh -c "echo \$\$; echo mine > $dir/\$\$.state
	exec env LD_PRELOAD=$preload PPROF_STATE=$dir $host keep -")
[ "$(cat "$dir/$pid.state")" = mine ] || fail "a file that is not ours was replaced"
rm "$dir/$pid.state"
[ "$(find "$dir" -name '.*.tmp' | wc -l)" = 0 ] || fail "a temporary file is left"

# Old files do not pile up.
for i in $(seq 40); do cp --sparse=always "$work/old" "$dir/7.$i.state"; done
PPROF_STATE=$dir LD_PRELOAD=$preload "$host" keep -
[ "$(count)" = 32 ] || fail "$(count) old files are kept"

# One sentence for what is damaged.
sentence() {
	"$pprof" -top "$1" >"$work/out" 2>&1 && fail "read $2"
	grep -q "$3" "$work/out" && [ "$(grep -vc 'failed to fetch' "$work/out")" = 1 ] ||
		fail "$2: $(cat "$work/out")"
}
head -c 500 "$work/old" >"$work/cut"
sentence "$work/cut" "part of a head" "cut off"
head -c 300000 "$work/old" >"$work/cut"
sentence "$work/cut" "a head" "cut off"
(head -c 12 "$work/old"; printf '\xff'; tail -c +14 "$work/old" | head -c 1000000) >"$work/cut"
sentence "$work/cut" "another version" "another version"
mkdir "$work/empty"
sentence "$work/empty" "an empty directory" "read $work/empty: is a directory"

# Said at once when there can be none.
said=$("$pprof" run -state /proc -- "$host" keep - 2>&1)
[[ $said == *"warning: no state file"* ]] || fail "no warning: $said"
exit $failed
