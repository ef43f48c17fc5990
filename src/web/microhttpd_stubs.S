/* libmicrohttpd, loaded by web_run. */
#include "base/latelib_stubs.h"

	LATE_LIBRARY(latelib_microhttpd, MICROHTTPD_SONAME)
	LATE(MHD_add_response_header)
	LATE(MHD_create_response_from_buffer)
	LATE(MHD_destroy_response)
	LATE(MHD_get_connection_info)
	LATE(MHD_get_connection_values)
	LATE(MHD_lookup_connection_value)
	LATE(MHD_queue_response)
	LATE(MHD_start_daemon)
	LATE(MHD_stop_daemon)
	LATE_END
