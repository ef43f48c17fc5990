/*
 * What the PPROF_* variables set; see rt_options.h. Their names and meanings are in
 * core/environment.c.
 */
#include "runtime/rt_options.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/environment.h"
#include "runtime/glibc_only.h"

#define RATE_MAX (1ULL << 40)
#define HZ_MAX   10000u

enum kind {
	KIND_TEXT,
	KIND_BYTES,
	KIND_NUMBER,
	KIND_LEVEL,
	KIND_SIGNAL,
	KIND_HZ,
};

static const struct option {
	enum environment_id id;
	enum kind kind;
	size_t at; /* offset in struct rt_options: char[RT_OPTION_PATH] or uint64_t */
	uint64_t initial;
} table[] = {
	{ ENVIRONMENT_ADDR, KIND_TEXT, offsetof(struct rt_options, addr), 0 },
	{ ENVIRONMENT_HEAP_RATE, KIND_BYTES, offsetof(struct rt_options, heap_rate), 524288 },
	{ ENVIRONMENT_OUT, KIND_TEXT, offsetof(struct rt_options, out), 0 },
	{ ENVIRONMENT_TOKEN_FILE, KIND_TEXT, offsetof(struct rt_options, token_file), 0 },
	{ ENVIRONMENT_INSECURE, KIND_NUMBER, offsetof(struct rt_options, insecure), 0 },
	{ ENVIRONMENT_NOTIFY_FD, KIND_NUMBER, offsetof(struct rt_options, notify_fd), RT_NO_FD },
	{ ENVIRONMENT_PID, KIND_NUMBER, offsetof(struct rt_options, main_pid), 0 },
	{ ENVIRONMENT_SEED, KIND_NUMBER, offsetof(struct rt_options, seed), 0 },
	{ ENVIRONMENT_STATE, KIND_TEXT, offsetof(struct rt_options, state), 0 },
	{ ENVIRONMENT_STATE_KEEP, KIND_NUMBER, offsetof(struct rt_options, state_keep), 0 },
	{ ENVIRONMENT_STATE_FORK, KIND_NUMBER, offsetof(struct rt_options, state_fork), 0 },
	{ ENVIRONMENT_DUMP_SIGNAL, KIND_SIGNAL, offsetof(struct rt_options, dump_signal), 0 },
	{ ENVIRONMENT_DUMP_AT, KIND_LEVEL, offsetof(struct rt_options, dump_at), 0 },
	{ ENVIRONMENT_DUMP_EVERY, KIND_NUMBER, offsetof(struct rt_options, dump_every), 60 },
	{ ENVIRONMENT_DUMP, KIND_TEXT, offsetof(struct rt_options, dump), 0 },
	{ ENVIRONMENT_BORN, KIND_NUMBER, offsetof(struct rt_options, born), 0 },
	{ ENVIRONMENT_MMAP, KIND_NUMBER, offsetof(struct rt_options, mmap), 0 },
	{ ENVIRONMENT_BLOCK_RATE, KIND_NUMBER, offsetof(struct rt_options, block_rate), 0 },
	{ ENVIRONMENT_BLOCK_IO, KIND_NUMBER, offsetof(struct rt_options, block_io), 0 },
	{ ENVIRONMENT_MUTEX_FRACTION, KIND_NUMBER, offsetof(struct rt_options, mutex_fraction), 0 },
	{ ENVIRONMENT_CPU_HZ, KIND_HZ, offsetof(struct rt_options, cpu_hz), 100 },
	{ ENVIRONMENT_CPU_PERF, KIND_NUMBER, offsetof(struct rt_options, cpu_perf), 1 },
	{ ENVIRONMENT_RETAIN_PAUSE, KIND_NUMBER, offsetof(struct rt_options, retain_pause), 250 },
	{ ENVIRONMENT_FD, KIND_NUMBER, offsetof(struct rt_options, fd), 0 },
};

#define TABLE_SIZE (sizeof(table) / sizeof(table[0]))

bool rt_options_bytes(struct str text, uint64_t *out)
{
	static const char units[] = "kmg";
	unsigned shift = 0;
	uint64_t n;

	if (text.n > 0) {
		char last = (char)(text.p[text.n - 1] | 0x20);
		const char *unit = last ? strchr(units, last) : NULL;

		if (unit) {
			shift = 10 * (unsigned)(unit - units + 1);
			text = str_head(text, text.n - 1);
		}
	}
	if (!str_to_u64(text, 10, &n) || n > RATE_MAX >> shift)
		return false;
	*out = n << shift;
	return true;
}

bool rt_options_level(struct str text, uint64_t *out)
{
	if (text.n > 0 && text.p[text.n - 1] == '%')
		return str_to_u64(str_head(text, text.n - 1), 10, out) && *out > 0 &&
		       *out <= RT_OPTION_PERCENT;
	return rt_options_bytes(text, out) && *out > RT_OPTION_PERCENT;
}

/* Not those that cannot be caught or that tell of an error of the program. */
static bool may_be_taken(int number)
{
	static const int reserved[] = { SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT,
		SIGTRAP, SIGSYS, SIGCHLD, SIGCONT, SIGPIPE };

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (number == reserved[i])
			return false;
	return number > 0 && number <= SIGRTMAX;
}

bool rt_options_signal(struct str text, uint64_t *out)
{
	struct str name = str_starts(text, STR("SIG")) ? str_skip(text, 3) : text;

	if (str_to_u64(text, 10, out))
		return *out <= INT32_MAX && may_be_taken((int)*out);
	for (int i = 1; i < SIGRTMIN && rt_is_glibc(); i++) {
		const char *known = sigabbrev_np(i);

		*out = (uint64_t)i;
		if (known && str_is(name, known))
			return may_be_taken(i);
	}
	return false;
}

static bool set_text(char *to, struct str value)
{
	if (value.n >= RT_OPTION_PATH)
		return false;
	memcpy(to, value.p, value.n);
	to[value.n] = '\0';
	return true;
}

static bool parse_number(enum kind kind, struct str value, uint64_t *n)
{
	if (kind == KIND_BYTES)
		return rt_options_bytes(value, n);
	if (kind == KIND_LEVEL)
		return rt_options_level(value, n);
	if (kind == KIND_HZ)
		return str_to_u64(value, 10, n) && *n > 0 && *n <= HZ_MAX;
	return kind == KIND_SIGNAL ? rt_options_signal(value, n) : str_to_u64(value, 10, n);
}

static bool set(struct rt_options *o, const struct option *opt, struct str value)
{
	char *field = (char *)o + opt->at;
	uint64_t n;
	bool good;

	if (opt->kind == KIND_TEXT)
		return set_text(field, value);
	good = parse_number(opt->kind, value, &n);
	if (good)
		memcpy(field, &n, sizeof(n));
	return good;
}

void rt_options_read(struct rt_options *o)
{
	memset(o, 0, sizeof(*o));
	for (size_t i = 0; i < TABLE_SIZE; i++) {
		const char *name = environment_variables[table[i].id].name;
		const char *value = secure_getenv(name);

		if (table[i].kind != KIND_TEXT)
			memcpy((char *)o + table[i].at, &table[i].initial, sizeof(uint64_t));
		if (value && *value && !set(o, &table[i], str_c(value)))
			o->bad = name;
	}
}

void rt_options_print(struct fmt_buf *out)
{
	environment_print(out);
}
