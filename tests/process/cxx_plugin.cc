// A C++ library that a C program loads: its C++ runtime comes with it, out of the program's scope.
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" void *plugin_new(size_t n)
{
	return ::operator new(n);
}

extern "C" void plugin_delete(void *p)
{
	::operator delete(p);
}

extern "C" int plugin_throws(void)
{
	volatile size_t huge = size_t(1) << 60;

	try {
		plugin_delete(::operator new(huge));
	} catch (const std::bad_alloc &) {
		return 1;
	}
	return 0;
}
