#include "base/processors.h"

#include <sched.h>
#include <unistd.h>

unsigned processors(void)
{
	cpu_set_t mask;
	long online;

	if (sched_getaffinity(0, sizeof mask, &mask) == 0)
		return (unsigned)CPU_COUNT(&mask);
	/* More processors than a mask holds. */
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online < 1 ? 1 : (unsigned)online;
}
