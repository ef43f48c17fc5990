// The public header from C++11, and operator new as the hooks see it.
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
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
	/* A profile of the program's own. */
	const pprof_profile *jobs = pprof_new_profile("cxx/jobs");
	failed += check(jobs && pprof_lookup("cxx/jobs") == jobs, "a profile of its own");
	failed += check(pprof_new_profile("cxx/jobs") == nullptr, "a name is used once");
	failed += check(pprof_profile_add(jobs, &failed, 0) == 0, "add");
	failed += check(pprof_profile_add(jobs, &failed, 0) == -1, "a value is in it once");
	failed += check(pprof_profile_count(jobs) == 1, "one value");
	failed += check(pprof_profile_remove(jobs, &failed) == 0, "remove");
	failed += check(pprof_profile_count(jobs) == 0, "no value");
	/* std::mutex and std::condition_variable are waited for by way of libc. */
	failed += check(pprof_set_block_rate(1) == 0 && pprof_set_mutex_fraction(1) == 0, "rates");
	std::mutex mutex;
	std::condition_variable done;
	bool is_done = false;
	std::thread other([&] {
		std::unique_lock<std::mutex> hold(mutex);
		std::this_thread::sleep_for(std::chrono::milliseconds(20));
		is_done = true;
		done.notify_one();
	});
	{
		std::unique_lock<std::mutex> hold(mutex);
		done.wait(hold, [&] { return is_done; });
	}
	other.join();
	failed += check(pprof_profile_count(pprof_lookup("block")) > 0, "waits are recorded");
	return failed;
}
