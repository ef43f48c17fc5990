#!/bin/sh
# Installs the Debian packages that building and testing need and that this machine lacks.
# usage: setup.sh [--peers]    --peers adds the programs that bench and interop tests compare with
# Asks the package manager only when something is missing, so a second run needs no network.
set -eu

base="gcc g++ make cmake pkg-config libc6-dev libdeflate-dev libisal-dev libzstd-dev libpcre2-dev
libcurl4-openssl-dev libmicrohttpd-dev libedit-dev libelf-dev libdw-dev liblzma-dev libiberty-dev libcapstone-dev
libjansson-dev libcmocka-dev nodejs npm python3 binutils"
tests="libevent-dev chromium graphviz sqlite3 curl clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev llvm-14
dwz xz-utils"
peers="golang-go libjemalloc2 libmimalloc2.0 libgoogle-perftools4 google-perftools libunwind-dev heaptrack
redis-server redis-tools memcached nginx-light git libc6-dbg"

wanted="$base $tests"
[ "${1:-}" = --peers ] && wanted="$wanted $peers"

if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "setup: this is not a Debian system; please install the equivalents of:" >&2
	echo "$wanted" >&2
	command -v cmake >/dev/null 2>&1 && command -v cc >/dev/null 2>&1 && exit 0
	exit 1
fi

# A program already on the PATH counts, however it was installed (node and npm often are not apt's).
has() {
	case $1 in
	nodejs) command -v node >/dev/null 2>&1 && return 0 ;;
	npm | cmake | make | python3 | curl) command -v "$1" >/dev/null 2>&1 && return 0 ;;
	esac
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=
for package in $wanted; do
	has "$package" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

run=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "setup: these packages are missing and there is no sudo:$missing" >&2
		exit 1
	fi
	run=sudo
fi
echo "setup: installing$missing" >&2
$run apt-get update -qq
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
