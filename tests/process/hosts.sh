#!/bin/bash
# hosts.sh PPROF LIBPPROF_PRELOAD [LOAD]: programs of the world under a bounded load, with and without
# the runtime: the same answers, the same exit status, and a heap profile that pprof reads. LOAD is
# how many times more of it (1). Servers listen on Unix sockets in a temporary directory only. What
# is not installed is skipped with a line.
set -u
pprof=$(realpath "$1")
preload=$(realpath "$2")
load=${3:-1}
work=$(mktemp -d)
server=
# By its number only, and gone before the directory is.
trap '[ -n "$server" ] && kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT
failed=0
for name in $(env | sed -n 's/^\(PPROF_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done

fail() { echo "FAIL: $*"; failed=1; }
has() { command -v "$1" >/dev/null 2>&1 || { echo "skip: $1 is not installed"; return 1; }; }

# profile FILE NAME: pprof reads it, and there is something in it.
profile() {
	local top
	top=$("$pprof" -top -sample_index=alloc_space "$1" 2>&1) ||
		fail "$2: pprof cannot read the profile: $top"
	[ "$(wc -l <<<"$top")" -gt 6 ] || fail "$2: an empty profile: $top"
}

# runtime COMMAND...: with the runtime in it when $with is set.
runtime() {
	if [ -n "$with" ]; then
		exec env PPROF_HEAP_RATE=4096 PPROF_ADDR="unix:$work/pprof" \
			PPROF_OUT="$work/profile" LD_PRELOAD="$preload" "$@"
	else
		exec "$@"
	fi
}

# both NAME FUNCTION: runs the function without and with the runtime; compares what it prints.
both() {
	local name=$1 before=$failed
	failed=0
	for with in "" yes; do
		rm -rf "$work/run" "$work/profile"
		mkdir "$work/run"
		(cd "$work/run" && $2) >"$work/out.$with" 2>&1
		echo "status $?" >>"$work/out.$with"
	done
	cmp -s "$work/out." "$work/out.yes" || {
		fail "$name differs"
		diff "$work/out." "$work/out.yes" | head -5
	}
	profile "$work/profile" "$name"
	[ $failed = 0 ] && echo "same: $name"
	[ "$before" = 0 ] || failed=1
}

# await COMMAND...: until it succeeds; false after a minute.
await() {
	for _ in $(seq 600); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	return 1
}

# asked_profile: the profile of a server that runs, which is what the endpoint is for.
asked_profile() {
	[ -n "$with" ] || return 0
	command -v curl >/dev/null 2>&1 || return 0
	curl -s --unix-socket "$work/pprof" -o "$work/asked" \
		'http://localhost/debug/pprof/heap' && "$pprof" -top "$work/asked" >/dev/null 2>&1 ||
		echo "no profile while it ran"
}

# stop SIGNAL: ends the server and says how it ended.
stop() {
	kill "-$1" "$server"
	wait "$server"
	echo "server ended with $?"
	server=
}

run_sqlite3() {
	(runtime sqlite3 t.db) <<-END
		create table t(a integer primary key, b text);
		begin;
		with recursive n(i) as (select 1 union all select i+1 from n where i < $((20000 * load)))
		insert into t select i, hex(i * 7919) || 'x' from n;
		commit;
		create index i on t(b);
		select count(*), sum(length(b)), max(b) from t;
		select substr(b, 1, 2) as k, count(*) from t group by k order by k;
		delete from t where a % 3 = 0;
		vacuum;
		select count(*) from t;
		select * from missing;
	END
}

run_python3() {
	(PYTHONMALLOC=malloc runtime "$(python3 -c 'import sys; print(sys.executable)')" -c "
import json, re, sys, threading, hashlib, subprocess
def work(n, out):
    d = {str(i): [i] * (i % 7) for i in range(n)}
    text = json.dumps(d, sort_keys=True)
    out.append(hashlib.sha256(text.encode()).hexdigest() + str(len(re.findall('[0-9]+', text))))
out = []
threads = [threading.Thread(target=work, args=(4000 * $load, out)) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print(out)
print(subprocess.run(['sh', '-c', 'echo child; exit 3'], capture_output=True))
sys.exit(7)
")
}

run_node() {
	(runtime "$(command -v node)" -e "
const keep = new Map();
for (let i = 0; i < 50000 * $load; i++) keep.set('k' + i % 5000, Buffer.alloc(200 + i % 100, i));
const z = require('zlib');
const text = Buffer.from([...keep.keys()].join(','));
z.gzip(text, (e, b) => z.gunzip(b, (e, back) => console.log(back.equals(text), keep.size)));
process.on('exit', () => process.exitCode = 5);
")
}

run_git() {
	export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 HOME=$work/run
	(runtime git init -q -b main repo) && cd repo || return
	for i in $(seq $((20 * load))); do seq "$i" $((i * 50)) >"file$i"; done
	(runtime git add .)
	(runtime git commit -q -m first)
	for i in $(seq 5); do
		seq $((i * 3)) >>"file$i"
		(runtime git commit -q -a -m "change $i")
	done
	(runtime git gc -q --prune=now)
	(runtime git log --stat --format='%H %s')
	(runtime git fsck --full)
	(runtime git checkout nowhere)
}

run_redis() {
	local cli="redis-cli -s $work/redis"
	(runtime redis-server --port 0 --unixsocket "$work/redis" --save '' --appendonly no \
		--dir "$work/run" --logfile "$work/run/log") &
	server=$!
	await $cli ping || { echo "redis does not answer"; stop KILL; return 1; }
	redis-benchmark -s "$work/redis" -n $((4000 * load)) -c 20 -d 300 -q \
		-t set,get,incr,lpush,rpop,sadd,hset,mset >/dev/null || echo "the benchmark failed"
	$cli flushall
	for i in $(seq 300); do
		echo "set key:$i $(printf "%0$((i * 3))d" 7)"
		echo "rpush list $i"
		echo "zadd sorted $((i * 37 % 101)) m$i"
	done | $cli >/dev/null
	$cli dbsize
	$cli lrange list 0 -1 | cksum
	$cli zrange sorted 0 -1 withscores | cksum
	$cli config set maxmemory 100
	$cli save
	asked_profile
	stop TERM
}

run_memcached() {
	local user=
	[ "$(id -u)" = 0 ] && user="-u root"
	(runtime memcached $user -s "$work/memcached" -t 4 -m 16) &
	server=$!
	await test -S "$work/memcached"
	python3 -c "
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect('$work/memcached')
f = s.makefile('rwb')
def ask(line, body=None):
    f.write(line.encode() + b'\r\n' + (body + b'\r\n' if body is not None else b''))
    f.flush()
    return f.readline()
stored = sum(ask('set k%d 0 0 %d' % (i % 3000, i % 900), b'v' * (i % 900)) == b'STORED\r\n'
    for i in range(10000 * $load))
print(stored)
for i in range(0, 3000, 7):
    print(ask('get k%d' % i)); print(len(f.readline())); f.readline()
print(ask('flush_all'))
"
	asked_profile
	stop TERM
}

run_nginx() {
	cat >"$work/run/conf" <<-END
		daemon off;
		worker_processes 2;
		pid $work/run/pid;
		error_log $work/run/log;
		$([ "$(id -u)" = 0 ] && echo "user root;")
		events { worker_connections 64; }
		http {
			access_log $work/run/access;
			client_body_temp_path $work/run/a;
			proxy_temp_path $work/run/b;
			fastcgi_temp_path $work/run/c;
			uwsgi_temp_path $work/run/d;
			scgi_temp_path $work/run/e;
			gzip on;
			gzip_min_length 1;
			gzip_types *;
			server {
				listen unix:$work/nginx;
				root $work/run/www;
			}
		}
	END
	mkdir www
	seq 20000 >www/numbers
	rm -f "$work/nginx"
	(runtime "$(PATH=$PATH:/usr/sbin command -v nginx)" -c "$work/run/conf" -p "$work/run") &
	server=$!
	get() { curl -s --unix-socket "$work/nginx" "$@"; }
	await get http://h/numbers || echo "nginx does not answer"
	for _ in $(seq $((100 * load))); do get --compressed http://h/numbers; done | cksum
	get -o /dev/null -w '%{http_code}\n' http://h/missing
	kill -HUP "$server"
	await get http://h/numbers
	get http://h/numbers | cksum
	asked_profile
	stop QUIT
}

has sqlite3 && both sqlite3 run_sqlite3
has python3 && both python3 run_python3
has node && both node run_node
has git && both git run_git
has redis-server && has redis-benchmark && both redis run_redis
has memcached && has python3 && both memcached run_memcached
PATH=$PATH:/usr/sbin has nginx && has curl && both nginx run_nginx
exit $failed
