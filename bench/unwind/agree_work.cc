/*
 * As agree_work.c, in C++: exceptions, containers, strings, virtual calls, lambdas.
 */
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

static volatile size_t sink;

struct shape {
	virtual ~shape() = default;
	virtual size_t weigh(int depth) const = 0;
};

struct leaf : shape {
	size_t weigh(int depth) const override { return static_cast<size_t>(depth); }
};

struct pair : shape {
	std::unique_ptr<shape> a, b;
	size_t weigh(int depth) const override { return a->weigh(depth + 1) + b->weigh(depth + 1); }
};

static std::unique_ptr<shape> grow(int depth)
{
	if (depth == 0)
		return std::make_unique<leaf>();
	auto p = std::make_unique<pair>();
	p->a = grow(depth - 1);
	p->b = grow(depth - 1);
	return p;
}

static void __attribute__((noinline)) throwing(int depth)
{
	std::string guard(static_cast<size_t>(depth + 20), 'x');

	if (depth == 0)
		throw std::runtime_error(guard);
	throwing(depth - 1);
	sink = sink + guard.size();
}

static void containers()
{
	std::map<std::string, std::vector<int>> m;

	for (int i = 0; i < 500; i++) {
		std::ostringstream s;
		s << "key " << i * 7919 % 500 << ' ' << i * 0.5;
		m[s.str()].push_back(i);
	}
	for (auto &e : m)
		std::sort(e.second.begin(), e.second.end(), std::greater<int>());
	sink = sink + m.size();
}

int main(int argc, char **argv)
{
	time_t end = time(nullptr) + (argc > 1 ? atoi(argv[1]) : 1);
	std::regex words("(a|b)*c[0-9]+");

	while (time(nullptr) < end) {
		sink = sink + grow(10)->weigh(0);
		for (int i = 0; i < 20; i++) {
			try {
				throwing(15);
			} catch (const std::exception &e) {
				sink = sink + e.what()[0];
			}
		}
		containers();
		sink = sink + std::regex_match("ababababababc123456", words);
	}
	return 0;
}
