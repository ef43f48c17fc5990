#!/bin/bash
# preload.sh LIBPPROF_PRELOAD HOST: programs behave the same with the preloaded runtime, and it does
# what the environment asks for. HOST is preload_host. Needs nothing installed: what is missing is
# skipped with a line.
set -u
preload=$1
host=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
unset PPROF_ADDR PPROF_OUT PPROF_HEAP_RATE PPROF_NOTIFY_FD PPROF_PID

fail() { echo "FAIL: $*"; failed=1; }

# same NAME COMMAND...: stdout, stderr and exit status as without us, at several rates.
same() {
	local name=$1 rate status want all=
	shift
	if ! command -v "$1" >/dev/null 2>&1; then
		echo "skip: $1 is not installed"
		return
	fi
	"$@" >"$work/want" 2>"$work/want.err" </dev/null
	want=$?
	for rate in 1 64 524288; do
		# The last time with everything else switched on.
		[ $rate != 524288 ] || all="PPROF_BLOCK_RATE=1 PPROF_MUTEX_FRACTION=1 PPROF_BLOCK_IO=1
			PPROF_FD=1 PPROF_MMAP=1"
		# shellcheck disable=SC2086
		env ${all:-} PPROF_HEAP_RATE=$rate PPROF_ADDR=127.0.0.1:0 LD_PRELOAD=$preload \
			timeout 120 "$@" >"$work/got" 2>"$work/got.err" </dev/null
		status=$?
		if [ $status != $want ] || ! cmp -s "$work/want" "$work/got" ||
			! cmp -s "$work/want.err" "$work/got.err"; then
			fail "$name at rate $rate: status $status, wanted $want"
			diff "$work/want.err" "$work/got.err" | head -5
		fi
	done
	echo "same: $name"
}

gunzip_size() { gzip -dc "$1" | wc -c; }

# profile FILE: it is there, whole, and nothing temporary is left beside it.
profile() {
	if ! gzip -t "$1" 2>/dev/null || [ "$(gunzip_size "$1")" -lt 100 ]; then
		fail "$1 is no profile"
	fi
	if compgen -G "$1.tmp.*" >/dev/null; then fail "$1 left a temporary file"; fi
}

same "awkward moments" "$host"
same "fork" "$host" fork
same "exec" "$host" exec
same "python3" python3 -S -c 'import json; print(json.dumps([{"k": i} for i in range(3000)]))'
same "sqlite3" sqlite3 :memory: 'create table t(a,b);
	with recursive n(i) as (select 1 union all select i+1 from n where i<20000)
	insert into t select i, hex(i*7919) from n; select count(*), sum(length(b)) from t;
	select b from t order by b desc limit 3;'
same "perl" perl -e 'my %h; $h{$_ % 977} .= "x$_" for 1..20000; print length(join "", values %h)'
same "git" git --version
same "sh" sh -c 'for i in 1 2 3; do echo $(echo $i); done; exit 3'
same "sort" sort --parallel=4 /etc/services
same "a missing file" cat /nonexistent/file

# A last profile at exit; children write none unless the name tells processes apart.
PPROF_OUT=$work/a.pb.gz PPROF_HEAP_RATE=1 LD_PRELOAD=$preload "$host" fork >/dev/null
profile "$work/a.pb.gz"
PPROF_OUT=$work/c.pb.gz LD_PRELOAD=$preload sh -c "$host; exec $host exec" >/dev/null
profile "$work/c.pb.gz"
others=$(find "$work" -name '[ac].pb.gz.*' | wc -l)
[ "$others" = 0 ] || fail "children wrote $others files that nobody asked for"
PPROF_OUT=$work/d.%p.pb.gz PPROF_HEAP_RATE=1 LD_PRELOAD=$preload "$host" fork >/dev/null
[ "$(find "$work" -name 'd.[0-9]*.pb.gz' | wc -l)" = 2 ] || fail "%p in PPROF_OUT of a child"
PPROF_OUT=$work/b.%p.pb.gz LD_PRELOAD=$preload "$host" >/dev/null
[ "$(find "$work" -name 'b.[0-9]*.pb.gz' | wc -l)" = 1 ] || fail "%p in PPROF_OUT"
PPROF_OUT=/nonexistent/x LD_PRELOAD=$preload "$host" >/dev/null || fail "an unwritable PPROF_OUT"

