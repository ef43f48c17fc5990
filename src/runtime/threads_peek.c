/* Stacks of sleeping threads; see threads_peek.h. Called by threads_signal.c. */
#include "runtime/threads_peek.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/str.h"
#include "runtime/capture.h"
#include "runtime/mem.h"
#include "runtime/taskinfo.h"

/* Of a stack, from its innermost frame on; what is deeper is not seen. */
#define COPY_BYTES ((size_t)128 << 10)
#define TRIES      3

/* Calls that fail with EINTR after a handler, whatever its flags (signal(7)). */
static bool is_disturbed(int64_t call)
{
	static const int64_t calls[] = { SYS_nanosleep, SYS_clock_nanosleep, SYS_pause, SYS_poll,
		SYS_ppoll, SYS_select, SYS_pselect6, SYS_epoll_wait, SYS_epoll_pwait,
		SYS_rt_sigsuspend, SYS_rt_sigtimedwait, SYS_msgrcv, SYS_msgsnd, SYS_semop,
		SYS_semtimedop, SYS_io_getevents, SYS_accept, SYS_accept4, SYS_connect,
		SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg, SYS_sendto, SYS_sendmsg, SYS_read,
		SYS_write };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] == call)
			return true;
	return false;
}

/* "35 0x7ffd... six arguments, stack pointer, pc"; "-1 sp pc" outside of a call; "running". */
bool rt_threads_peek_parse(const char *line, size_t n, int64_t *call, uintptr_t *sp, uintptr_t *pc)
{
	struct str rest = str_trim((struct str){ line, n }), word;
	uint64_t last[2] = { 0, 0 };
	bool first = true;

	while (str_split(&rest, ' ', &word)) {
		if (first && !str_to_i64(word, call))
			return false;
		if (!first) {
			last[0] = last[1];
			if (!str_to_u64(word, 0, &last[1]))
				return false;
		}
		first = false;
	}
	*sp = (uintptr_t)last[0];
	*pc = (uintptr_t)last[1];
	return *sp != 0 && *pc != 0;
}

/* Bytes copied; short where the memory ends. */
static size_t copy(uintptr_t from, void *to, size_t n)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : pread(fd, to, n, (off_t)from);

	if (fd >= 0)
		close(fd);
	return got > 0 ? (size_t)got : 0;
}

bool rt_threads_peek_bytes(uintptr_t from, void *to, size_t n)
{
	return copy(from, to, n) == n;
}

/* When the thread is still where it was, what was copied is its stack there. */
static bool try_once(int32_t tid, void *room, uintptr_t *pcs, size_t *depth, uintptr_t *sp,
    bool *whole, int64_t *call)
{
	char before[512], after[512];
	size_t n = rt_taskinfo_file(tid, "syscall", before, sizeof(before)), bytes;
	uintptr_t pc;

	if (n == 0 || !rt_threads_peek_parse(before, n, call, sp, &pc))
		return false;
	bytes = copy(*sp, room, COPY_BYTES);
	if (rt_taskinfo_file(tid, "syscall", after, sizeof(after)) != n ||
	    memcmp(before, after, n) != 0)
		return false;
	*depth = rt_capture_copied(pc, *sp, room, bytes, pcs, whole);
	return true;
}

enum rt_peek rt_threads_peek(int32_t tid, uintptr_t *pcs, size_t *depth, uintptr_t *sp)
{
	static void *room; /* kept: one caller at a time */
	bool whole;
	int64_t call;

	if (!room)
		room = rt_mem_map(COPY_BYTES);
	for (unsigned i = 0; room && i < TRIES; i++) {
		if (!try_once(tid, room, pcs, depth, sp, &whole, &call))
			continue;
		if (whole)
			return RT_PEEK_WHOLE;
		return is_disturbed(call) ? RT_PEEK_KEEP : RT_PEEK_PART;
	}
	return RT_PEEK_RUNNING;
}
