/* libcurl, loaded by http_start. */
#include "base/latelib_stubs.h"

	LATE_LIBRARY(latelib_curl, CURL_SONAME)
	LATE(curl_easy_cleanup)
	LATE(curl_easy_getinfo)
	LATE(curl_easy_init)
	LATE(curl_easy_perform)
	LATE(curl_easy_setopt)
	LATE(curl_easy_strerror)
	LATE(curl_global_cleanup)
	LATE(curl_global_init)
	LATE(curl_slist_append)
	LATE(curl_slist_free_all)
	LATE_END
