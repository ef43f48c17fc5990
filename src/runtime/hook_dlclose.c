/*
 * dlclose, so that unwinding rules of an unloaded object are forgotten before its addresses mean
 * something else. (dlopen is not interposed: its result depends on who calls it.)
 */
#include <dlfcn.h>

#include "runtime/capture.h"
#include "runtime/modules.h"
#include "runtime/rt.h"
#include "runtime/state_modules.h"

__attribute__((visibility("default"))) int dlclose(void *handle)
{
	int failed;

	if (!rt.real.dlclose && !(rt_real_resolve() && rt.real.dlclose))
		return -1;
	failed = rt.real.dlclose(handle);
	rt_stats_add(RT_STAT_UNLOADS, 1);
	rt_capture_flush();
	rt_modules_refresh();
	rt_state_modules_unloaded();
	return failed;
}
