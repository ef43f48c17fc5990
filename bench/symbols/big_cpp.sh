#!/bin/sh
# Builds the C++ program that symbolization is measured on: a few units full of templates (regular
# expressions, maps, sorting, functions, streams), -g -O2, some 30 MB most of which is DWARF.
# usage: big_cpp.sh FOLDER     writes FOLDER/big_cpp; does nothing when it is there.
set -eu
dir=$1
units=9
[ -x "$dir/big_cpp" ] && exit 0
mkdir -p "$dir/src"

unit() {
	cat <<END
#include <algorithm>
#include <deque>
#include <functional>
#include <future>
#include <iomanip>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>
namespace unit$1 {
template <int N> struct key {
	std::string name = std::to_string(N);
	int value = N;
	bool operator<(const key &o) const { return std::tie(name, value) < std::tie(o.name, o.value); }
	bool operator==(const key &o) const { return value == o.value; }
};
template <int N> struct hasher {
	size_t operator()(const key<N> &k) const { return std::hash<std::string>()(k.name) + N; }
};
template <int N> long work(int n)
{
	std::map<key<N>, std::vector<std::string>> tree;
	std::unordered_map<key<N>, std::deque<double>, hasher<N>> table;
	std::set<std::tuple<int, std::string, key<N>>> set;
	std::list<std::function<long(int)>> calls;
	std::variant<int, std::string, key<N>> either = n;
	std::mt19937 random(N);
	for (int i = 0; i < n; i++) {
		key<N> k;
		k.value = int(random() % 97);
		k.name += std::to_string(k.value);
		tree[k].push_back(k.name);
		table[k].push_front(k.value * 0.5);
		set.emplace(i, k.name, k);
		calls.push_back([k, i](int x) { return long(k.value) * x + i; });
		if (i % 3 == 0)
			either = k;
		else if (i % 3 == 1)
			either = k.name;
	}
	std::vector<std::pair<key<N>, long>> rows;
	for (auto &[k, v] : tree)
		rows.emplace_back(k, long(v.size()));
	std::stable_sort(rows.begin(), rows.end(),
	    [](const auto &a, const auto &b) { return a.second > b.second; });
	std::nth_element(rows.begin(), rows.begin() + rows.size() / 2, rows.end());
	long sum = std::accumulate(rows.begin(), rows.end(), 0L,
	    [](long s, const auto &r) { return s + r.second; });
	for (auto &f : calls)
		sum += f(N);
	sum += std::visit([](const auto &v) { return long(sizeof v); }, either);
	std::ostringstream text;
	text << std::setw(8) << sum << set.size() << table.size();
	auto shared = std::make_shared<std::vector<key<N>>>(3);
	std::sort(shared->begin(), shared->end());
	return sum + long(text.str().size()) + long(shared->size());
}
long all(int n)
{
	std::regex words("([a-z]+)-([0-9]+)(?:/(x|y)*)?", std::regex::icase);
	std::smatch found;
	std::string line = "abc-12/xyxy";
	long sum = std::regex_search(line, found, words) ? long(found.size()) : 0;
	auto later = std::async(std::launch::deferred, [n] { return work<100>(n); });
END
	for n in 0 1 2; do
		echo "	sum += work<$n>(n);"
	done
	echo "	return sum + later.get();"
	echo "}"
	echo "}"
}

objects=
i=0
main=
while [ $i -lt $units ]; do
	unit $i >"$dir/src/unit$i.cc"
	main="$main namespace unit$i { long all(int); }"
	i=$((i + 1))
done
{
	echo "$main"
	echo "int main(int argc, char **argv) { long sum = 0; (void)argv;"
	i=0
	while [ $i -lt $units ]; do
		echo "sum += unit$i::all(argc * 50);"
		i=$((i + 1))
	done
	echo "return sum == 7; }"
} >"$dir/src/main.cc"
seq 0 $((units - 1)) | sed "s|.*|unit&|" | { cat; echo main; } |
	xargs -P 2 -I@ sh -c 'g++ -std=c++17 -g -O2 -c "$1/src/$2.cc" -o "$1/src/$2.o"' sh "$dir" @
g++ -o "$dir/big_cpp.part" "$dir"/src/*.o -pthread
mv "$dir/big_cpp.part" "$dir/big_cpp"
rm -f "$dir"/src/*.o
