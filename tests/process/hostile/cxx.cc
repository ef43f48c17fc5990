// Scenarios: what C++ adds: exceptions through frames that allocate, thread_local objects with
// destructors, static objects, exceptions on stacks that are not a thread's.
#include "process/hostile/hostile.h"

#include <signal.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace
{

struct holder {
	std::unique_ptr<char[]> block{ new char[2222] };
	std::string text = std::string(300, 'x');
	~holder()
	{
		// On its way out, when much of the thread's storage is gone.
		std::vector<std::string> more(5, text);
		delete[] new char[2223];
	}
};

thread_local holder of_thread;
holder of_program;

__attribute__((noinline)) int throw_from(int depth)
{
	std::vector<int> local((size_t)depth + 1, depth);
	holder h;

	if (depth == 0)
		throw std::runtime_error(std::string(500, 'e'));
	return throw_from(depth - 1) + local[0];
}

int exceptions(void)
{
	int caught = 0;

	for (int i = 0; i < 300; i++) {
		try {
			throw_from(i % 40);
		} catch (const std::exception &e) {
			caught += e.what()[0] == 'e';
		}
	}
	HOSTILE_CHECK(caught, 300);
	return 0;
}

// The program's own failure to allocate is its own exception.
int out_of_memory(void)
{
	volatile size_t much = SIZE_MAX / 4;
	int caught = 0;

	for (int i = 0; i < 100; i++) {
		try {
			delete[] new char[much];
		} catch (const std::bad_alloc &) {
			caught++;
		}
		delete[] new (std::nothrow) char[much];
	}
	HOSTILE_CHECK(caught, 100);
	return 0;
}

int thread_locals(void)
{
	for (int i = 0; i < 40; i++) {
		std::thread t([] { of_thread.text += "y"; });

		t.join();
	}
	HOSTILE_CHECK(hostile_in_use(2222, 1) <= 1, 1);
	return 0;
}

int threads_that_throw(void)
{
	std::vector<std::thread> threads;

	for (int i = 0; i < 16; i++)
		threads.emplace_back([] { exceptions(); });
	for (auto &t : threads)
		t.join();
	return 0;
}

ucontext_t outside, inside;
int caught_inside;

void throw_inside()
{
	for (int i = 0; i < 50; i++) {
		try {
			throw_from(i % 10);
		} catch (const std::runtime_error &) {
			caught_inside++;
			swapcontext(&inside, &outside);
		}
	}
}

int exceptions_in_coroutines(void)
{
	std::vector<char> stack(64 << 10);

	getcontext(&inside);
	inside.uc_stack.ss_sp = stack.data();
	inside.uc_stack.ss_size = stack.size();
	inside.uc_link = &outside;
	makecontext(&inside, throw_inside, 0);
	for (int i = 0; i < 51; i++) {
		swapcontext(&outside, &inside);
		delete[] new char[100 + i];
	}
	HOSTILE_CHECK(caught_inside, 50);
	return 0;
}

int containers(void)
{
	std::map<std::string, std::vector<int>> map;

	for (int i = 0; i < 5000; i++)
		map[std::to_string(i % 700)].push_back(i);
	std::printf("%zu %s\n", map.size(), of_program.text.substr(0, 3).c_str());
	return 0;
}

int uncaught(void)
{
	struct rlimit none = { 0, 0 };
	int pid = fork();

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		throw_from(3);
	}
	HOSTILE_CHECK(hostile_wait(pid), 1000 + SIGABRT);
	return 0;
}

} // namespace

const struct hostile_scenario hostile_cxx[] = {
	{ "exceptions", exceptions },
	{ "out_of_memory", out_of_memory },
	{ "thread_locals", thread_locals },
	{ "threads_that_throw", threads_that_throw },
	{ "exceptions_in_coroutines", exceptions_in_coroutines },
	{ "containers", containers },
	{ "uncaught", uncaught },
	{ nullptr, nullptr },
};
