/* The table of PPROF_* variables, see environment.h. */
#include "core/environment.h"

#include <string.h>

#define NAME_WIDTH 22

const struct environment_variable environment_variables[ENVIRONMENT_N] = {
	[ENVIRONMENT_ADDR] = { "PPROF_ADDR", "(off)",
	    "serve /debug/pprof/ here: 127.0.0.1:6060, :0 (any free port), unix:/path; with %p, "
	    "the process id, children serve too, forked or other programs; without, a daemon takes "
	    "it over from the process that was started" },
	[ENVIRONMENT_HEAP_RATE] = { "PPROF_HEAP_RATE", "512k",
	    "mean bytes allocated between heap samples; 1 every allocation, 0 off; k, M, G "
	    "allowed" },
	[ENVIRONMENT_OUT] = { "PPROF_OUT", "(none)",
	    "write a heap profile to this file when the program exits; %p is the process id" },
	[ENVIRONMENT_TOKEN_FILE] = { "PPROF_TOKEN_FILE", "(none)",
	    "clients must send this file's first line as Authorization: Bearer; allows any "
	    "address" },
	[ENVIRONMENT_INSECURE] = { "PPROF_INSECURE", "0",
	    "1 allows addresses other machines can reach, without a token" },
	[ENVIRONMENT_NOTIFY_FD] = { "PPROF_NOTIFY_FD", "(none)",
	    "pipe that is told the endpoint's URL, then closed; set by `pprof run`" },
	[ENVIRONMENT_PID] = { "PPROF_PID", "(none)",
	    "the process that was started: its children do not serve; set by the library" },
	[ENVIRONMENT_SEED] = { "PPROF_SEED", "(random)",
	    "fixes the sampler's random numbers, for tests" },
	[ENVIRONMENT_STATE] = { "PPROF_STATE", "(none)",
	    "directory: keep the heap profile's tables in the file PID.state there, which pprof "
	    "reads also after a kill or a crash; removed by a clean exit" },
	[ENVIRONMENT_STATE_KEEP] = { "PPROF_STATE_KEEP", "0",
	    "1 leaves that file behind after a clean exit too" },
	[ENVIRONMENT_STATE_FORK] = { "PPROF_STATE_FORK", "0",
	    "1 gives forked children files of their own; else their tables are in memory" },
	[ENVIRONMENT_DUMP_SIGNAL] = { "PPROF_DUMP_SIGNAL", "(none)",
	    "write a heap profile to a file on this signal (USR2, 12), if the program has no "
	    "other use for it" },
	[ENVIRONMENT_DUMP_AT] = { "PPROF_DUMP_AT", "(off)",
	    "write one when this much memory is used: 90% of the limit (control group, machine, "
	    "address space), or bytes; k, M, G allowed" },
	[ENVIRONMENT_DUMP_EVERY] = { "PPROF_DUMP_EVERY", "60",
	    "seconds between two of these, at least" },
	[ENVIRONMENT_DUMP] = { "PPROF_DUMP", "heap.%p.%n.pb.gz",
	    "their file; %p is the process id, %n their number" },
	[ENVIRONMENT_BORN] = { "PPROF_BORN", "0",
	    "1 labels the samples of the heap profiles in files with when they were born, as "
	    "heap?born=1 does: for `pprof leaks`" },
	[ENVIRONMENT_MMAP] = { "PPROF_MMAP", "0",
	    "1 adds the profile `mmap`: address space by the stacks that called mmap, mremap and "
	    "sbrk" },
	[ENVIRONMENT_BLOCK_RATE] = { "PPROF_BLOCK_RATE", "0",
	    "records waits for the profile `block`: all from this many nanoseconds on, shorter "
	    "ones with a probability; 1 all, 0 off" },
	[ENVIRONMENT_BLOCK_IO] = { "PPROF_BLOCK_IO", "0",
	    "1 counts the time in read, write, poll, accept and the like as waits, too" },
	[ENVIRONMENT_MUTEX_FRACTION] = { "PPROF_MUTEX_FRACTION", "0",
	    "records one in this many unlocks that others waited for in the profile `mutex`; "
	    "0 off" },
	[ENVIRONMENT_CPU_HZ] = { "PPROF_CPU_HZ", "100",
	    "CPU profile: samples for each second of a thread's CPU time, 1 to 10000" },
	[ENVIRONMENT_CPU_PERF] = { "PPROF_CPU_PERF", "1",
	    "0 keeps the CPU profile from using perf events, which it does above 250 a second "
	    "where they are allowed" },
	[ENVIRONMENT_RETAIN_PAUSE] = { "PPROF_RETAIN_PAUSE", "250",
	    "the profile `retained` is refused when the program would stand still for more "
	    "milliseconds; 0 always" },
	[ENVIRONMENT_FD] = { "PPROF_FD", "0",
	    "1 adds the profile `fd`: open descriptors by the stacks that opened them" },
};

void environment_print(struct fmt_buf *out)
{
	for (int i = 0; i < ENVIRONMENT_N; i++) {
		const struct environment_variable *v = &environment_variables[i];

		fmt_c(out, v->name);
		for (size_t pad = strlen(v->name); pad < NAME_WIDTH; pad++)
			fmt_char(out, ' ');
		fmt_c(out, v->initial);
		fmt_char(out, '\t');
		fmt_c(out, v->meaning);
		fmt_char(out, '\n');
	}
}
