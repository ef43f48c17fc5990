/* That the adapters compile, as they are and without GNU's extensions, in somebody's C. */
#include "adapters/pprof_libevent.h"
#include "adapters/pprof_microhttpd.h"
#include "adapters/pprof_sockets.h"

int adapters_alone(void);

int adapters_alone(void)
{
	return pprof_socket_answer(-1);
}