# The pipe that pprof run reads: one line, then its end; the program does not see the variable.
notify() {
	# Descriptor 9 is the pipe; fd 3 keeps the program's own output apart.
	{ PPROF_NOTIFY_FD=9 LD_PRELOAD=$preload "$@" 9>&1 >&3 3>&-; } 3>"$work/notify.out" |
		timeout 120 cat
}
line=$(PPROF_ADDR=127.0.0.1:0 notify "$host")
[[ $line =~ ^http://127\.0\.0\.1:[0-9]+/debug/pprof/$ ]] || fail "notified '$line'"
[ "$(cat "$work/notify.out")" = "done " ] || fail "the program saw PPROF_NOTIFY_FD"
line=$(PPROF_ADDR=0.0.0.0:0 notify "$host")
[[ $line == error:*PPROF_TOKEN_FILE* ]] || fail "refused address notified '$line'"
line=$(PPROF_ADDR=unix:$work/s notify "$host")
[ "$line" = "unix:$work/s:/debug/pprof/" ] || fail "unix socket notified '$line'"
[ -e "$work/s" ] && fail "the unix socket's file is left"
# A program that becomes another serves at the same place; its children do not serve.
if command -v curl >/dev/null 2>&1; then
	mkfifo "$work/hold2" "$work/url2"
	PPROF_ADDR=127.0.0.1:0 PPROF_NOTIFY_FD=9 LD_PRELOAD=$preload sh -c \
		"env -u LD_PRELOAD true; exec sh -c 'sh -c \"read x\"; true'" \
		<"$work/hold2" 9>"$work/url2" &
	exec 8>"$work/hold2"
	read -r url <"$work/url2"
	# It has become the other when that one's child waits.
	for _ in $(seq 600); do
		inner=$(cat "/proc/$!/task/$!/children" 2>/dev/null)
		inner=${inner%% *}
		[ -n "$inner" ] && [ "$(tr '\0' ' ' <"/proc/$inner/cmdline")" = "sh -c read x " ] && break
		sleep 0.1
	done
	curl -s "${url}heap" | gzip -t 2>/dev/null || fail "no endpoint after exec at $url"
	grep -qx pprof "/proc/$!"/task/*/comm || fail "no thread serves"
	if [ -n "$inner" ] && grep -qx pprof "/proc/$inner"/task/*/comm 2>/dev/null; then
		fail "a child serves too"
	fi
	echo >&8
	exec 8>&-
	wait
fi
# A file that happens to have that number is left alone.
PPROF_ADDR=127.0.0.1:0 PPROF_NOTIFY_FD=9 LD_PRELOAD=$preload "$host" 9>"$work/file" >/dev/null
[ -s "$work/file" ] && fail "wrote to a file that is no pipe"
# Nobody reading.
PPROF_ADDR=127.0.0.1:0 PPROF_NOTIFY_FD=9 LD_PRELOAD=$preload "$host" 9> >(exec true) >/dev/null ||
	fail "a closed pipe stopped the program"

# Addresses that others can reach: only with a token, which every request must have.
if command -v curl >/dev/null 2>&1; then
	echo "s3cret" >"$work/token"
	mkfifo "$work/hold" "$work/url"
	PPROF_ADDR=0.0.0.0:0 PPROF_TOKEN_FILE=$work/token PPROF_NOTIFY_FD=9 LD_PRELOAD=$preload \
		sh -c 'read x' <"$work/hold" 9>"$work/url" &
	exec 8>"$work/hold"
	read -r url <"$work/url"
	url=${url/0.0.0.0/127.0.0.1}
	code() { curl -s -o /dev/null -w '%{http_code}' "$@"; }
	[ "$(code "$url")" = 401 ] || fail "no token: $(code "$url")"
	[ "$(code -H 'Authorization: Bearer wrong' "$url")" = 401 ] || fail "wrong token"
	[ "$(code -H 'Authorization: Bearer s3cre' "$url")" = 401 ] || fail "part of the token"
	[ "$(code -H 'Authorization: Bearer s3cret' "$url")" = 200 ] || fail "right token"
	echo >&8
	exec 8>&-
	wait
fi

# Little address space: the program lives, profiled with small tables or not at all.
for limit in 20000 60000 100000; do
	(ulimit -v $limit && exec "$host") >"$work/want" 2>&1
	want=$?
	(ulimit -v $limit && PPROF_ADDR=127.0.0.1:0 LD_PRELOAD=$preload exec "$host") \
		>"$work/got" 2>&1
	status=$?
	[ $status = $want ] && cmp -s "$work/want" "$work/got" ||
		fail "address space of $limit KB: status $status, wanted $want"
done

# go tool pprof reads what we write.
if command -v go >/dev/null 2>&1 && go tool pprof -h >/dev/null 2>&1; then
	top=$(go tool pprof -top "$work/a.pb.gz" 2>&1)
	[[ $top == *"Type: inuse_space"* && $top == *leak* ]] || fail "go tool pprof: $top"
	raw=$(go tool pprof -raw "$work/a.pb.gz" 2>&1)
	[[ $raw == *"PeriodType: space bytes"* && $raw == *"Period: 1"* ]] || fail "raw: $raw"
	# The text form, fetched from a live process.
	mkfifo "$work/pipe"
	PPROF_ADDR=unix:$work/live PPROF_HEAP_RATE=4096 LD_PRELOAD=$preload sh -c 'read x' \
		<"$work/pipe" &
	exec 8>"$work/pipe"
	if command -v curl >/dev/null 2>&1; then
		for _ in $(seq 300); do
			curl -s --unix-socket "$work/live" -o "$work/text" \
				'http://localhost/debug/pprof/heap?debug=1' && break
			sleep 0.2
		done
		top=$(go tool pprof -top "$work/text" 2>&1)
		[[ $top == *"Type: "*space*"nodes accounting for"* ]] || fail "text form: $top"
	fi
	echo >&8
	exec 8>&-
	wait
else
	echo "skip: go tool pprof is not installed"
fi
exit $failed
