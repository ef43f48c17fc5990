/* See modules_lib.h. */
#include "modules_lib.h"

int modules_lib_same(int n)
{
	return n;
}
