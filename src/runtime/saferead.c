/* Reads that cannot fault; see saferead.h. Called by capture.c and modules.c. */
#include "runtime/saferead.h"

#include <errno.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE          ((uintptr_t)4096)
/* A distance above this is not "on the same stack". */
#define STACK_MAX     ((uintptr_t)256 << 20)
/* Verified in one go at most. */
#define STEP_MAX      ((uintptr_t)16 << 20)
/* Believed of the main thread's stack without asking, at most. */
#define MAIN_ROOM_MAX ((uintptr_t)64 << 20)

/* The main thread's stack and the room that is kept for it. Set by init, then constant. */
static uintptr_t main_stack_low, main_stack_top;

void rt_saferead_init(void)
{
	struct rlimit limit;
	uintptr_t room = MAIN_ROOM_MAX;

	if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < room)
		room = (uintptr_t)limit.rlim_cur;
	/* The kernel puts these 16 bytes above main's frames. */
	main_stack_top = (uintptr_t)getauxval(AT_RANDOM) & ~(uintptr_t)15;
	main_stack_low = main_stack_top > room ? main_stack_top - room : main_stack_top;
}

bool rt_saferead_probe(uintptr_t addr)
{
	return syscall(SYS_rt_sigprocmask, ~0, addr, NULL, 8) == 0 || errno != EFAULT;
}

bool rt_saferead_word(struct rt_saferead *r, uintptr_t addr, uintptr_t *out)
{
	uintptr_t page = addr & ~(PAGE - 1);
	bool known = false;

	if (page == 0 || addr % sizeof(uintptr_t) != 0)
		return false;
	for (unsigned i = 0; i < 4; i++)
		known = known || r->pages[i] == page;
	if (!known) {
		if (!rt_saferead_probe(addr))
			return false;
		r->pages[r->next++ % 4] = page;
	}
	*out = *(const volatile uintptr_t *)addr;
	return true;
}

/* The top of the stack that sp is on; 0 when unknown. */
static uintptr_t top_for(uintptr_t sp, bool guarded)
{
	uintptr_t self = (uintptr_t)pthread_self(); /* at the top of a thread's stack, in glibc */

	if (guarded && sp < self && self - sp < STACK_MAX)
		return self & ~(uintptr_t)7;
	if (sp < main_stack_top && main_stack_top - sp < STACK_MAX)
		return main_stack_top;
	return 0;
}

/* Upwards from sp, so that the guard above a coroutine's small stack ends the search soon. */
static bool readable(uintptr_t page, uintptr_t end)
{
	for (; page < end; page += PAGE)
		if (!rt_saferead_probe(page))
			return false;
	return true;
}

bool rt_saferead_stack(uintptr_t sp, bool guarded, uintptr_t *lo, uintptr_t *hi)
{
	uintptr_t page = sp & ~(PAGE - 1);
	uintptr_t known = *lo;
	uintptr_t top = *hi;

	if (sp >= *lo && sp < *hi)
		return true;
	if (sp >= main_stack_low && sp < main_stack_top) {
		*lo = page;
		*hi = main_stack_top;
		return true;
	}
	if (top == 0 || sp > top || top - sp > STACK_MAX) {
		top = top_for(sp, guarded);
		known = top;
	}
	if (top == 0 || known - page > STEP_MAX || !readable(page, known))
		return false;
	*lo = page;
	*hi = top;
	return true;
}
