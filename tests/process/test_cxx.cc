// The public header from C++11, and operator new as the hooks see it.
#include <cstdio>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "pprof/pprof.h"

static int check(bool good, const char *what)
{
	if (!good)
		std::fprintf(stderr, "failed: %s\n", what);
	return good ? 0 : 1;
}

static void throws(int depth)
{
	std::vector<std::string> held(100, std::string(1000, 'x'));

	if (depth == 0)
		throw std::runtime_error("thrown");
	throws(depth - 1);
}

static int body(void *ctx, const void *data, size_t size)
{
	static_cast<std::string *>(ctx)->append(static_cast<const char *>(data), size);
	return 0;
}

int main()
{
	int failed = 0;
	int caught = 0;

	pprof_set_heap_rate(1);
	failed += check(pprof_enabled() == 1, "enabled");
	for (int i = 0; i < 200; i++) {
		try {
			throws(20);
		} catch (const std::runtime_error &) {
			caught++;
		}
	}
	failed += check(caught == 200, "exceptions pass through");

	std::vector<std::string> kept(50, std::string(54321, 'y'));
	std::string text;
	pprof_request request = {};
	pprof_response response = {};
	request.path = "/debug/pprof/heap";
	request.query = "debug=1";
	response.ctx = &text;
	response.status = [](void *, int) {};
	response.header = [](void *, const char *, const char *) {};
	response.body = body;
	failed += check(pprof_handle(&request, &response) == 0, "handle");
	failed += check(text.find(": " + std::to_string(50 * 54322) + " [") != std::string::npos,
	    "50 strings of 54321 and a NUL are in use");
	return failed;
}
