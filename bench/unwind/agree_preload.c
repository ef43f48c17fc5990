/*
 * Preloaded into any program: a timer interrupts it wherever it is, and from the registers there
 * both our unwinder (with the runtime's modules and safe reads) and libunwind's exact one,
 * unw_step, walk its stack. Counts and the first differences go to the file AGREE_OUT (agree.h).
 *
 * libunwind is loaded at run time: linking to it would replace the program's own unwinder.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include "agree.h"
#include "runtime/modules.h"
#include "runtime/saferead.h"
#include "unwind/regs_x86_64.h"
#include "unwind/unwind.h"

#define PCS_MAX     512
#define INTERVAL_NS 997000

static struct {
	struct agree_results *results;
	int (*init)(unw_cursor_t *cursor, unw_context_t *context, int flags);
	int (*step)(unw_cursor_t *cursor);
	int (*get)(unw_cursor_t *cursor, int reg, unw_word_t *out);
	_Atomic int busy;
	uintptr_t ours[PCS_MAX], other[PCS_MAX]; /* of whoever is busy */
	struct unwind_cache cache;
	struct unwind_memo memo;
} agree;

static bool read_word(void *ctx, uintptr_t addr, uintptr_t *out)
{
	return rt_saferead_word(ctx, addr, out);
}

static bool find_module(void *ctx, uintptr_t pc, struct unwind_module *out)
{
	(void)ctx;
	return rt_modules_find(pc, out);
}

/* With a memo at every second walk: reuse must give the same. */
static size_t walk_ours(const ucontext_t *uc, enum unwind_end *end)
{
	static const struct unwind_ops ops = { read_word, find_module };
	struct rt_saferead pages = { 0 };
	struct unwind_ctx ctx = { .ops = &ops, .arg = &pages, .cache = &agree.cache };
	struct unwind_regs regs;

	if (atomic_load(&agree.results->samples) % 2)
		ctx.memo = &agree.memo;
	unwind_regs_from_ucontext(&regs, uc);
	if (!rt_saferead_stack(regs.r[UNWIND_SP], false, &ctx.stack_lo, &ctx.stack_hi))
		ctx.stack_lo = ctx.stack_hi = 0;
	return unwind_stack(&ctx, &regs, true, agree.ours, PCS_MAX, end);
}

static size_t walk_other(ucontext_t *uc, int *end)
{
	unw_cursor_t cursor;
	unw_word_t pc;
	size_t n = 0;

	*end = agree.init(&cursor, (unw_context_t *)uc, UNW_INIT_SIGNAL_FRAME);
	if (*end < 0)
		return 0;
	do {
		agree.get(&cursor, UNW_REG_IP, &pc);
		if (pc == 0)
			break;
		agree.other[n++] = pc;
		*end = agree.step(&cursor);
	} while (n<PCS_MAX && * end> 0);
	return n;
}

static enum agree_class classify(size_t n, size_t m, size_t common, int other_end)
{
	if (common == n && common == m)
		return AGREE_SAME;
	if (common == n)
		return AGREE_SHORTER;
	if (common == m)
		return other_end < 0 ? AGREE_LONGER : AGREE_EXTRA;
	return AGREE_DIVERGED;
}

static void note_place(struct agree_difference *d, uintptr_t pc)
{
	struct dl_find_object found;
	const char *name, *slash;

	if (_dl_find_object((void *)pc, &found) != 0)
		return;
	name =
	    found.dlfo_link_map && found.dlfo_link_map->l_name ? found.dlfo_link_map->l_name : "";
	slash = strrchr(name, '/');
	name = slash ? slash + 1 : name;
	strncpy(d->module, *name ? name : "(program)", sizeof(d->module) - 1);
	d->offset = pc - (found.dlfo_link_map ? found.dlfo_link_map->l_addr : 0);
	memcpy(d->code, (const void *)pc, sizeof(d->code));
}

static void note(
    enum agree_class class, size_t n, size_t m, size_t common, enum unwind_end end, int other_end)
{
	uint32_t i = atomic_fetch_add(&agree.results->n_differences, 1);
	struct agree_difference *d = &agree.results->differences[i];

	if (i >= AGREE_DIFFERENCES)
		return;
	d->class = class;
	d->ours_end = (int)end;
	d->other_end = other_end;
	d->ours_n = (uint32_t)n;
	d->other_n = (uint32_t)m;
	d->common = (uint32_t)common;
	for (size_t k = 0; k < AGREE_NEAR; k++) {
		d->ours[k] = common + k < n ? agree.ours[common + k] : 0;
		d->other[k] = common + k < m ? agree.other[common + k] : 0;
	}
	if (common > 0)
		note_place(d, agree.ours[common - 1]);
	atomic_store(&d->ready, 1);
}

static void compare(ucontext_t *uc)
{
	struct agree_results *r = agree.results;
	enum unwind_end end;
	int other_end;
	size_t n = walk_ours(uc, &end);
	size_t m = walk_other(uc, &other_end);
	size_t common = 0;
	enum agree_class class;

	while (common < n && common < m && agree.ours[common] == agree.other[common])
		common++;
	class = classify(n, m, common, other_end);
	atomic_fetch_add(&r->samples, 1);
	atomic_fetch_add(&r->frames, n);
	atomic_fetch_add(&r->ends[end], 1);
	atomic_fetch_add(&r->classes[class], 1);
	if (class != AGREE_SAME)
		note(class, n, m, common, end, other_end);
}

static void on_timer(int signal, siginfo_t *info, void *uc)
{
	int saved = errno;

	(void)signal;
	(void)info;
	if (atomic_exchange(&agree.busy, 1) == 0) {
		compare(uc);
		atomic_store(&agree.busy, 0);
	} else {
		atomic_fetch_add(&agree.results->missed, 1);
	}
	errno = saved;
}

static bool map_results(const char *path)
{
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return false;
	p = mmap(NULL, sizeof(*agree.results), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	agree.results = p == MAP_FAILED ? NULL : p;
	return agree.results;
}

static bool find(void *library, const char *name, void *function)
{
	void *symbol = library ? dlsym(library, name) : NULL;

	memcpy(function, &symbol, sizeof(symbol));
	return symbol;
}

static bool load_libunwind(void)
{
	void *l = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

	return find(l, "_ULx86_64_init_local2", &agree.init) &&
	       find(l, "_ULx86_64_step", &agree.step) && find(l, "_ULx86_64_get_reg", &agree.get);
}

/* Of wall time: CPU time timers are only looked at in ticks. It does not survive exec. */
static void start_timer(void)
{
	struct sigaction action = { .sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF };
	struct itimerspec every = { { 0, INTERVAL_NS }, { 0, INTERVAL_NS } };
	timer_t timer;

	sigaction(SIGPROF, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
		timer_settime(timer, 0, &every, NULL);
}

__attribute__((constructor(200))) static void begin(void)
{
	if (!map_results(getenv("AGREE_OUT")))
		return;
	if (!load_libunwind())
		return;
	rt_saferead_init();
	rt_modules_init();
	start_timer();
}
