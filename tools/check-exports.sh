#!/bin/sh
# check-exports.sh LIBRARY.so... LIBRARY.a: each defines exactly the public functions of the
# version script and the interposed functions, nothing else; and takes no more static
# thread-local storage than dlopen has left. Runs as a test.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

interposed=$here/src/runtime/interposed.txt
awk '$2 == "all" { print $1 }' "$interposed" >"$work/hooks"
awk '$2 == "preload" { print $1 }' "$interposed" >"$work/preload"
sed -n 's/^\t\(pprof_[a-z_]*\);$/\1/p' "$here/src/runtime/libpprof.map" >"$work/public"
# Every public function of the header is in the version script, and the other way round.
grep -o 'pprof_[a-z_]*(' "$here/include/pprof/pprof.h" | tr -d '(' | sort -u >"$work/header"
sort "$work/public" | diff "$work/header" - || {
	echo "pprof.h (left) and libpprof.map (right) differ"
	exit 1
}
# C++ operators: in the shared libraries only, see hook_new.c.
sed -n 's/^\tX([a-z_]*, "\(_Z[^"]*\)".*/\1/p' "$here/src/runtime/cxx_next.h" >"$work/operators"
[ "$(wc -l <"$work/operators")" = 20 ] || {
	echo "cxx_next.h does not name 20 operators"
	exit 1
}
status=0
for library in "$@"; do
	case $library in
	*.a) sort "$work/public" "$work/hooks" ;;
	*_preload.so) sort "$work/public" "$work/hooks" "$work/operators" "$work/preload" ;;
	*) sort "$work/public" "$work/hooks" "$work/operators" ;;
	esac >"$work/want"
	case $library in
	*.a) nm -g --defined-only "$library" ;;
	*) nm -D --defined-only "$library" | grep -v ' A ' ;;
	esac | awk 'NF == 3 { sub(/@.*/, "", $3); print $3 }' | sort >"$work/got"
	if ! diff "$work/want" "$work/got"; then
		echo "$library does not export what it should (left: wanted, right: found)"
		status=1
	fi
	case $library in *.a) continue ;; esac
	tls=$(readelf -lW "$library" | awk '$1 == "TLS" { print $6 }')
	if [ $((${tls:-0x0})) -gt 512 ]; then
		echo "$library has $((tls)) bytes of thread-local storage, more than 512"
		status=1
	fi
done
exit $status
