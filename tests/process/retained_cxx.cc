/*
 * Holds memory in the containers of C++'s library, each filled by a function of its own: what
 * retained.py asks who holds. Prints "ready" and waits for its end of input.
 */
#include <cstdio>
#include <deque>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

struct server {
	int id = 0;
	std::map<long, std::string> results;
	std::unordered_map<long, std::string> index;
	std::list<std::string> recent;
	std::vector<std::string> lines;
	std::deque<std::string> queue;
};

static server *the_server;

static const int n_blocks = 1600;

static std::string text()
{
	return std::string(700, 'x');
}

#define MAKE __attribute__((noinline)) static void

MAKE make_map()
{
	for (long i = 0; i < n_blocks; i++)
		the_server->results[i] = text();
}

MAKE make_hash()
{
	for (long i = 0; i < n_blocks; i++)
		the_server->index[i * 7919] = text();
}

MAKE make_list()
{
	for (int i = 0; i < n_blocks; i++)
		the_server->recent.push_back(text());
}

MAKE make_vector()
{
	for (int i = 0; i < n_blocks; i++)
		the_server->lines.push_back(text());
}

MAKE make_deque()
{
	for (int i = 0; i < n_blocks; i++)
		the_server->queue.push_back(text());
}

int main()
{
	the_server = new server;
	make_map();
	make_hash();
	make_list();
	make_vector();
	make_deque();
	std::puts("ready");
	std::fflush(stdout);
	while (std::getchar() != EOF)
		continue;
	return 0;
}
