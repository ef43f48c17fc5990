/* The same in C++. */
#include "adapters/pprof_libevent.h"
#include "adapters/pprof_microhttpd.h"
#include "adapters/pprof_sockets.h"

int adapters_in_cxx();

int adapters_in_cxx()
{
	return pprof_socket_answer(-1);
}
