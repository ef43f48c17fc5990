#!/bin/sh
# check-sigpath.sh BUILD-DIR: what a malloc hook can reach calls nothing outside but what
# docs/signal-safety.md allows: no malloc, stdio, locks, unwinders of others, loader. Compares the
# undefined symbols of those objects with a list. Runs as a test.
set -eu
build=$1
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Objects whose code runs inside malloc. hook_new.c enters malloc where there is no other operator;
# real.c and modules.c also have functions for ordinary context, which are what their extra symbols
# below are for.
runtime="busy capture contend fds heap_live heap_sample mapranges mem module_snap modules peak real records rt_stats saferead stacksum stacktab
	state state_fork state_modules waiters weight"
# Objects with the handlers of the CPU and thread profiles; ordinary code of theirs is what the
# extra symbols below are for. (None of it is in rt_labels, stackbag and cpu_signal.)
runtime="$runtime rt_labels stackbag cpu_signal cpu_timer futexlock rt_threads sigtake threads_signal"
objects="$build/src/runtime/CMakeFiles/libpprof.dir/hook_malloc.c.o
	$build/src/runtime/CMakeFiles/libpprof.dir/hook_new.c.o
	$build/src/runtime/CMakeFiles/libpprof.dir/hook_pthread.c.o
	$build/src/runtime/CMakeFiles/libpprof.dir/hook_sync.c.o
	$build/src/runtime/CMakeFiles/libpprof_preload.dir/hook_mmap.c.o
	$build/src/runtime/CMakeFiles/libpprof_preload.dir/hook_fd.c.o
	$build/src/runtime/CMakeFiles/libpprof_preload.dir/hook_fd_libc.c.o
	$build/src/runtime/CMakeFiles/libpprof_preload.dir/hook_io.c.o"
for name in $runtime; do
	objects="$objects $build/src/runtime/CMakeFiles/room_runtime.dir/$name.c.o"
done
for name in statefmt elfnote; do
	objects="$objects $build/src/core/CMakeFiles/room_core.dir/$name.c.o"
done
for source in "$here"/src/unwind/*.c; do
	objects="$objects $build/src/unwind/CMakeFiles/room_unwind.dir/$(basename "$source").o"
done

# name objects-it-may-be-in ("*": any)
cat >"$work/allowed" <<'END'
__errno_location *
__stack_chk_fail *
_GLOBAL_OFFSET_TABLE_ *
_DYNAMIC real
__tls_get_addr real
memcpy *
memmove *
memset *
memcmp *
bcmp *
memchr *
strlen *
strchr *
mprotect mem
madvise mem
malloc hook_new
memalign hook_new
free hook_new
clock_gettime heap_sample,peak,contend,cpu_signal
syscall cpu_timer,futexlock,rt_threads,threads_signal
ioctl cpu_timer
fcntl cpu_timer
close cpu_timer,rt_threads
open rt_threads
stat rt_threads,fds
sigfillset futexlock,sigtake
sigprocmask futexlock
sigaction sigtake
getuid threads_signal
nanosleep threads_signal
pthread_attr_getguardsize hook_pthread
pthread_attr_getstack hook_pthread
dlsym hook_pthread
pthread_key_create hook_pthread
pthread_setspecific hook_pthread
getpid hook_pthread
sched_yield peak
nanosleep peak
pthread_self saferead
syscall saferead,mem,hook_mmap,fds
sched_yield mapranges
dlsym hook_mmap,hook_sync,hook_fd,hook_fd_libc,hook_io
dlvsym hook_sync,hook_fd,hook_fd_libc,hook_io
fstat fds
readlink fds
fileno hook_fd
fileno_unlocked hook_fd,hook_fd_libc
__cmsg_nxthdr hook_fd_libc
dirfd hook_fd
pthread_testcancel hook_sync
getauxval saferead,modules
getrlimit saferead
dlsym real,modules
dlerror real
sysconf real
dl_iterate_phdr modules
open modules
read modules
close modules
maps_parse_line modules
maps_path modules
elfnote_build_id_mapped modules,state_modules
elfnote_hex modules,state_modules
strcmp state_modules
getcwd state_modules
sigfillset state_fork
sigprocmask state_fork
END
# Symbols of our own rooms are checked by being in the list of objects, or are the leaves of core.
own='^(rt|rt_.*|unwind_.*|walk_.*|rule_.*|zone_.*|cfi_.*|frame_ptr_.*|memo_.*|str_.*|fmt_.*|statefmt_.*|first_.*|on_.*)$'

status=0
for object in $objects; do
	if [ ! -f "$object" ]; then
		echo "no object $object"
		exit 1
	fi
	name=$(basename "$object" .c.o)
	for symbol in $(nm -u "$object" | awk '{ print $NF }' | sed 's/@.*//' | grep -Ev "$own"); do
		if ! awk -v s="$symbol" -v o="$name" '
			$1 == s { n = split($2, where, ",")
				for (i = 1; i <= n; i++) if (where[i] == "*" || where[i] == o) found = 1 }
			END { exit !found }' "$work/allowed"; then
			echo "$name calls $symbol, which is not allowed inside malloc"
			status=1
		fi
	done
done
exit $status
